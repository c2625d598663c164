"""`splits.json` of a task set: which task belongs to which split, for people to read and to change.

    {"search": ["t01", ...], "validation": [...], "test": [...]}

`"shares": {"search": 0.5, "validation": 0.25, "test": 0.25}` beside them says how later tasks are divided;
40/30/30 without it.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.splits import SPLITS, Splits, SplitShares, check_once, check_shares, check_splits, grow

NAME = "splits.json"
SHARES = "shares"
_HINT = "correct it, or delete the file to divide all tasks anew"


@dataclass(frozen=True, slots=True)
class Division:
    """Splits with the shares by which they grow. added: tasks with pairs that the file leaves out, placed by these."""

    splits: Splits
    shares: SplitShares
    added: tuple[str, ...] = ()


def load_division(folder: Path, with_pairs: Collection[str], tasks: Collection[str]) -> Division | None:
    """The division of a task set, with every task that has pairs; None where it is not written down.

    Raises DataError where the file names a task that is unknown, or one twice, or leaves a split empty.
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
    """What the file says, whether or not it fits the tasks; None without one. Raises DataError for another format."""
    path = folder / NAME
    if not path.exists():
        return None
    data = files.load_json(path)
    if not isinstance(data, dict) or not all(_is_list_of_texts(data.get(split)) for split in SPLITS):
        raise DataError(path, f"wants a list of tasks for each of {', '.join(SPLITS)}", hint=_HINT)
    unknown = sorted(set(data) - {*SPLITS, SHARES})
    if unknown:
        raise DataError(path, f"unknown key {unknown[0]!r}", hint=f"known: {', '.join((*SPLITS, SHARES))}")
    return Division({split: tuple(data[split]) for split in SPLITS}, _shares(data.get(SHARES, {}), path))


def save_division(folder: Path, division: Division) -> None:
    """Write `splits.json`; the shares only where they are not the usual ones."""
    shares = {SHARES: asdict(division.shares)} if division.shares != SplitShares() else {}
    files.write_json(folder / NAME, {**division.splits, **shares})


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
