"""The samples of an Inspect AI log: of a JSON document, or of an `.eval` file, which its own package reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.importers.rows import iter_rows


def iter_samples(path: Path) -> Iterator[Any]:
    """Every sample, in order. Raises DataError for a file that cannot be read."""
    return _packed(path) if path.suffix.lower() == ".eval" else _plain(path)


def _plain(path: Path) -> Iterator[Any]:
    for _, log in iter_rows(path):
        if not isinstance(log, dict) or not isinstance(log.get("samples"), list):
            raise DataError(path, "is not an Inspect log with samples: wants an object {eval, samples}")
        yield from log["samples"]


def _packed(path: Path) -> Iterator[Any]:
    """The samples of an `.eval` file, one at a time."""
    try:
        from inspect_ai.log import read_eval_log_samples
    except ImportError:
        hint = "pip install 'meta-reward[inspect]'"
        raise DataError(path, "is an .eval file, which needs the package inspect-ai", hint=hint) from None
    try:
        for sample in read_eval_log_samples(str(path), all_samples_required=False):
            yield sample.model_dump(mode="json")
    except Exception as error:  # whatever a damaged archive does to its reader
        raise DataError(path, f"cannot be read by inspect-ai: {type(error).__name__}: {error!s:.100}") from None
