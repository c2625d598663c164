"""The splits of a task set: `splits.json`. Once it is written, no task moves to another split.

    {"search": ["t01", ...], "validation": [...], "test": [...]}

An optional key `"shares": {"search": 0.5, "validation": 0.25, "test": 0.25}` says how later tasks are divided; the
default is 40/30/30. `meta-reward import` and `tasks build` write the file immediately. For a set made by hand, the
first command that needs splits writes it. Tasks that are added later are assigned and written the same way.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.tasks.divide import (
    MIN_TASKS,
    SPLITS,
    Division,
    Splits,
    SplitShares,
    check_once,
    check_shares,
    check_splits,
    divide,
    grow,
)

if TYPE_CHECKING:
    from meta_reward.tasks.base import AnyTaskSet

NAME = "splits.json"
SHARES = "shares"
_T = TypeVar("_T", bound="AnyTaskSet")
_HINT = "correct it, or delete the file to divide all tasks again"


class OfTask(Protocol):
    """Anything that belongs to a task."""

    @property
    def task(self) -> str: ...


def splits_of(taskset: "AnyTaskSet", shares: SplitShares | None = None) -> Splits:
    """Task ids by split: from `splits.json`, else divided by the shares. Raises UsageError if that is impossible."""
    if taskset.division is not None:
        return taskset.division.splits
    if not taskset.tasks_with_items:
        hint = f"label it with `meta-reward tasks label {taskset.name}`, or import it with labels"
        raise UsageError(f"task set {taskset.name} has no labels to search by", hint=hint)
    try:
        return divide(taskset.name, taskset.tasks_with_items, shares)
    except ValueError as error:
        raise UsageError(f"task set {taskset.name}: {error}") from None


def check_requested_shares(taskset: "AnyTaskSet", shares: SplitShares) -> None:
    """Raise UsageError for invalid shares, and for shares other than those that the task set is divided by already."""
    try:
        check_shares(shares)
    except ValueError as error:
        raise UsageError(f"task set {taskset.name}: {error}") from None
    if taskset.division is not None and shares not in (SplitShares(), taskset.division.shares):
        what = f"task set {taskset.name} is divided already, and [splits] asks for other shares"
        raise UsageError(what, hint=f"leave [splits] out, or change {taskset.path / NAME}")


def write_splits(taskset: _T, shares: SplitShares) -> tuple[_T, str]:
    """Write every task's split to disk. Returns the task set, and a message about what was written or "".

    A read-only task set stays unchanged; its tasks are then assigned the same way each time.
    Raises UsageError if the task set cannot be divided.
    """
    division = taskset.division
    added = taskset.tasks_with_items if division is None else division.added
    if not added or not os.access(taskset.path, os.W_OK):
        return taskset, ""
    written = Division(splits_of(taskset, shares), shares if division is None else division.shares)
    parts = ", ".join(f"{len(set(added) & set(written.splits[split]))} to {split}" for split in SPLITS)
    tasks = f"{len(added)} {'new ' if division else ''}{'task' if len(added) == 1 else 'tasks'}"
    message = f"{taskset.path / NAME}: {tasks} divided and written down: {parts}"
    return taskset.with_division(written), message


def division_of_new(path: Path, name: str, examples: Iterable[OfTask], items: Iterable[OfTask]) -> Division | None:
    """The division for a task set that is about to be written to `path`; tasks that are there keep their splits.

    None if there are too few tasks to divide.
    """
    with_items = {item.task for item in items}
    before = parse_division(path)
    kept = {} if before is None else _only(before.splits, {example.task for example in examples})
    if before is not None and any(kept.values()):
        return Division(grow(kept, with_items, before.shares), before.shares)
    if len(with_items) < MIN_TASKS:
        return None
    return Division(divide(name, sorted(with_items)), SplitShares())


def load_division(folder: Path, with_pairs: Collection[str], tasks: Collection[str]) -> Division | None:
    """The division of a task set, extended to every task that has pairs; None without `splits.json`.

    Raises DataError if the file names an unknown task, names a task twice, or leaves a split empty.
    """
    division, path = parse_division(folder), folder / NAME
    if division is None:
        return None
    unknown = sorted({task for members in division.splits.values() for task in members} - set(tasks))
    if unknown:
        others = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DataError(path, f"names task {unknown[0]!r}{others}, which this task set does not have", hint=_HINT)
    known = set().union(*division.splits.values())
    whole = grow(division.splits, with_pairs, division.shares)
    try:
        check_once(division.splits)
        check_splits(whole, with_pairs)
    except ValueError as error:
        raise DataError(path, str(error), hint=_HINT) from None
    return Division(whole, division.shares, tuple(sorted(set(with_pairs) - known)))


def parse_division(folder: Path) -> Division | None:
    """The content of `splits.json`, not checked against the tasks; None without it. Raises DataError if malformed."""
    path = folder / NAME
    if not path.exists():
        return None
    data = files.load_json(path)
    if not isinstance(data, dict) or not all(_is_list_of_texts(data.get(split)) for split in SPLITS):
        raise DataError(path, f"needs a list of tasks for each of {', '.join(SPLITS)}", hint=_HINT)
    unknown = sorted(set(data) - {*SPLITS, SHARES})
    if unknown:
        raise DataError(path, f"unknown key {unknown[0]!r}", hint=f"known: {', '.join((*SPLITS, SHARES))}")
    return Division({split: tuple(data[split]) for split in SPLITS}, _shares(data.get(SHARES, {}), path))


def save_division(folder: Path, division: Division) -> None:
    """Write `splits.json`; the shares only if they are not the default."""
    shares = {SHARES: asdict(division.shares)} if division.shares != SplitShares() else {}
    files.write_json(folder / NAME, {**division.splits, **shares})


def _only(splits: Splits, tasks: Collection[str]) -> Splits:
    return {split: tuple(task for task in splits[split] if task in tasks) for split in SPLITS}


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _shares(data: Any, path: Path) -> SplitShares:
    try:
        shares = SplitShares(**data)
        check_shares(shares)
    except (TypeError, ValueError):
        example = '{"search": 0.4, "validation": 0.3, "test": 0.3}'
        raise DataError(
            path, f"{SHARES} are not three positive numbers that sum to 1", hint=f"such as {example}"
        ) from None
    return shares
