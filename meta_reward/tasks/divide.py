"""Dividing tasks into search, validation and test: by task, never by pair.

The first division is determined by the task set's name and a seed. Later tasks are added to it, and no task ever moves
to another split. This module reads and writes no files; `splits.py` does.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Splits = Mapping[str, tuple[str, ...]]
"""Task ids by split, each sorted."""

SPLITS = ("search", "validation", "test")
MIN_TASKS = 3


@dataclass(frozen=True, slots=True)
class SplitShares:
    """The shares of tasks with pairs that each split gets, and the seed of the order in which tasks are assigned."""

    search: float = 0.4
    validation: float = 0.3
    test: float = 0.3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Division:
    """Splits, and the shares by which later tasks are added to them."""

    splits: Splits
    shares: SplitShares
    added: tuple[str, ...] = ()
    """Tasks with pairs that `splits.json` does not name yet; they have been assigned by the shares."""


def divide(name: str, tasks: Sequence[str], shares: SplitShares | None = None) -> dict[str, tuple[str, ...]]:
    """Task ids by split, each sorted. Every split gets at least one task.

    Raises ValueError with fewer than three tasks, or with invalid shares.
    """
    shares = shares or SplitShares()
    check_shares(shares)
    if len(tasks) < MIN_TASKS:
        raise ValueError(f"too few tasks to divide into three splits: {len(tasks)}, at least {MIN_TASKS} are needed")
    order = sorted(tasks, key=lambda task: _rank(name, shares.seed, task))
    validation = max(1, round(shares.validation * len(tasks)))
    test = max(1, round(shares.test * len(tasks)))
    search = max(1, len(tasks) - validation - test)
    validation = min(validation, len(tasks) - search - 1)
    ends = (search, search + validation)
    chosen = (order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] :])
    return {split: tuple(sorted(part)) for split, part in zip(SPLITS, chosen, strict=True)}


def share_out(name: str, tasks: Collection[str], weights: Mapping[str, int], *, seed: int = 0) -> Splits:
    """Tasks by part, each sorted, in proportion to the weights. With few tasks, some parts may stay empty."""
    order = sorted(tasks, key=lambda task: _rank(name, seed, task))
    ends = [
        round(len(order) * sum(list(weights.values())[:n]) / sum(weights.values())) for n in range(len(weights) + 1)
    ]
    return {part: tuple(sorted(order[ends[n] : ends[n + 1]])) for n, part in enumerate(weights)}


def grow(splits: Splits, tasks: Collection[str], shares: SplitShares | None = None) -> Splits:
    """Splits with those of `tasks` added that are new, each to the split furthest below its share. No other task moves.

    tasks: those that have pairs; only they count towards the shares.
    """
    shares = shares or SplitShares()
    wanted = {"search": shares.search, "validation": shares.validation, "test": shares.test}
    members = {split: set(splits[split]) for split in SPLITS}
    counts = {split: len(members[split] & set(tasks)) for split in SPLITS}
    new = set(tasks) - set().union(*members.values())
    for task in sorted(new, key=lambda task: _rank("", shares.seed, task)):
        total = sum(counts.values()) + 1
        split = max(SPLITS, key=lambda split: wanted[split] * total - counts[split])
        members[split].add(task)
        counts[split] += 1
    return {split: tuple(sorted(members[split])) for split in SPLITS}


def check_shares(shares: SplitShares) -> None:
    """Raise ValueError unless the shares are three positive numbers that sum to 1."""
    parts = (shares.search, shares.validation, shares.test)
    if not (min(parts) > 0 and abs(sum(parts) - 1) <= 1e-6):  # NaN fails this as well
        raise ValueError(f"split shares {parts} are not three positive numbers that sum to 1")


def check_once(splits: Mapping[str, Collection[str]]) -> None:
    """Raise ValueError for a task that is named twice."""
    seen: dict[str, str] = {}
    for split, members in splits.items():
        for task in members:
            if task in seen:
                where = f"{seen[task]} and in {split}" if seen[task] != split else f"{split} twice"
                raise ValueError(f"task {task!r} is in {where}")
            seen[task] = split


def check_splits(splits: Mapping[str, Collection[str]], tasks: Collection[str]) -> None:
    """Raise ValueError for a task that is named twice, and for a split without a task that has pairs."""
    check_once(splits)
    for split, members in splits.items():
        if not set(members) & set(tasks):
            raise ValueError(f"no task of split {split} has pairs")


def _rank(name: str, seed: int, task: str) -> str:
    return hashlib.sha256(f"{name}\n{seed}\n{task}".encode()).hexdigest()
