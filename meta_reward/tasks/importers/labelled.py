"""Runs in our own format for users' data, as JSON lines, CSV or a JSON list.

A row is `{task, messages, label?, annotator?, policy?, tools?, id?}`. A label is a number; higher is better. Rows
without one are kept as unlabelled. If several annotators labelled a trajectory, each has a row.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.tasks.importers.fields import (
    MESSAGES,
    as_object,
    number_of,
    run_of,
    task_of,
    text_field,
    value_at,
)
from meta_reward.tasks.importers.record import Item, Options, Place, Record, RowError, parse_each
from meta_reward.tasks.importers.rows import iter_rows


def recognizes(row: dict[str, Any]) -> bool:
    return any(name in row for name in MESSAGES) or {"input", "output"} <= set(row)


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(iter_rows(path), partial(_record, options=options), partial(_names, options=options))


def _names(row: Any, options: Options) -> tuple[str | None, str | None]:
    """The id and the task of a row that has an error."""
    if not isinstance(row, dict):
        return None, None
    id = task = None
    with suppress(RowError):
        id = text_field(row, "id")
    with suppress(RowError):
        task = task_of(row, options.task_key)
    return id, task


def _record(place: Place, row: Any, options: Options) -> Record:
    fields = as_object(row)
    label_key = options.label_key or "label"
    label = number_of(value_at(fields, label_key), label_key)
    return Record(
        place,
        run_of(fields, keep_unparsed=options.keep_unparsed),
        task=task_of(fields, options.task_key),
        label=label,
        id=text_field(fields, "id"),
        annotator=None if label is None else text_field(fields, "annotator"),
    )
