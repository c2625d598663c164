"""Detecting the format of a file from its first rows, and reading a file of any format."""

from collections.abc import Iterator
from pathlib import Path

from meta_reward.errors import DataError
from meta_reward.tasks.importers.record import Item, Options, names_of
from meta_reward.tasks.importers.registry import FORMATS, SUFFIXES, importer
from meta_reward.tasks.importers.rows import sample_rows


def read_file(path: Path, options: Options, *, format: str | None = None) -> Iterator[Item]:
    """One item for each row of a file, in order: a trajectory, with or without a label, a pair, or a problem.

    Rows are read lazily; JSON lines and tables one at a time. format: detected by default.
    Raises DataError for a file that cannot be read.
    """
    yield from importer(format or detect_format(path)).read(path, options)


def detect_format(path: Path) -> str:
    """The format of a file. Raises DataError if no importer recognizes it."""
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    rows = sample_rows(path)
    hint = f"pass --format, one of {', '.join(FORMATS)}"
    if not rows:
        raise DataError(path, "holds no rows that are objects", hint=hint)
    found = next((name for row in rows for name in FORMATS if importer(name).recognizes(row)), None)
    if found is None:
        what = f"is in no known format: its first row has {names_of(rows[0])}"
        raise DataError(path, what, hint="name the fields chosen and rejected, or task, messages and label; or " + hint)
    return found
