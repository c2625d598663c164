"""Which format a file holds, from its first rows."""

from pathlib import Path

from meta_reward.errors import DataError
from meta_reward.tasks.importers.record import names_of
from meta_reward.tasks.importers.registry import FORMATS, importer
from meta_reward.tasks.importers.rows import sample_rows


def detect_format(path: Path) -> str:
    """The format of a file. Raises DataError where no importer recognizes it."""
    rows = sample_rows(path)
    hint = f"pass --format, one of {', '.join(FORMATS)}"
    if not rows:
        raise DataError(path, "holds no rows that are objects", hint=hint)
    found = next((name for row in rows for name in FORMATS if importer(name).recognizes(row)), None)
    if found is None:
        what = f"is in no known format: its first row has {names_of(rows[0])}"
        raise DataError(path, what, hint="name the fields chosen and rejected, or task, messages and label; or " + hint)
    return found
