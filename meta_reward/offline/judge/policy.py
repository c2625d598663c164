"""A written policy as a whole: its clauses, its clock, and the words that tell its clauses apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from meta_reward.offline.judge.clauses import LABEL, Clause, paragraph, sentences, topics_of
from meta_reward.offline.judge.language import STOP, acts, stem, words
from meta_reward.offline.judge.limits import moment_in
from meta_reward.offline.judge.prompt import Line

MANY_HEADINGS = 3  # a word under more headings than this says nothing about its clause


@dataclass(frozen=True, slots=True)
class Policy:
    """The clauses of a policy, the clock it states, its labels, and words that stand beside a key as its value."""

    clauses: tuple[Clause, ...]
    clock: datetime | None
    labels: frozenset[frozenset[str]]
    beside: dict[str, frozenset[str]]
    common: frozenset[str]
    vocabulary: frozenset[str]
    counts: dict[str, int]


def read_policy(lines: Sequence[Line]) -> Policy:
    """The policy that these lines state."""
    return _policy(tuple((line.text, line.heading) for line in lines))


@lru_cache(maxsize=1 << 8)
def _policy(lines: tuple[tuple[str, str], ...]) -> Policy:
    clauses: list[Clause] = []
    labels: set[frozenset[str]] = set()
    beside: dict[str, set[str]] = {}
    for text, heading in lines:
        if text.lstrip().startswith("#"):
            continue
        clauses += paragraph(text, heading)
        labels.add(frozenset(stem(m[1].lower()) for s in sentences(text) if (m := LABEL.match(s)) and " " not in m[1]))
        for value, key in _pairs(words(text)):
            beside.setdefault(key, set()).add(value)
    clock = next((when for text, _ in lines if (when := moment_in(text))), None)
    common = _common(lines)
    counts = {sign: sum(sign in clause.own for clause in clauses) for sign in {s for c in clauses for s in c.own}}
    vocabulary = frozenset(stem(w) for text, _ in lines for w in words(text))
    fixed = {key: frozenset(values) for key, values in beside.items()}
    return Policy(tuple(clauses), clock, frozenset(labels), fixed, common, vocabulary, counts)


def _common(lines: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Stems that occur under many headings, or in many lines, and so distinguish no clause."""
    under: dict[str, list[str]] = {}
    for text, heading in lines:
        for sign in topics_of(words(f"{heading} {text}")):
            under.setdefault(sign, []).append(heading)
    headed = len({heading for _, heading in lines}) > 1
    many = MANY_HEADINGS if headed else max(3.0, len(lines) / 4)
    return frozenset(sign for sign, places in under.items() if len(set(places) if headed else places) > many)


def _pairs(spoken: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Words that stand where a value would, with their key: `W key`, `key is W`."""
    for first, then, last in zip(spoken, spoken[1:], (*spoken[2:], ""), strict=False):
        value, key = (last, first) if then in ("is", "are") else (first, then)
        if value and value not in STOP and key not in STOP and not acts([value]):
            yield stem(value), stem(key)
