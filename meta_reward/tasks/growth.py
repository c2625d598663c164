"""A task set that grows: its splits are written down at first use, and no task moves afterwards.

`meta-reward import` and `tasks build` write `splits.json` at once; for a set made by hand the first command
that needs splits does. Tasks that are added later are placed and written down in the same way.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.tasks import splits_file
from meta_reward.tasks.splits import MIN_TASKS, SPLITS, Splits, SplitShares, check_shares, divide, grow
from meta_reward.tasks.splits_file import Division, parse_division, save_division
from meta_reward.tasks.taskset import TaskSet, digest_of
from meta_reward.trajectory import Pair, Rollout


def splits_of(taskset: TaskSet, shares: SplitShares | None = None) -> Splits:
    """Task ids by split: those written down, else by shares. Raises UsageError where it cannot be divided so."""
    if taskset.division is not None:
        return taskset.division.splits
    try:
        return divide(taskset.name, taskset.tasks_with_pairs, shares)
    except ValueError as error:
        raise UsageError(f"task set {taskset.name}: {error}") from None


def check_shares_asked(taskset: TaskSet, shares: SplitShares) -> None:
    """Raise UsageError for shares that cannot be, and for others than those that a task set is divided by."""
    try:
        check_shares(shares)
    except ValueError as error:
        raise UsageError(f"task set {taskset.name}: {error}") from None
    if taskset.division is not None and shares not in (SplitShares(), taskset.division.shares):
        what = f"task set {taskset.name} is divided already, and [splits] asks for other shares"
        raise UsageError(what, hint=f"leave [splits] out, or change {taskset.path / splits_file.NAME}")


def write_splits(taskset: TaskSet, shares: SplitShares) -> tuple[TaskSet, str]:
    """The task set with a place for every task on disk, and a line that says what was written, empty for nothing.

    A task set that may not be written to is left as it is; its tasks are then placed anew each time, in the same way.
    Raises UsageError where it cannot be divided.
    """
    division = taskset.division
    added = taskset.tasks_with_pairs if division is None else division.added
    if not added or not os.access(taskset.path, os.W_OK):
        return taskset, ""
    written = Division(splits_of(taskset, shares), shares if division is None else division.shares)
    save_division(taskset.path, written)
    parts = ", ".join(f"{len(set(added) & set(written.splits[split]))} to {split}" for split in SPLITS)
    tasks = f"{len(added)} {'new ' if division else ''}{'task' if len(added) == 1 else 'tasks'}"
    line = f"{taskset.path / splits_file.NAME}: {tasks} divided and written down: {parts}"
    return replace(taskset, division=written, digest=digest_of(taskset.path)), line


def division_of_new(path: Path, name: str, rollouts: Iterable[Rollout], pairs: Iterable[Pair]) -> Division | None:
    """The division of a task set about to be made at `path`: tasks that are there already stay where they are.

    None where there are too few tasks to divide.
    """
    with_pairs = {pair.task for pair in pairs}
    before = parse_division(path)
    kept = {} if before is None else _only(before.splits, {rollout.task for rollout in rollouts})
    if before is not None and any(kept.values()):
        return Division(grow(kept, with_pairs, before.shares), before.shares)
    if len(with_pairs) < MIN_TASKS:
        return None
    return Division(divide(name, sorted(with_pairs)), SplitShares())


def as_of(taskset: TaskSet, digest: str) -> TaskSet:
    """The task set as a run knows it that was made before its splits were written down; else as it is."""
    if taskset.digest == digest or digest_of(taskset.path, without=splits_file.NAME) != digest:
        return taskset
    return replace(taskset, division=None, digest=digest)


def _only(splits: Splits, tasks: Collection[str]) -> Splits:
    return {split: tuple(task for task in splits[split] if task in tasks) for split in SPLITS}
