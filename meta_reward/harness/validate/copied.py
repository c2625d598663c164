"""Checks whether a harness contains answers copied from the cases it was shown.

Looks for identifiers, names, amounts and long phrases of the search split in the constants of a harness, even if they
are assembled from pieces, encoded, or escaped in a regular expression. A number or word that could occur by chance
counts only together with others, since a table of them is no accident. Each finding names the string and its origin.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from meta_reward.harness.validate.cases import (
    LETTERS,
    NUMBER,
    PHRASE,
    Cases,
    Place,
    amounts_in,
    capitalised_in,
    ids_in,
    is_telling,
    words_of,
)
from meta_reward.harness.validate.folding import GAP
from meta_reward.harness.validate.literals import Literal
from meta_reward.harness.validate.report import Finding

MAX_COPIED = 10
_HINT = "state a rule that holds for cases nobody has seen, without names, numbers or sentences of the ones shown"
_LABEL_WORDS = 3  # a text of at most so many words is a label or a table entry rather than prose
_COMPANY = {"amount": 3, "key": 2, "word": 3, "label": 2}  # by kind, how many different ones are no accident
_SEPARATORS = re.compile(r"[^\w\s'’.-]+|\n")


@dataclass(slots=True)
class _Matches:
    """Matches with the cases: those that count by themselves, and those that count only together with others."""

    certain: dict[str, tuple[int, Place]] = field(default_factory=dict)
    doubtful: dict[str, dict[str, tuple[int, Place]]] = field(default_factory=dict)

    def add(self, text: str, line: int, place: Place | None, *, kind: str = "") -> None:
        if place is not None:
            found = self.doubtful.setdefault(kind, {}) if kind else self.certain
            found.setdefault(text, (line, place))

    def every(self) -> dict[str, tuple[int, Place]]:
        in_company = [found for kind, found in self.doubtful.items() if len(found) >= _COMPANY[kind]]
        return {text: where for found in (*in_company, self.certain) for text, where in found.items()}


def copied(literals: Iterable[Literal], cases: Cases) -> Iterator[Finding]:
    """A finding for each string of the cases among a harness's literals, the first MAX_COPIED of them."""
    matches = _Matches()
    for literal in literals:
        if isinstance(literal.value, str):
            _look_at_text(literal, literal.value, cases, matches)
        else:
            _look_at_number(literal, repr(literal.value), cases, matches)
    found = matches.every()
    whole = [text for text in found if not any(text != other and text in other for other in found)]
    for text in sorted(whole, key=lambda text: found[text][0])[:MAX_COPIED]:
        line, place = found[text]
        yield Finding("copied", f"holds {text!r}, which is from {place}", _HINT, line)
    if len(whole) > MAX_COPIED:
        yield Finding("copied", f"holds {len(whole) - MAX_COPIED} more strings of the search split", _HINT)


def _look_at_text(literal: Literal, value: str, cases: Cases, matches: _Matches) -> None:
    line = literal.line
    if NUMBER.fullmatch(value.strip()):
        _look_at_number(Literal(value, line, is_key=True), value.strip().replace(",", ""), cases, matches)
        return
    for text in _readings(value):
        backwards = (token for token in ids_in(text[::-1]) if not token.isdecimal())
        for token in (*ids_in(text), *backwards):
            matches.add(token, line, cases.ids.get(token))
        for amount in amounts_in(text):
            matches.add(amount, line, cases.amounts.get(amount), kind="" if is_telling(amount) else "amount")
        for segment in _SEPARATORS.split(text):
            _look_at_names(segment, line, cases, matches)
        for phrase, place in _phrases(text, cases):
            matches.add(phrase, line, place)


def _look_at_number(literal: Literal, number: str, cases: Cases, matches: _Matches) -> None:
    place = cases.ids.get(number) or cases.amounts.get(number)
    if place is None or not is_telling(number):
        return
    if len(number) >= 4:
        matches.add(number, literal.line, place)
    elif literal.is_key:
        matches.add(number, literal.line, place, kind="key")


def _look_at_names(segment: str, line: int, cases: Cases, matches: _Matches) -> None:
    words = LETTERS.findall(segment)
    within = set(capitalised_in(segment))
    for word in words:
        place = cases.names.get(word.lower())
        if word in within or (word.istitle() and len(words) == 1):
            matches.add(word, line, place)
        elif len(words) <= _LABEL_WORDS:
            matches.add(word, line, place, kind="label" if word.istitle() else "word")


def _phrases(text: str, cases: Cases) -> Iterator[tuple[str, Place]]:
    """The first long phrase of each piece of a text that comes from a single case, and its place."""
    for part in text.split(GAP):
        words = words_of(part)
        for at in range(len(words) - PHRASE + 1):
            place = cases.place_of_phrase(words[at : at + PHRASE])
            if place is not None:
                yield " ".join(words[at : at + PHRASE]), place
                return


def _readings(text: str) -> Iterator[str]:
    """A text as it is, and what it would match if it is a regular expression."""
    yield text
    if "\\" in text or "[" in text:
        plain = re.sub(r"\\[sn][+*?]?|\\[bBAZ]|\(\?[a-zA-Z]+\)|\(\?:", " ", text)
        yield re.sub(r"\[([^\]\\^])\]|\\([^\w\s])", lambda found: found[1] or found[2], plain)
