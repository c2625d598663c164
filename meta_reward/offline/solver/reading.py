"""What a prompt shows: the problem that is asked, the worked examples around it, and what is wanted of the solver.

A problem is recognised by the end of its question, a worked example by the method that its solution names. The problem
that is asked is the last one without a solution behind it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.offline.puzzles.build import METHODS
from meta_reward.offline.puzzles.method import ENDING, Ask, Method, Numbers
from meta_reward.offline.puzzles.stories import STORIES

_ENDINGS: dict[str, tuple[Method, Ask]] = {ask.ending: (method, ask) for method in METHODS for ask in method.asks}
_BY_NAME = {method.name: method for method in METHODS}
_QUESTION = re.compile(r"\?")
_USE = re.compile(r"\bUse (" + "|".join(map(re.escape, _BY_NAME)) + r")\. ")
_OPENINGS = [opening for story in STORIES.values() for opening in story.openings]
_CUT = "\x00"
_LABEL = re.compile(rf"(?:(?:Problem|Question|Example|Solution|Answer)[ \d]*:)?\s*{_CUT}\s*")
_WORD = re.compile(r"[a-z]{4,}")
_LONGEST = 400  # characters of a problem
_SOLUTION = 70  # characters of a solution that tell whose it is
_LARGEST = 5_000  # a larger number is none of a puzzle, and some methods would reckon on it for long
_STORY = 400  # characters before a question that tell its story


@dataclass(frozen=True, slots=True)
class Asked:
    """A problem in a prompt."""

    method: Method
    numbers: Numbers
    start: int
    end: int
    words: frozenset[str]
    """What it is told in."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A worked example in a prompt."""

    method: Method
    at: int
    words: frozenset[str]
    """What its problem is told in; empty where only the solution stands there."""


@dataclass(frozen=True, slots=True)
class Page:
    """A prompt as the solver reads it."""

    length: int
    target: Asked | None
    """None where no problem is recognised."""
    examples: tuple[Shown, ...]
    """In their order."""
    rest: str
    """What is neither a problem nor an example: the instructions, and whatever else stands there."""


def read_page(text: str) -> Page:
    """What a prompt shows."""
    asked = _problems(text)
    uses = [(found.start(), _BY_NAME[found[1]]) for found in _USE.finditer(text)]
    following = [*(problem.start for problem in asked[1:]), len(text)]
    solved = [
        next((at for at, _ in uses if problem.end <= at < end and _solves(text, at, problem)), None)
        for problem, end in zip(asked, following, strict=False)  # without any problem, the end stands alone
    ]
    target = next((problem for problem, at in reversed(list(zip(asked, solved, strict=True))) if at is None), None)
    told = {at: problem.words for problem, at in zip(asked, solved, strict=True) if at is not None}
    examples = tuple(Shown(method, at, told.get(at, frozenset())) for at, method in uses)
    return Page(
        len(text),
        target,
        examples,
        _rest(text, [*((one.start, one.end) for one in asked), *((at, _end(text, at)) for at, _ in uses)]),
    )


def distance(page: Page, example: Shown) -> int:
    """How far an example stands from the problem, in characters."""
    target = page.target
    return 0 if target is None else max(target.start - example.at, example.at - target.end, 0)


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of words that two problems have in common, of those that the shorter has."""
    return len(one & other) / max(1, min(len(one), len(other)))


def _problems(text: str) -> list[Asked]:
    found = []
    for mark in _QUESTION.finditer(text):
        known = _ENDINGS.get(" ".join(text[max(0, mark.end() - 2 * ENDING) : mark.end()].split())[-ENDING:])
        match = known and known[1].pattern.search(text, max(0, mark.end() - _LONGEST), mark.end())
        if known and match:
            numbers = {name: int(number[:9]) for name, number in match.groupdict().items()}
            if max(numbers.values()) > _LARGEST:
                continue
            words = frozenset(_WORD.findall(text[max(0, match.start() - _STORY) : mark.end()].lower()))
            found.append(Asked(known[0], numbers, match.start(), mark.end(), words))
    return found


def _solves(text: str, at: int, problem: Asked) -> bool:
    """Whether what stands there is how this very problem is solved."""
    return text.startswith(problem.method.solution(problem.numbers)[:_SOLUTION], at)


def _end(text: str, start: int) -> int:
    """Where the paragraph ends in which something stands."""
    end = text.find("\n\n", start)
    return len(text) if end < 0 else end


def _rest(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without some parts of it, what announces them, and the stories before problems."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at : max(at, start)])
        at = max(at, end)
    rest = _CUT.join([*kept, text[at:]])
    for opening in _OPENINGS:
        rest = rest.replace(opening, "")
    return _LABEL.sub("\n", rest)
