"""Judge replies on disk, by the content of the request, so that nothing is paid for twice.

    <folder>/replies/<judge>/ab/abcdef....json              a request, the judge's settings, and the completion
    <folder>/replies/<judge>/claims                         which questions are being asked (`claims.py`)
    <folder>/replies/<judge>/rewards/ab/abcdef....jsonl     outputs of programs (`evaluation/output_cache.py`)

There is one file per completion, written atomically, so that any number of processes can share the folder. A file that
cannot be read counts as a miss and is written again. Clearing the cache leaves folders in place, because another
process may be about to write there. Requests are stored too, as lines that can be read and grepped, so only the owner
may read the folder.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage, request_from_json, request_to_json
from meta_reward.errors import DataError, UsageError
from meta_reward.models.claims import Claims, claims_in
from meta_reward.trajectory import ToolCall

SCHEMA = 1
REWARDS = "rewards"
_REPLIES, _REPLY = "replies", ".json"
_DAY_S = 86400.0


def default_cache_folder() -> Path:
    """`$META_REWARD_CACHE`, else `meta-reward` in the user's cache folder. Raises UsageError without a home folder."""
    if own := os.environ.get("META_REWARD_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "meta-reward"
    except RuntimeError:
        raise UsageError(
            "there is no home folder for the judge's cache", hint="set HOME or META_REWARD_CACHE"
        ) from None


def folder_of_judge(spec: str, root: Path | None = None) -> Path:
    """The folder of a judge's completions, named after the judge and readable by its owner alone."""
    root = root or default_cache_folder()
    with files.writing(root):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root / _REPLIES / quote(spec, safe=":@")


def cache_key(settings: Mapping[str, Any], *, trajectory_digest: str, repeat: int, request: Request, draw: int) -> str:
    """The key under which a completion is stored, a SHA-256 in hexadecimal.

    It includes the trajectory, so that a cache hit reveals nothing to a candidate about other trajectories.
    """
    parts = {
        "schema": SCHEMA,
        "judge": dict(settings),
        "trajectory": trajectory_digest,
        "repeat": repeat,
        "request": request_to_json(request),
        "draw": draw,
    }
    return files.digest(parts)


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of completions."""

    folder: Path

    @property
    def claims(self) -> Claims:
        """The questions that processes are asking at the moment."""
        return claims_in(self.folder)

    def load(self, key: str) -> Completion | None:
        """The completion stored under a key, None if it is missing or unreadable."""
        try:
            return _parse(files.load_json(self._path(key)))
        except (DataError, KeyError, TypeError):
            return None

    def load_asked(self, key: str) -> tuple[Request, Completion] | None:
        """The request and completion stored under a key, None if missing or unreadable.

        The caller must check that the key belongs to the request.
        """
        try:
            entry = files.load_json(self._path(key))
            return request_from_json(entry["request"]), _parse(entry)
        except (DataError, KeyError, TypeError, ValueError, AttributeError):
            return None

    def save(
        self, key: str, completion: Completion, settings: Mapping[str, Any], request: Request | None = None
    ) -> None:
        """Store a completion, and its request for people who look into the cache."""
        asked = files.as_lines(request_to_json(request)) if request else None
        entry = {"schema": SCHEMA, "judge": dict(settings), "request": asked, "completion": completion}
        files.write_json(self._path(key), entry)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{_REPLY}"


def _parse(data: Any) -> Completion:
    stored = data["completion"]
    return Completion(
        text=stored["text"],
        usage=Usage(**stored["usage"]),
        tool_calls=tuple(ToolCall(**call) for call in stored["tool_calls"]),
        stop_reason=stored["stop_reason"],
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """What the cache holds for one judge."""

    judge: str
    entries: int
    """Number of replies."""
    bytes: int
    """Size of the replies and of the rewards next to them."""


def holdings(root: Path, *, judge: str | None = None, older_than_days: float = 0.0) -> list[Holding]:
    """What the cache holds for each judge; judges without stored replies or rewards are left out.

    judge: only this judge. older_than_days: only entries of at least this age.
    """
    before = _before(older_than_days)
    folders = {unquote(folder.name): folder for folder in sorted((root / _REPLIES).glob("*"))}
    found = [_holding(name, _entries(path, before)) for name, path in folders.items() if judge in (None, name)]
    return [holding for holding in found if holding.bytes]


def clear(root: Path, *, judge: str | None = None, older_than_days: float = 0.0) -> list[Holding]:
    """Remove what `holdings` lists for the same arguments. Returns what was removed."""
    before = _before(older_than_days)
    judges = [holding.judge for holding in holdings(root, judge=judge)]
    return [_holding(name, _removed(folder_of_judge(name, root), before)) for name in judges]


def _before(days: float) -> float:
    """The time that many days ago, in seconds since 1970; infinity for 0, which means entries of any age."""
    return time.time() - days * _DAY_S if days else float("inf")


def _holding(judge: str, entries: Iterator[tuple[Path, os.stat_result]]) -> Holding:
    sizes = [(path.suffix == _REPLY, status.st_size) for path, status in entries]
    return Holding(judge, sum(is_reply for is_reply, _ in sizes), sum(size for _, size in sizes))


def _removed(folder: Path, before: float) -> Iterator[tuple[Path, os.stat_result]]:
    for path, status in _entries(folder, before):
        with suppress(FileNotFoundError):  # another process clears it too
            path.unlink()
            yield path, status


def _entries(folder: Path, before: float) -> Iterator[tuple[Path, os.stat_result]]:
    for path in (*folder.glob(f"*/*{_REPLY}"), *folder.glob(f"{REWARDS}/*/*.jsonl")):
        if not path.name.startswith("."):  # another process is writing it
            with suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime <= before:
                    yield path, status
