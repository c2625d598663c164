"""What comes with the package: the seed harnesses, and the simulated task sets of `TASK_SETS`.

In a checkout they are at the top level; a wheel holds them in `_data`. They are never written to.
"""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_DATA = _HERE / "_data"
TASK_SETS = ("skyways", "errands", "puzzles", "frontdesk")


def seeds() -> Path:
    """The folder of the seed harnesses."""
    return _home() / "seed_harnesses"


def task_set(name: str) -> Path | None:
    """The folder of a shipped task set, given by name or by its path in an installed package; None for another."""
    path = _home() / "tasks" / Path(name).name
    is_meant = name == path.name or (path.is_relative_to(_DATA) and Path(name).resolve() == path)
    return path if path.name in TASK_SETS and is_meant else None


def _home() -> Path:
    return _DATA if _DATA.is_dir() else _HERE.parent
