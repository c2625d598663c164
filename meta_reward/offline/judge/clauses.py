"""Reading a written policy into clauses: what each speaks of, permits or forbids, and under which conditions.

Understands plain rules of any domain: `X may ... if ...`, `X cannot ... unless ...`, `only within N days`,
`Otherwise ...`, alternatives after a colon, and labels such as `Premium: free.`. A sentence that does not name
its subject takes it from its paragraph or its heading. Comparisons between two records (`the same owner`),
sums, and rules that refer to other rules are not understood.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from meta_reward.offline.judge.language import STOP, acts, concepts, stem, words
from meta_reward.offline.judge.limits import Limit, read_limits

_NUMBERED = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+")
_ASIDE = re.compile(r"\([^)]*\)|[*`]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PRICE = re.compile(r"[A-Z]{3} \d|[$€£]\d|\b\d+ (?:dollars|euros|pounds)\b|\bfree of charge\b")
_ALTERNATIVE = re.compile(
    r";|,?\s+or\s+(?=[A-Z]{3} \d|[$€£]\d)"
    r"|,\s+(?:and |but )?(?=no\b|none\b|never\b|not\b|free\b|half\b|[A-Z]{3} \d|[$€£]\d)"
)
_CONDITION = re.compile(
    r"\b(?:only |even )?(?:if|when|where|provided(?: that)?|as long as|in case|whenever|whose|who)\b"
    r"|\bthat (?=(?:is|are|was|were|has|had|have|leaves?|do|does)\b)|\bonly for\b",
    re.I,
)
_OPENS = re.compile(r"^\s*(?:if|when|where|once|for)\b[^,]{3,160},", re.I)
_EXCEPTION = re.compile(r"\b(?:unless|except(?: for| when| if)?|other than|apart from)\b", re.I)
_OTHERWISE = re.compile(r"^\W*(?:otherwise|in (?:all|any) other cases?|failing that|else)\b", re.I)
_ANY = re.compile(r"\b(?:one|any|either) of\b|\bany\b.*:$", re.I)
_ONLY = re.compile(r"\b(?:only|solely|exclusively|at most)\b", re.I)
_NO = re.compile(
    r"\b(?:cannot|can['’]?t|never|no|none|nobody|prohibited|forbidden|denied|excluded|ineligible|not|nor|neither|won['’]t"
    r"|non-?\w+able)\b",
    re.I,
)
_MUST = re.compile(r"\b(?:must|should|need(?:s)? to|ha(?:s|ve) to|always|required?)\b", re.I)
LABEL = re.compile(r"^([A-Z][\w /'-]{1,45}):\s+")
_EACH = re.compile(r"\b(?:for each|per|each) [a-z]+")
_MODAL = frozenset(("forbid", "permit", "only", "must", "if"))
_IS = frozenset("is are be".split())
_NOTHING = frozenset("none nobody nothing".split())
_SHORT = 2  # at most so many words before a colon can be a condition, such as a category


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold, as stems in their order, with the limits it states.

    ends: participles among them. subject: whether it only says what a clause is about.
    """

    stems: tuple[str, ...]
    limits: tuple[Limit, ...]
    ends: frozenset[str] = frozenset()
    negated: bool = False
    subject: bool = False


Group = tuple[Condition, ...]  # alternatives: one of them is enough


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule. sign: -1 forbids, 1 permits. only: it permits under its conditions and no others.

    otherwise: it holds if what precedes it does not. needs: groups of conditions, all of which must hold,
    including what it states about its subject. priced: it is an alternative by price.
    own, around, heading: the topics of the clause, its paragraph and its heading: kinds of action and stems.
    """

    sign: int
    only: bool
    otherwise: bool
    priced: bool
    needs: tuple[Group, ...]
    excepted: Group
    own: frozenset[str]
    around: frozenset[str]
    heading: frozenset[str]
    text: str


def topics_of(spoken: Iterable[str]) -> frozenset[str]:
    """The topics of a text: kinds of action, and stems of its other meaningful words."""
    known = list(spoken)
    return frozenset(acts(known)) | frozenset(stem(w) for w in known if w not in STOP and not acts([w]))


def kinds_in(signs: Iterable[str]) -> frozenset[str]:
    """The kinds of action among the signs of a topic."""
    return frozenset(sign for sign in signs if sign.startswith("act:"))


def sentences(text: str) -> list[str]:
    return [s for s in _SENTENCE.split(_ASIDE.sub("", _NUMBERED.sub("", text))) if s.strip()]


@lru_cache(maxsize=1 << 12)
def paragraph(text: str, heading: str) -> tuple[Clause, ...]:
    title = topics_of(words(heading))
    around: frozenset[str] = frozenset()
    otherwise = False
    found: list[Clause] = []
    for sentence in sentences(text):
        label = LABEL.match(sentence)
        if label and not found and (kinds_in(topics_of(words(label[1]))) or len(words(label[1])) > 1):
            title |= topics_of(words(label[1]))  # a run-in heading
            sentence = sentence[label.end() :]
        otherwise = otherwise or bool(_OTHERWISE.match(sentence))
        found += [replace(c, around=around, heading=title, otherwise=otherwise) for c in _clauses(sentence)]
        spoken = topics_of(words(_main_and_condition(sentence.partition(": ")[0])[0]))
        around = around if around and not kinds_in(spoken) else spoken
    return tuple(found)


def _clauses(sentence: str) -> Iterable[Clause]:
    """The clauses of a sentence: one, or one for each of the alternatives that share a head."""
    head, colon, tail = sentence.partition(": ")
    parts = [part for part in _ALTERNATIVE.split(tail if colon else sentence) if part.strip()]
    if colon and _ANY.search(head) and len(parts) > 1:
        clause = _clause(head, default=1)
        if clause:
            yield replace(clause, needs=(*clause.needs[:-1], _conditions("", split=parts)))
        return
    if not colon:
        for part in parts:
            halved = part.startswith("half")
            clause = _clause(part, default=int(halved))
            if clause:
                yield replace(clause, text=f"{parts[0]}, {part}") if halved else clause
        return
    shared = head if len(words(head)) <= _SHORT else ""
    default = _sign(head) or (1 if _PRICE.search(tail) else 0)
    spoken = topics_of(words(head))
    each = _EACH.search(parts[0]) if parts else None
    for part in parts:
        priced = f"{part} {each[0]}" if each and part is not parts[0] and _PRICE.match(part) else part
        clause = _clause(f"{shared} {part}" if shared else part, default=default)
        if clause:
            yield replace(clause, text=priced, own=clause.own if kinds_in(clause.own) else clause.own | spoken)


def _clause(text: str, default: int = 0) -> Clause | None:
    body, exception = (*_EXCEPTION.split(text, maxsplit=1), "")[:2]
    main, condition = _main_and_condition(body)
    sign = _sign(main) or default or (1 if _PRICE.search(main) else 0)
    only = bool(_ONLY.search(body[: len(main) + 6])) and sign >= 0
    needs = [_conditions(main, subject=True)] if _conditions(main, subject=True) else []
    needs += [_conditions(condition)] if condition.strip() else []
    if not sign and not only:
        return None
    return Clause(
        sign=sign or 1,
        only=only,
        otherwise=False,
        priced=bool(_PRICE.search(main)) or main.strip().lower().startswith("free"),
        needs=tuple(needs),
        excepted=_conditions(exception) if exception.strip() else (),
        own=topics_of(words(main)),
        around=frozenset(),
        heading=frozenset(),
        text=text.strip(),
    )


def _main_and_condition(text: str) -> tuple[str, str]:
    opening = _OPENS.match(text)
    if opening:
        return text[opening.end() :], opening[0]
    found = _CONDITION.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


def _sign(main: str) -> int:
    """Whether a clause forbids or permits, by its modal words; a plain passive states what is done: it permits."""
    if _NO.search(main):
        return -1
    spoken = words(main)
    if _MUST.search(main):
        return 0
    if any("permit" in concepts(w) for w in spoken):
        return 1
    follows = zip(spoken, spoken[1:], (*spoken[2:], ""), strict=False)
    return int(any(verb in _IS and any(w.endswith("ed") and acts([w]) for w in then) for verb, *then in follows))


def _conditions(text: str, *, subject: bool = False, split: Sequence[str] = ()) -> Group:
    """The alternatives of a condition. subject: it is about the clause's subject, whose acts are not conditions."""
    parts = split or re.split(r"\bor\b(?! (?:more|longer|later|less|fewer))|;", text)
    made = []
    for part in parts:
        spoken = [
            w for w in words(part) if not (subject and acts([w])) and not concepts(w) & _MODAL and w not in _NOTHING
        ]
        limits = read_limits(part)
        stems = tuple(stem(w) for w in spoken if w not in STOP and not w[0].isdigit())
        if stems or limits:
            ends = frozenset() if subject or limits else frozenset(stem(w) for w in spoken if w.endswith(("ed", "wn")))
            negated = not subject and re.search(r"\bnot\b|n't\b", part) is not None
            made.append(Condition(stems, limits, ends, negated, subject))
    return tuple(made)
