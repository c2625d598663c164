"""Rows of labelled texts: which field is the text and which the label, and what part of the set each row is for.

A row is for training, for one of the splits, or for any of them: a column says so, or the name of its file. Rows
that cannot be read are Problems with their places, all of them at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.importers.fields import as_object, value_at
from meta_reward.tasks.importers.record import Place, Problem, RowError, brief, names_of, parse_each, usable
from meta_reward.tasks.importers.rows import iter_rows, sample_rows
from meta_reward.tasks.records import is_name

TRAIN, SEARCH, VALIDATION, TEST = "train", "search", "validation", "test"
_TEXT = ("text", "question", "input", "sentence", "message", "content", "utterance", "document")
_LABEL = ("label", "answer", "target", "output", "class", "category", "intent")
_PARTS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    "search": SEARCH,
    **dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION),
    "test": TEST,
}
_IN_NAME = re.compile(r"(?<![a-z])(train|test)(?:ing|set|data|split)?(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Keys:
    """The fields of a row; `a.b` is field b of field a. None where they are not given."""

    text: str | None = None
    label: str | None = None
    dataset: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row."""

    place: Place
    dataset: str
    text: str
    label: str
    part: str
    """`train` or a split; "" where nothing says."""


@dataclass(frozen=True, slots=True)
class TextRows:
    """All rows of some files."""

    rows: tuple[TextRow, ...]
    keys: tuple[Keys, ...]
    """By which each file was read."""
    skipped: tuple[Problem, ...]


def read_text_rows(paths: Sequence[Path], keys: Keys, *, name: str, skip_errors: bool = False) -> TextRows:
    """Every row of the files, in order. name: of the data set, where neither a field nor a folder names it.

    Raises BadRows with every row that cannot be read unless they are skipped, and DataError for a whole file.
    """
    used = {path: fields_of(path, keys) for path in paths}
    rows, skipped = usable(
        (item for path, keys in used.items() for item in _read(path, keys, name)), paths[0], skip_errors=skip_errors
    )
    return TextRows(rows, tuple(dict.fromkeys(used.values())), skipped)


def fields_of(path: Path, keys: Keys) -> Keys:
    """The fields of a file: those given, else by their usual names. Raises DataError that lists what there is."""
    sample = sample_rows(path)
    if not sample:
        raise DataError(path, "holds no rows that are objects")
    return replace(
        keys,
        text=_field(path, sample, keys.text, _TEXT, "--text"),
        label=_field(path, sample, keys.label, _LABEL, "--label"),
        dataset=_field(path, sample, keys.dataset, (), "--dataset"),
        split=_field(path, sample, keys.split, (), "--split"),
    )


def _field(
    path: Path, sample: Sequence[dict[str, Any]], given: str | None, usual: Iterable[str], flag: str
) -> str | None:
    names = [given] if given else list(usual)
    found = next((name for name in names if any(value_at(row, name) is not None for row in sample)), None)
    if names and found is None:
        there = names_of(sample[0])
        what = f"has no field {given!r}; it has {there}" if given else f"says nowhere what {flag} is; it has {there}"
        raise DataError(path, what, hint=f"name a field with {flag}")
    return found


def _read(path: Path, keys: Keys, name: str) -> Iterator[TextRow | Problem]:
    in_name = {found.lower() for found in _IN_NAME.findall(path.stem)}
    part = TRAIN if TRAIN in in_name else TEST if TEST in in_name else ""
    folder = path.parent.name
    dataset = folder if is_name(folder) else name
    return parse_each(iter_rows(path), partial(_row, keys=keys, dataset=dataset, part=part))


def _row(place: Place, given: Any, *, keys: Keys, dataset: str, part: str) -> TextRow:
    row = as_object(given)
    text, label = _text(row, keys.text or ""), _text(row, keys.label or "")
    if keys.dataset is not None:
        dataset = _text(row, keys.dataset)
    if keys.split is not None:
        said = _text(row, keys.split)
        if said.lower() not in _PARTS:
            raise RowError(keys.split, f"is {brief(said)}, not one of {', '.join(_PARTS)}")
        part = _PARTS[said.lower()]
    return TextRow(place, dataset, text, label, part)


def _text(row: dict[str, Any], key: str) -> str:
    value = value_at(row, key)
    if value is None and key not in row:
        raise RowError(key, f"is missing; the row has {names_of(row)}")
    if value is not None and not isinstance(value, str | int | float):
        raise RowError(key, f"is {brief(value)}, not text")
    text = "" if value is None else str(value).replace("\r\n", "\n").strip()
    if not text:
        raise RowError(key, "is empty")
    return text
