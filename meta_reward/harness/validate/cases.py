"""Collects texts of a search split that are specific to single cases, to find them in a candidate's source.

These are identifiers, amounts and names that occur in few tasks, and the words of every message, in which to look up
long phrases. A text is not specific if it also occurs in texts common to all cases (policy, tools, interface) or in
many tasks, as the vocabulary of the domain does. Everything here is from the search split, which candidates may see.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from meta_reward.harness.validate.fixtures import chain_of
from meta_reward.harness.validate.program import Chain
from meta_reward.trajectory import Message, Rollout, Tool, tool_to_json

_TABLES = ("ids", "amounts", "names")
PHRASE = 10  # words in a row; nobody writes so many twice by chance
_RARE = 0.25  # of the tasks; a name or identifier that more of them share belongs to the domain
_SAMPLE = 4
_LONG = 15  # digits; no longer number is round by chance

# A sign of a script without spaces, or letters and digits in a row.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
# Words and numbers held together by the signs that occur within identifiers, dates and addresses.
TOKEN = re.compile(r"[^\W_]+(?:[-_.:/@#+][^\W_]+)*")
LETTERS = re.compile(r"[^\W\d_]+")
CURRENCY = r"EUR|USD|GBP|CHF|JPY|INR|CNY|[$€£¥₹]"
AMOUNT = re.compile(
    rf"(?:\b(?:{CURRENCY})|[$€£¥₹])\s?(\d[\d,]{{0,20}}(?:\.\d+)?)|(?<![\w.])(\d[\d,]{{0,20}}(?:\.\d+)?)\s?(?:{CURRENCY})"
)
NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-]|[.,]\d)")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_PART = re.compile(r"[^\W_]+")
_MEASURE = re.compile(r"\d+(st|nd|rd|th|am|pm|h|hr|hrs|d|min|mins|s|ms|kg|lb|lbs|g|cm|mm|km|x|k|m|gb|mb|eur|usd)")
_WITHIN_NAMES = frozenset((" ", "-", "'", "’"))
_ENDS_A_SENTENCE = frozenset(".!?:\n*#-([")
_NO_NAMES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december english french german spanish italian chinese japanese internet yes okay hello
    thanks thank please sorry sir madam mrs miss""".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text is from: a task, a trajectory, and the number of the message from 1; 0 for a text by itself."""

    trajectory: str
    task: str
    message: int

    def __str__(self) -> str:
        return f"{self.trajectory}, message {self.message}" if self.message else self.trajectory


@dataclass(slots=True)
class Cases:
    """What is specific to single cases of the search split: tokens in lower case, with their first place."""

    sample: list[Chain] = field(default_factory=list)
    """A few of its runs."""
    ids: dict[str, Place] = field(default_factory=dict)
    amounts: dict[str, Place] = field(default_factory=dict)
    names: dict[str, Place] = field(default_factory=dict)
    _texts: list[tuple[Place, str]] = field(default_factory=list)
    _common: str = ""
    _phrases: set[int] | None = None

    def place_of_phrase(self, words: Sequence[str]) -> Place | None:
        """The place of PHRASE words in a row; None if they occur in no case, or in more than one."""
        if hash(tuple(words)) not in self.phrases():
            return None
        phrase = f" {' '.join(words)} "
        places = [place for place, text in self._texts if phrase in text]
        is_of_one_case = len({place.task for place in places}) == 1  # what two cases share is a common expression
        return places[0] if is_of_one_case and phrase not in self._common else None

    def phrases(self) -> set[int]:
        """Hashes of all phrases, computed when first needed: there are many."""
        if self._phrases is None:
            self._phrases = {phrase for _, text in self._texts for phrase in _phrases_of(text.split())}
        return self._phrases


def cases_of(
    rollouts: Sequence[Rollout],
    *,
    policy: str = "",
    tools: Sequence[Tool] = (),
    common: Iterable[str] = (),
    runs: Sequence[Chain] | None = None,
) -> Cases:
    """The texts that are specific to single cases in these rollouts.

    common: other texts that belong to no case. runs: of programs on the rollouts; by default, those that score each.
    """
    own_tools = [r.trajectory.tools for r in rollouts if r.trajectory.tools != tuple(tools)]
    shown = [tool for offered in (tools, *own_tools) for tool in offered]
    shared = [policy, *common, *{json.dumps(tool_to_json(tool), ensure_ascii=False): None for tool in shown}]
    shared += {rollout.trajectory.policy for rollout in rollouts} - {policy}
    return cases_in_texts(list(_texts_of(rollouts)), shared, _runs(rollouts) if runs is None else runs)


def cases_in_texts(texts: Sequence[tuple[Place, str]], shared: Sequence[str], runs: Sequence[Chain]) -> Cases:
    """The specific ones of these texts. shared: texts that belong to no case. runs: of programs on all cases."""
    seen = _Seen(shared, texts, len({place.task for place, _ in texts}))
    cases = Cases(list(runs[:: max(1, len(runs) // _SAMPLE)][:_SAMPLE]), seen.ids(), seen.amounts(), seen.names())
    cases._common = " ".join(f" {' '.join(words_of(text))} " for text in shared)
    cases._texts += [(place, f" {' '.join(words_of(text))} ") for place, text in texts]
    return cases


def cases_to_json(cases: Cases) -> dict[str, object]:
    """Everything that the inspector compares sources with; not the sample."""
    tables = {name: {text: astuple(place) for text, place in getattr(cases, name).items()} for name in _TABLES}
    return {**tables, "texts": [(astuple(place), text) for place, text in cases._texts], "common": cases._common}


def parse_cases(data: Mapping[str, Any]) -> Cases:
    """The inverse of `cases_to_json`."""
    cases = Cases(_texts=[(Place(*place), text) for place, text in data["texts"]], _common=data["common"])
    for name in _TABLES:
        setattr(cases, name, {text: Place(*place) for text, place in data[name].items()})
    return cases


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def ids_in(text: str) -> Iterator[str]:
    """Everything that looks like an identifier, a date or an address, in lower case, and the long numbers in it."""
    for token in TOKEN.findall(text.lower()):
        parts = _PART.findall(token)
        if "@" in token or any(_is_code(part) for part in parts) or sum(len(p) for p in parts if p.isdecimal()) >= 6:
            if not token.isdecimal() or _is_code(token):
                yield token
            yield from (number for number in re.findall(r"\d{4,}", token) if number != token and _is_code(number))


def numbers_in(text: str) -> Iterator[str]:
    """The numbers that stand by themselves, without separators of thousands."""
    yield from (_plain(number) for number in NUMBER.findall(text))


def amounts_in(text: str) -> Iterator[str]:
    """The numbers with a currency, without separators of thousands."""
    for before, after in AMOUNT.findall(text):
        yield _plain(before or after)


def capitalised_in(text: str) -> Iterator[str]:
    """The capitalised words that neither open a sentence nor follow a number, as in a street address."""
    end, in_street = 0, False
    for found in LETTERS.finditer(text):
        if not found[0].istitle():
            continue
        between, before = text[end : found.start()], text[: found.start()].rstrip(" ")[-1:]
        goes_on = end > 0 and between in _WITHIN_NAMES
        in_street = in_street if goes_on else before.isdecimal()
        end = found.end()
        opens = not before or before in _ENDS_A_SENTENCE
        if len(found[0]) > 2 and not in_street and (goes_on or not opens):
            yield found[0]


def is_telling(number: str) -> bool:
    """Whether a number is neither small nor round, so that it is unlikely to be a threshold."""
    if len(number) > _LONG:
        return True
    value = float(number)
    if value != int(value):
        return len(number.replace(".", "").strip("0")) >= 4
    is_power_of_two = int(value) & (int(value) - 1) == 0
    return len(str(int(value)).rstrip("0")) >= 3 and not is_power_of_two


class _Seen:
    """Finds tokens that occur in few tasks, and where."""

    def __init__(self, shared: Sequence[str], texts: Sequence[tuple[Place, str]], tasks: int) -> None:
        self.tasks = tasks
        self._texts = texts
        self._shared = "\n".join(shared)
        self._lower = {
            word for text in (self._shared, *(t for _, t in texts)) for word in WORD.findall(text) if word.islower()
        }

    def ids(self) -> dict[str, Place]:
        return self._rare(ids_in)

    def amounts(self) -> dict[str, Place]:
        return self._rare(numbers_in)

    def names(self) -> dict[str, Place]:
        every = self._rare(capitalised_in)
        known = set(words_of(self._shared)) | self._lower | _NO_NAMES
        return {word.lower(): place for word, place in every.items() if word.lower() not in known}

    def _rare(self, find: Callable[[str], Iterable[str]]) -> dict[str, Place]:
        """Tokens that occur in the messages of few tasks and in no shared text, each with its first place."""
        places: dict[str, list[Place]] = defaultdict(list)
        for place, text in self._texts:
            for token in set(find(text)):
                places[token].append(place)
        common = set(find(self._shared))
        return {
            token: where[0]
            for token, where in places.items()
            if token not in common and _is_rare(where, self.tasks, _RARE)
        }


def _phrases_of(words: Sequence[str]) -> Iterator[int]:
    return (hash(tuple(words[at : at + PHRASE])) for at in range(len(words) - PHRASE + 1))


def _is_rare(places: Iterable[Place], tasks: int, share: float) -> bool:
    return len({place.task for place in places}) <= max(1, share * tasks)


def _is_code(part: str) -> bool:
    """Whether a piece of a token is more than a plain number, measure or year."""
    if part.isdecimal():
        is_year = len(part) == 4 and 1900 <= int(part) < 2100
        return len(part) >= 4 and is_telling(part) and not is_year
    return len(part) >= 4 and any(map(str.isdecimal, part)) and not _MEASURE.fullmatch(part)


def _texts_of(rollouts: Sequence[Rollout]) -> Iterator[tuple[Place, str]]:
    for rollout in rollouts:
        for number, message in enumerate(rollout.trajectory.messages, 1):
            yield Place(rollout.id, rollout.task, number), _text_of(message)


def _text_of(message: Message) -> str:
    """What a message says, and the arguments of its calls."""
    calls = [json.dumps(call.arguments, ensure_ascii=False) for call in message.tool_calls]
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), message.content).replace("\\n", "\n")
    return "\n".join([text, *calls])


def _plain(number: str) -> str:
    return number.replace(",", "")


def _runs(rollouts: Sequence[Rollout]) -> list[Chain]:
    """The runs that score them, in the order of their ids."""
    return [chain_of(rollout.trajectory) for rollout in sorted(rollouts, key=lambda rollout: rollout.id)]
