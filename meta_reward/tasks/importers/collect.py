"""Reading all rows of all files of an import: what can be used, what is skipped, and all errors together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.importers.detect import detect_format, read_file
from meta_reward.tasks.importers.fields import number_of, prompt_name, task_of, text_field
from meta_reward.tasks.importers.record import (
    NO_LABEL,
    BadRows,
    Options,
    PairRecord,
    Place,
    Problem,
    RankedRecord,
    Record,
    RowError,
)
from meta_reward.tasks.importers.rows import iter_rows

_Named = tuple[float | None, str | None]
"""The label and the task that a label file has for a trajectory."""
_NO_TASK = "is missing: runs of one request carry the same task, and pairs come from runs of one task"


@dataclass(slots=True)
class Collected:
    """The content of the files of an import."""

    unlabelled: bool = False
    """Whether to ignore labels; a run that names no task then gets one from its first prompt."""
    records: list[Record] = field(default_factory=list)
    pairs: list[PairRecord] = field(default_factory=list)
    ranked: list[RankedRecord] = field(default_factory=list)
    """Their pairs are also in `pairs`."""
    skipped: list[Problem] = field(default_factory=list)
    rows: int = 0
    formats: list[str] = field(default_factory=list)

    def add_file(self, path: Path, options: Options, format: str, *, skip_errors: bool) -> list[Problem]:
        """Add the content of a file. Returns the errors of its rows; raises DataError if the file cannot be read."""
        errors = []
        self.formats.append(format)
        for item in read_file(path, options, format=format):
            self.rows += 1
            if isinstance(item, Record) and self.unlabelled:
                item = replace(item, label=None, annotator=None, task=item.task or prompt_name(item.run))
            if isinstance(item, Record) and item.task is None:
                item = Problem(item.place, options.task_key or "task", _NO_TASK)
            if isinstance(item, PairRecord):
                self.pairs.append(item)
            elif isinstance(item, RankedRecord):
                self.ranked.append(item)
                self.pairs += item.pairs()
            elif isinstance(item, Record):
                self.records.append(item)
            elif item.skip or skip_errors:
                self.skipped.append(item)
            else:
                errors.append(item)
        return errors


def collect(
    paths: Sequence[Path],
    options: Options,
    *,
    format: str | None = None,
    labels: Path | None = None,
    skip_errors: bool = False,
    unlabelled: bool = False,
) -> Collected:
    """Everything in the files. format: the format of all files; by default, the format of each file is detected.

    labels: a file with labels, by trajectory id. skip_errors: leave out rows with an error. unlabelled: ignore labels
    in the files; pairs are then refused, because they say what is better. Raises BadRows with every row that cannot be
    read, and DataError for a file that cannot be read.
    """
    found, errors = Collected(unlabelled), list[Problem]()
    options = replace(options, label_key=NO_LABEL) if unlabelled else options
    for path in dict.fromkeys(paths):
        try:
            errors += found.add_file(path, options, format or detect_format(path), skip_errors=skip_errors)
        except DataError as error:
            if not errors:
                raise
            errors.append(Problem(Place(path, error.place), "", error.what))
    if errors:
        raise BadRows(errors, hint=_hint(errors, options))
    if unlabelled and found.pairs:
        where, what = found.pairs[0].place, "is a pair, which says what is better"
        raise DataError(where.path, what, place=where.row, hint="--unlabelled takes single trajectories")
    if labels is not None:
        found.records = _labelled(found.records, labels, options)
    return found


def _hint(errors: Sequence[Problem], options: Options) -> str:
    if all(error.what == _NO_TASK for error in errors) and options.task_key is None:
        return "name the field that holds it with --task-key"
    if any(error.field == (options.label_key or "label") for error in errors):
        return "correct the labels, or name another field with --label-key"
    return "correct the rows, or leave them out with --skip-errors" if len(errors) > 1 else ""


def _labelled(records: list[Record], path: Path, options: Options) -> list[Record]:
    """The records with the labels and tasks of a label file. Raises BadRows for ids that do not fit one trajectory."""
    named: dict[str, _Named] = {}
    errors = []
    by_id = Counter(record.id for record in records)
    for place, row in iter_rows(path):
        try:
            for id, said in _labels_of(row, options.label_key or "label"):
                if by_id[id] != 1:
                    what = f"is {id[:60]!r}, which {by_id[id] or 'no'} trajectories have"
                    raise RowError("id", what)
                if named.setdefault(id, said) != said:
                    raise RowError("id", f"{id[:60]!r} has two labels")
        except RowError as error:
            errors.append(Problem(place, error.field, error.what))
    if errors:
        raise BadRows(errors, hint="labels are looked up by the field id of the trajectories")
    return [_with(record, named.get(str(record.id))) for record in records]


def _with(record: Record, said: _Named | None) -> Record:
    return record if said is None else replace(record, label=said[0], task=said[1] or record.task)


def _labels_of(row: Any, key: str) -> list[tuple[str, _Named]]:
    """The labels in a row `{id, label, task?}`, or in an object of labels by id."""
    if isinstance(row, RowError):
        raise row
    if not isinstance(row, dict):
        raise RowError("", "is not an object with id and label")
    if "id" in row:
        id = text_field(row, "id")
        return [] if id is None else [(id, (number_of(row.get(key), key), task_of(row, "task")))]
    return [(id, (number_of(label, id[:60]), None)) for id, label in row.items()]


def check_not_empty(found: Collected, path: Path) -> None:
    """Raise DataError if nothing that was read can be used."""
    if not found.records and not found.pairs:
        first = f": {found.skipped[0]}" if found.skipped else ""
        raise DataError(path, f"holds no row that can be used{first}")
