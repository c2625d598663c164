"""The formats that can be read, by name. Each is one module, imported when it is asked for.

A module has `recognizes(row)`, whether a file whose first row this is holds its format, and
`read(path, options)`, one item for each row of the file, in order, read as it is asked for.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from meta_reward.tasks.importers.record import Item, Options


class Importer(Protocol):
    """A module that reads one format."""

    def recognizes(self, row: dict[str, Any]) -> bool: ...

    def read(self, path: Path, options: "Options") -> Iterator["Item"]: ...


def importer(format: str) -> Importer:
    """The reader of one of `FORMATS`."""
    return cast(Importer, importlib.import_module(f"meta_reward.tasks.importers.{_MODULES[format]}"))


# In the order in which detection asks them.
_MODULES = {
    "tau2-bench": "tau2_bench",
    "tau-bench": "tau_bench",
    "plan-rewardbench": "plan_rewardbench",
    "inspect": "inspect_log",
    "claude-code": "claude_code",
    "atif": "atif",
    "verifiers": "verifiers",
    "mlflow": "mlflow_traces",
    "pairs": "pairs",
    "ranked": "ranked",
    "labelled": "labelled",
}
FORMATS = tuple(_MODULES)
SUFFIXES = {".eval": "inspect"}
"""Formats of files that are told by their names, since their rows cannot be read without a package."""
