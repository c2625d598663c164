"""Every opening of a task set's test split, counted: `openings.jsonl` beside the task set.

A test split that has been looked at many times no longer says much, so each look is recorded before it
happens, and the count is shown with every later result.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from meta_reward import files

SCHEMA = 1


def record_opening(taskset: Path, digest: str, *, by: str, key: str | None = None) -> int:
    """Record an opening and return how many there are. The same key counts once: it is the same look, resumed."""
    path = taskset / "openings.jsonl"
    files.repair_journal(path)
    if key is None or not any(line["key"] == key for line in _load(path)):
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        files.append_line(path, {"schema": SCHEMA, "when": when, "by": by, "key": key, "digest": digest})
    return count_openings(taskset)


def keep_openings(old: Path, new: Path) -> None:
    """Carry the record of openings over when a task set is made again."""
    if (old / "openings.jsonl").exists():
        files.write_bytes(new / "openings.jsonl", files.read_bytes(old / "openings.jsonl"))


def count_openings(taskset: Path) -> int:
    """How often the test split has been opened."""
    return len(_load(taskset / "openings.jsonl"))


def _load(path: Path) -> list[Any]:
    return list(files.iter_whole_lines(path))
