"""A task set of labelled texts from rows: what is learnt from, what is classified, and in which split.

What a program could look up instead of learning it is left out of the splits and counted: texts of the training
examples, texts given twice, and texts with two labels, of which none is right. Each data set is divided by itself.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import DataError
from meta_reward.tasks.divide import MIN_TASKS, SPLITS, Division, SplitShares, divide, share_out
from meta_reward.tasks.importers.text_rows import SEARCH, TEST, TRAIN, VALIDATION, TextRow
from meta_reward.tasks.splits import parse_division
from meta_reward.tasks.texts import LabelledText, reading, with_tasks

_SHARES = {SEARCH: 4, VALIDATION: 3}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many texts were left out of the splits, by reason."""

    in_training: int
    repeated: int
    contradictory: int


@dataclass(frozen=True, slots=True)
class MadeTexts:
    """What a task set will hold."""

    training: tuple[LabelledText, ...]
    texts: tuple[LabelledText, ...]
    division: Division
    left_out: LeftOut
    halved: tuple[str, ...]
    """Data sets that name no training examples: half of each was taken."""
    pooled: tuple[str, ...]
    """Data sets whose texts were named for some split, and divided all the same, because others had none."""


def make_texts(rows: Sequence[TextRow], path: Path, *, name: str, seed: int = 0) -> MadeTexts:
    """A task set from rows. path: where it goes; texts that are there already stay in their splits.

    Raises DataError where there are too few texts to divide, or nothing to learn from.
    """
    training, rest, halved = _training(rows, seed)
    kept, left_out = _without_leaks(training, rest)
    texts = with_tasks(LabelledText(_id(row), row.dataset, row.text, row.label) for row in kept)
    parts = {text.id: row.part for text, row in zip(texts, kept, strict=True)}
    if len({text.task for text in texts}) < MIN_TASKS:
        what = f"leaves {len(texts)} texts to classify, too few to divide into {', '.join(SPLITS)}: it takes three"
        raise DataError(rows[0].place.path, what)
    named, pooled = _splits(name, texts, parts)
    splits = _as_before(path, named)
    if empty := next((split for split in SPLITS if not splits[split]), None):
        raise DataError(rows[0].place.path, f"leaves no text for {empty}", hint="give more texts, or no --split")
    division = Division({split: tuple(sorted(splits[split])) for split in SPLITS}, SplitShares())
    return MadeTexts(_numbered(training), texts, division, left_out, halved, pooled)


def _training(rows: Sequence[TextRow], seed: int) -> tuple[list[TextRow], list[TextRow], tuple[str, ...]]:
    """The training examples, the other rows, and the data sets of which half was taken."""
    taught = {row.dataset for row in rows if row.part == TRAIN}
    halved = tuple(dict.fromkeys(row.dataset for row in rows if row.dataset not in taught))
    chosen = {(dataset, text) for dataset in halved for text in _half(rows, dataset, seed)}
    training = [row for row in rows if row.part == TRAIN or (row.dataset, reading(row.text)) in chosen]
    taken = set(map(id, training))
    return training, [row for row in rows if id(row) not in taken], halved


def _half(rows: Iterable[TextRow], dataset: str, seed: int) -> list[str]:
    """Half of the texts of a data set, as they read; those named for the test only where there are no others."""
    own = [row for row in rows if row.dataset == dataset]
    free = [row for row in own if row.part != TEST] or own
    texts = sorted({reading(row.text) for row in free}, key=lambda text: _digest(f"{seed}\n{text}"))
    return texts[: len(texts) // 2]


def _without_leaks(training: Sequence[TextRow], rows: Sequence[TextRow]) -> tuple[list[TextRow], LeftOut]:
    taught = {(row.dataset, reading(row.text)) for row in training}
    labels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        labels[row.dataset, reading(row.text)].add(row.label)
    kept: dict[tuple[str, str], TextRow] = {}
    counts = Counter[str]()
    for row in rows:
        key = row.dataset, reading(row.text)
        if reason := _reason(key, taught, labels, kept):
            counts[reason] += 1
        else:
            kept[key] = row
    return list(kept.values()), LeftOut(counts["in_training"], counts["repeated"], counts["contradictory"])


def _reason(
    key: tuple[str, str],
    taught: set[tuple[str, str]],
    labels: Mapping[tuple[str, str], set[str]],
    kept: Mapping[tuple[str, str], TextRow],
) -> str:
    if key in taught:
        return "in_training"
    if len(labels[key]) > 1:
        return "contradictory"
    return "repeated" if key in kept else ""


def _splits(
    name: str, texts: Sequence[LabelledText], parts: Mapping[str, str]
) -> tuple[dict[str, set[str]], tuple[str, ...]]:
    """The tasks of each split, and the data sets whose named parts were not enough."""
    splits: dict[str, set[str]] = {split: set() for split in SPLITS}
    pooled = []
    for dataset in dict.fromkeys(text.dataset for text in texts):
        placed = set().union(*splits.values())  # by an earlier data set that has the same text
        own = {text.task: parts[text.id] for text in texts if text.dataset == dataset and text.task not in placed}
        found = _by_parts(name, own)
        if found is None:
            pooled += [dataset] if any(own.values()) else []
            found = _shared_out(name, sorted(own))
        for split, tasks in found.items():
            splits[split] |= set(tasks)
    return splits, tuple(pooled)


def _by_parts(name: str, parts: Mapping[str, str]) -> Mapping[str, Iterable[str]] | None:
    """The splits as the rows name them; what names no split, or only one, goes to search and validation.

    None where the rows name no test, or nothing else.
    """
    named = {part: [task for task, own in parts.items() if own == part] for part in ("", *SPLITS)}
    if not named[TEST] or len(named[TEST]) == len(parts):
        return None
    if named[SEARCH] and named[VALIDATION] and not named[""]:
        return {split: named[split] for split in SPLITS}
    rest = sorted(task for task, own in parts.items() if own != TEST)
    return {**share_out(name, rest, _SHARES), TEST: named[TEST]}


def _shared_out(name: str, tasks: Sequence[str]) -> Mapping[str, Iterable[str]]:
    return divide(name, tasks) if len(tasks) >= MIN_TASKS else share_out(name, tasks, dict.fromkeys(SPLITS, 1))


def _as_before(path: Path, splits: Mapping[str, set[str]]) -> Mapping[str, set[str]]:
    """The splits, with every task where the set that is there already has it."""
    before = parse_division(path)
    old = {} if before is None else {task: split for split, tasks in before.splits.items() for task in tasks}
    return {
        split: {task for other in SPLITS for task in splits[other] if old.get(task, other) == split} for split in SPLITS
    }


def _numbered(training: Iterable[TextRow]) -> tuple[LabelledText, ...]:
    made = []
    counts = Counter[str]()
    for row in training:
        counts[row.dataset] += 1
        id = f"{_slug(row.dataset)}-train-{counts[row.dataset]:04d}"
        made.append(LabelledText(id, row.dataset, row.text, row.label))
    return tuple(made)


def _id(row: TextRow) -> str:
    """A name that follows from the text, so that a set made again has the same splits."""
    return f"{_slug(row.dataset)}-{_digest(reading(row.text))[:10]}"


def _slug(dataset: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", dataset).strip("-._")[:40]
    return plain if plain == dataset else f"{plain}-{_digest(dataset)[:6]}".strip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
