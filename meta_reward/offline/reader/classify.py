"""Which label a text gets: by likeness to the examples, to the notes and to the labels' names that were read.

What was read is a matter of place and length alone. Everything random comes from one generator, made from the seed,
the whole prompt and, for what differs from draw to draw, the draw.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from meta_reward.offline.reader.prompt import Piece, Prompt
from meta_reward.offline.reader.settings import Strengths
from meta_reward.offline.reader.terms import terms

CAPACITY_CHARS = 24_000
"""As much of a prompt is attended to; the more there is, the more is overlooked."""
_HALF_LOST_CHARS = 16_000
_MIDDLE = 0.5
_DECAY = 0.5
_NOTE, _NAME = 0.8, 0.4
_RECENCY, _MAJORITY = 0.04, 0.03
_LAST = 4
_NOISE = 0.06
_NOTE_LENGTH = 2


def choose_label(prompt: Prompt, strengths: Strengths, *, of_prompt: Random, of_draw: Random) -> str:
    """The label that fits best, "" where the prompt shows none."""
    examples = _read(prompt.examples, prompt.size, strengths, of_prompt)
    notes = _read(prompt.notes, prompt.size, strengths, of_prompt)
    names = _read(prompt.names, prompt.size, strengths, of_prompt)
    query = terms(prompt.query)
    labels = list(dict.fromkeys(piece.label for piece in (*examples, *notes, *names)))
    worth = _worth(query, examples, notes)
    noted = {piece.label: 0.0 for piece in notes}
    for piece, fit in zip(notes, worth[len(examples) :], strict=True):
        noted[piece.label] = max(noted[piece.label], fit)
    shown = _by_example(examples, worth)
    leaning = _leaning(examples, strengths)
    best, score = "", -math.inf
    for label in labels:
        own = shown.get(label, 0.0) + _NOTE * noted.get(label, 0.0) + _NAME * _by_name(label, query)
        own += leaning.get(label, 0.0) + strengths.noise * _NOISE * of_draw.gauss(0, 1)
        if own > score:
            best, score = label, own
    return best


def _read(pieces: Sequence[Piece], size: int, strengths: Strengths, chance: Random) -> list[Piece]:
    """The pieces that are not lost: in the middle of a long prompt, or beyond what can be attended to."""
    middle = strengths.middle * _MIDDLE * size / (size + _HALF_LOST_CHARS)
    beyond = max(0.0, 1 - CAPACITY_CHARS / max(1, size)) if strengths.attention else 0.0
    beyond = min(0.95, strengths.attention * beyond)
    kept = []
    for piece in pieces:
        place = piece.at / max(1, size)
        lost = 1 - (1 - middle * 4 * place * (1 - place)) * (1 - beyond)
        if chance.random() >= lost:
            kept.append(piece)
    return kept


def _worth(query: frozenset[str], examples: Sequence[Piece], notes: Sequence[Piece]) -> list[float]:
    """How alike the text is to each example and note, from 0 to 1: rare terms count more."""
    shared = [(query & terms(piece.text), len(terms(piece.text))) for piece in (*examples, *notes)]
    found = Counter[str]()
    for common, _ in shared:
        found.update(common)
    whole = len(shared)
    weight = {term: math.log(1 + whole / (found[term] or 0.5)) for term in query}
    most = math.fsum(weight.values()) or 1.0
    longest = _NOTE_LENGTH * len(query)
    worth = []
    for number, (common, length) in enumerate(shared):
        if number >= len(examples):  # a note is longer than a text, and no worse for that
            length = min(length, longest)
        alike = math.fsum(weight[term] for term in common) / most  # which does not depend on the order of a set
        worth.append(min(1.0, alike * math.sqrt(max(1, len(query)) / max(1, length))))
    return worth


def _by_example(examples: Sequence[Piece], worth: Sequence[float]) -> dict[str, float]:
    """What the examples of each label say: the best one most, each further one half as much."""
    by_label: dict[str, list[float]] = defaultdict(list)
    for piece, fit in zip(examples, worth, strict=False):
        by_label[piece.label].append(fit)
    return {
        label: sum(fit * _DECAY**rank for rank, fit in enumerate(sorted(fits, reverse=True)[:8]))
        for label, fits in by_label.items()
    }


def _leaning(examples: Sequence[Piece], strengths: Strengths) -> dict[str, float]:
    """What speaks for a label whatever the text: how many examples it has, and how late they stand."""
    counts = Counter(piece.label for piece in examples)
    most = max(counts.values(), default=1)
    leaning = {label: strengths.majority * _MAJORITY * count / most for label, count in counts.items()}
    for rank, piece in enumerate(reversed(examples[-_LAST:])):
        leaning[piece.label] += strengths.recency * _RECENCY / (1 + rank) / 2
    return leaning


def _by_name(label: str, query: frozenset[str]) -> float:
    own = terms(label)
    return len(own & query) / len(own) if own else 0.0
