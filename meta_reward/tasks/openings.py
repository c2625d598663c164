"""A count of every look at a task set's sealed splits: `openings.jsonl` in the task set's folder.

A test split that has been opened many times is no longer informative, so each opening is recorded before it happens,
and every later result shows the count. Decisions on the validation split are counted too, because a program that an
earlier run chose there is not a fresh finalist in a later run.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from meta_reward import files

SCHEMA = 1
_TEST, _VALIDATION = "test", "validation"


def record_opening(taskset: Path, digest: str, *, by: str, key: str | None = None) -> int:
    """Record an opening of the test split; returns how many there are. A repeated key, from a resume, counts once."""
    _record(taskset, {"digest": digest, "by": by, "key": key, "split": _TEST})
    return count_openings(taskset)


def record_look(taskset: Path, digest: str, *, by: str, key: str, chosen: str) -> None:
    """Record a decision on the validation split. chosen: SHA-256 of the chosen program. A repeated key counts once."""
    _record(taskset, {"digest": digest, "by": by, "key": key, "split": _VALIDATION, "chosen": chosen})


def keep_openings(old: Path, new: Path) -> None:
    """Copy the record from the old folder of a task set to the new one, when it is replaced."""
    if (old / "openings.jsonl").exists():
        files.write_bytes(new / "openings.jsonl", files.read_bytes(old / "openings.jsonl"))


def count_openings(taskset: Path) -> int:
    """How often the test split has been opened."""
    return sum(line["split"] == _TEST for line in _load(taskset / "openings.jsonl"))


def count_looks(taskset: Path) -> int:
    """How many decisions were made on the validation split, by all runs."""
    return sum(line["split"] == _VALIDATION for line in _load(taskset / "openings.jsonl"))


def chosen_before(taskset: Path, digest: str, *, run: str) -> set[str]:
    """SHA-256 of the programs that other runs chose on the same task set. run: the start of this run's keys."""
    looks = [line for line in _load(taskset / "openings.jsonl") if line["split"] == _VALIDATION]
    return {line["chosen"] for line in looks if line["digest"] == digest and not line["key"].startswith(run)}


def _record(taskset: Path, about: Mapping[str, str | None]) -> None:
    path = taskset / "openings.jsonl"
    files.repair_journal(path)
    if about["key"] is None or not any(line["key"] == about["key"] for line in _load(path)):
        when = datetime.now().astimezone().isoformat(timespec="seconds")
        files.append_line(path, {"schema": SCHEMA, "when": when, **about})


def _load(path: Path) -> list[dict[str, Any]]:
    with files.reading(path):
        return [_complete(line) for line in files.iter_whole_lines(path)]


def _complete(line: dict[str, Any]) -> dict[str, Any]:
    """A line with its split, which the oldest lines lack. Raises KeyError if anything else is missing."""
    split = line.get("split", _TEST)
    wanted = ("digest", "key", "chosen") if split == _VALIDATION else ("digest", "key")
    return {"split": split, **{name: line[name] for name in wanted}}
