"""Judge replies on disk, by the content of what was asked: nothing is paid for twice.

    <folder>/ab/abcdef....json    one completion, with the judge that gave it

One file a completion, written atomically, so any number of processes may share the folder and a
person may look into it. A file that cannot be read counts as a miss and is written again.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage, request_to_json
from meta_reward.errors import DataError, UsageError
from meta_reward.trajectory import ToolCall

SCHEMA = 1


def default_cache_folder() -> Path:
    """`$META_REWARD_CACHE`, else `meta-reward` in the user's cache folder. Raises UsageError without a home."""
    if own := os.environ.get("META_REWARD_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "meta-reward"
    except RuntimeError:
        raise UsageError(
            "there is no home folder for the judge's cache", hint="set HOME or META_REWARD_CACHE"
        ) from None


def cache_key(settings: Mapping[str, Any], *, trajectory_digest: str, repeat: int, request: Request, draw: int) -> str:
    """The digest under which a completion is stored. Carries the trajectory, so that a hit can
    tell a candidate nothing about any other trajectory."""
    parts = {
        "schema": SCHEMA,
        "judge": dict(settings),
        "trajectory": trajectory_digest,
        "repeat": repeat,
        "request": request_to_json(request),
        "draw": draw,
    }
    return hashlib.sha256(files.canonical_json(parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of completions."""

    folder: Path

    def load(self, key: str) -> Completion | None:
        """The completion stored under a key, None where there is none that can be read."""
        try:
            return _parse(files.load_json(self._path(key)))
        except (DataError, KeyError, TypeError):
            return None

    def save(self, key: str, completion: Completion, settings: Mapping[str, Any]) -> None:
        """Store a completion."""
        files.write_json(self._path(key), {"schema": SCHEMA, "judge": dict(settings), "completion": asdict(completion)})

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _parse(data: Any) -> Completion:
    stored = data["completion"]
    return Completion(
        text=stored["text"],
        usage=Usage(**stored["usage"]),
        tool_calls=tuple(ToolCall(**call) for call in stored["tool_calls"]),
        stop_reason=stored["stop_reason"],
    )
