"""Finding problems that differ only in spaces, the names of variables, or the order of sentences.

Two problems are near duplicates if they have the same numbers, and share four fifths of their words and signs and half
of their pairs of neighbouring words. All variables count as the same word. A problem with other numbers is another
problem, and a rephrased problem is not found.

The index misses no near duplicate: if two problems share four fifths of their words, one of the rarest fifth of one
problem's words is among the rarest fifth of the other's (prefix filtering; Chaudhuri, Ganti and Kaushik, 2006).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORDS_SHARED, _PAIRS_SHARED = 0.8, 0.5
_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\\[A-Za-z]+|[^\W\d_]+|[^\s\w]")
_IGNORED = {
    *"{}$.,;:!?()[]\"'`&~",
    "\\",
    "\\left",
    "\\right",
    "\\text",
    "\\mbox",
    "\\quad",
    "\\qquad",
    "\\displaystyle",
}
_GREEK = re.compile(r"\\(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|phi|varphi|omega|rho|sigma|tau)")
_SHORT_FRACTION = re.compile(r"(\\[dt]?frac)\s*(\d)\s*(\d)(?!\d)")
_VARIABLE = "<v>"

_Counted = tuple[object, int]
"""A word or a pair of words, and the number of its occurrence."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The parts of a problem that are compared."""

    text: str
    """The problem, with every run of white space as one space."""
    numbers: tuple[str, ...]
    """Sorted."""
    words: frozenset[_Counted]
    pairs: frozenset[_Counted]
    """Neighbouring words."""


def fingerprint(problem: str) -> Fingerprint:
    """What of a problem is compared."""
    words = _words(problem)
    numbers = tuple(sorted(word for word in words if word[0].isdigit()))
    return Fingerprint(" ".join(problem.split()), numbers, _counted(words), _counted(pairwise(words)))


class Duplicates:
    """An index of problems, to find duplicates in."""

    def __init__(self, problems: Iterable[Fingerprint], *, among: Iterable[Fingerprint] = ()) -> None:
        """among: the problems that will be looked up; they count too when word frequencies are determined."""
        known = list(problems)
        self._rarity = Counter(word for one in (*known, *among) for word in one.words)
        self._texts = set[str]()
        self._found: dict[tuple[tuple[str, ...], _Counted | None], list[int]] = defaultdict(list)
        self._problems: list[Fingerprint] = []
        for one in known:
            self.add(one)

    def add(self, problem: Fingerprint) -> None:
        """Add a problem to the index."""
        self._problems.append(problem)
        self._texts.add(problem.text)
        for word in self._rarest(problem):
            self._found[problem.numbers, word].append(len(self._problems) - 1)

    def has_exact(self, problem: Fingerprint) -> bool:
        """Whether the index has this problem, ignoring white space."""
        return problem.text in self._texts

    def find(self, problem: Fingerprint) -> list[int]:
        """The numbers of all duplicates and near duplicates, in the order in which they were added."""
        candidates = {n for word in self._rarest(problem) for n in self._found.get((problem.numbers, word), ())}
        return sorted(n for n in candidates if _is_near(problem, self._problems[n]))

    def _rarest(self, problem: Fingerprint) -> Sequence[_Counted | None]:
        """The rarest words, as many as it takes for two near duplicates to share one; [None] without any word."""
        count = len(problem.words) - math.ceil(_WORDS_SHARED * len(problem.words)) + 1
        return sorted(problem.words, key=lambda word: (self._rarity[word], str(word)))[:count] or [None]


def _is_near(one: Fingerprint, other: Fingerprint) -> bool:
    if one.numbers != other.numbers or _shared(one.words, other.words) < _WORDS_SHARED:
        return False
    return _shared(one.pairs, other.pairs) >= _PAIRS_SHARED


def _shared(one: frozenset[_Counted], other: frozenset[_Counted]) -> float:
    together = len(one | other)
    return len(one & other) / together if together else 1.0


def _counted(words: Iterable[object]) -> frozenset[_Counted]:
    seen = Counter[object]()
    counted = []
    for word in words:
        seen[word] += 1
        counted.append((word, seen[word]))
    return frozenset(counted)


def _words(problem: str) -> list[str]:
    """The meaningful words, numbers and signs of a problem, in order."""
    found = []
    for token in _TOKEN.findall(_SHORT_FRACTION.sub(r"\1 \2 \3", problem)):
        if token in _IGNORED:
            continue
        if _is_variable(token):
            found += [_VARIABLE] * (len(token) if token[0] != "\\" else 1)
        else:
            found.append(token.lower().replace(",", "").replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac"))
    return found


def _is_variable(token: str) -> bool:
    """A letter, a Greek letter, or up to four capitals, as the corners of a figure are named."""
    return (token.isalpha() and (len(token) == 1 or (len(token) <= 4 and token.isupper()))) or bool(
        _GREEK.fullmatch(token)
    )
