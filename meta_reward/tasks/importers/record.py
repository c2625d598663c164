"""What every importer yields: trajectories, pairs, and rows that could not be used, each with its place in a file.

A trajectory is read whether or not it has a label, one row at a time, so that the same readers serve imports
and scoring. Nothing here knows a format.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from meta_reward.errors import DataError
from meta_reward.trajectory import Message, Tool


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a file, for errors."""

    path: Path
    row: str
    """Such as `line 17`, or `entry 3` of a JSON list."""

    def __str__(self) -> str:
        return f"{self.path}, {self.row}"


NO_LABEL = "\0"
"""A label key that is no field's name: labels are ignored."""


@dataclass(frozen=True, slots=True)
class Options:
    """The names of fields in rows of users' own formats."""

    task_key: str | None = None
    label_key: str | None = None
    keep_unparsed: bool = False
    """Keep tool arguments that are not valid JSON as text; otherwise such a row is skipped."""


@dataclass(frozen=True, slots=True)
class Run:
    """One agent run, without task or label."""

    messages: tuple[Message, ...]
    policy: str | None = None
    """None where the file does not say."""
    tools: tuple[Tool, ...] | None = None
    """None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Record:
    """One trajectory of a file."""

    place: Place
    run: Run
    task: str | None = None
    label: float | None = None
    """The higher, the better; None without one."""
    id: str | None = None
    """Its id in the file; unique in most formats, and never used as a path."""
    preferred_id: str | None = None
    """A name for the task set, from the numbers of a benchmark."""
    annotator: str | None = None
    """Who gave the label, if several people labelled the same trajectories."""


@dataclass(frozen=True, slots=True)
class PairRecord:
    """Two trajectories of one task, the better first."""

    place: Place
    chosen: Run
    rejected: Run
    task: str | None = None
    """None if the file does not say; pairs that share a trajectory or an opening then share a task."""
    categories: tuple[str, ...] = ()
    annotator: str | None = None


@dataclass(frozen=True, slots=True)
class RankedRecord:
    """Several trajectories of one task, the best first."""

    place: Place
    runs: tuple[Run, ...]
    task: str | None = None
    """None if the file does not say, as for pairs."""
    categories: tuple[str, ...] = ()

    def pairs(self) -> list[PairRecord]:
        """Each trajectory paired with every worse one."""
        return [
            PairRecord(self.place, better, worse, self.task, self.categories)
            for better, worse in combinations(self.runs, 2)
        ]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that gives no trajectory."""

    place: Place
    field: str
    """"" where the whole row is meant."""
    what: str
    skip: bool = False
    """The row is as the format wants it and cannot be used: it is left out and counted, and the import goes on."""
    id: str | None = None
    """What the row says it is, where it says so; and its task."""
    task: str | None = None

    def __str__(self) -> str:
        row = ", ".join(part for part in (str(self.place.path), self.place.row, self.field) if part)
        return f"{row}: {self.what}"


Item = Record | PairRecord | RankedRecord | Problem
_T = TypeVar("_T")


class RowError(ValueError):
    """A row, or a part of one, cannot be read. field: where in the row, such as `messages, message 3`."""

    def __init__(self, field: str, what: str, *, skip: bool = False) -> None:
        self.field, self.what, self.skip = field, what, skip
        super().__init__(f"{field}: {what}" if field else what)

    def inside(self, field: str) -> "RowError":
        """The same error, one level further out."""
        whole = f"{field}, {self.field}" if self.field else field
        return RowError(whole, self.what, skip=self.skip)


def nameless(row: Any) -> tuple[None, None]:
    """No id and no task."""
    return None, None


def parse_each(
    rows: Iterable[tuple[Place, Any]],
    parse: Callable[[Place, Any], _T],
    names: Callable[[Any], tuple[str | None, str | None]] = nameless,
) -> Iterator[_T | Problem]:
    """What each row gives, in order, or what is wrong with it. A row may be the RowError that reading it ended in.

    names: the id and the task of a row that cannot be used, as far as it has them.
    """
    for place, row in rows:
        try:
            if isinstance(row, RowError):
                raise row
            yield parse(place, row)
        except RowError as error:
            yield Problem(place, error.field, error.what, error.skip, *names(row))


class BadRows(DataError):
    """Rows that nothing can be made of: the first of them, each on a line of its own."""

    SHOWN = 20

    def __init__(self, problems: list[Problem], *, hint: str = "") -> None:
        self.problems = problems
        first = problems[0]
        place = ", ".join(part for part in (first.place.row, first.field) if part)
        if len(problems) == 1:
            super().__init__(first.place.path, first.what, place=place, hint=hint)
            return
        shown = "".join(f"\n  {problem}" for problem in problems[: self.SHOWN])
        more = len(problems) - self.SHOWN
        rest = f"\n  and {more} more" if more > 0 else ""
        last = f"\n  {hint}" if hint else ""
        super().__init__(first.place.path, f"{len(problems)} errors, nothing was imported{shown}{rest}{last}")


def usable(
    items: Iterable[_T | Problem], first: Path, *, skip_errors: bool
) -> tuple[tuple[_T, ...], tuple[Problem, ...]]:
    """What rows gave, and those that are skipped. first: the file that is named where nothing can be used.

    Raises BadRows with every row that cannot be read unless they are skipped, and DataError where none is left.
    """
    good, bad = list[_T](), list[Problem]()
    for item in items:
        if isinstance(item, Problem):
            bad.append(item)
        else:
            good.append(item)
    errors = [problem for problem in bad if not problem.skip]
    if errors and not skip_errors:
        raise BadRows(errors, hint="correct the rows, or leave them out with --skip-errors" if len(errors) > 1 else "")
    if not good:
        raise DataError(first, "holds no row that can be used")
    return tuple(good), tuple(bad)


def brief(value: Any) -> str:
    """A value of the user's in an error, in a few words."""
    text = repr(value) if isinstance(value, str | int | float | bool) or value is None else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


def names_of(row: dict[str, Any]) -> str:
    """The fields of a row, for an error."""
    names = [brief(str(name))[1:-1] for name in row]
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "nothing"
