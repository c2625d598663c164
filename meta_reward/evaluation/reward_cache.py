"""Rewards on disk, beside the judge's replies: a harness that has scored a trajectory is not run on it again.

    <judge's folder in the cache>/rewards/ab/KEY.jsonl
    {"trajectory": DIGEST, "repeat": 0, "reward": {...}, "calls": [{"ask": 1, "turn": 1, "draw": 0, "key": ...}],
     "printed": ""}

One file for all that a reward follows from beside the trajectory: the harness, the judge's settings, the
budget, the sandbox and the interpreter in it. A line holds no reply, only the keys of its replies: where one
of them is not in the cache any more, there is no reward either. Failures are not kept, since a time-out or an
endpoint's error may be of that day; a harness that failed somewhere is run again everywhere, or one that fails by
chance would get better each time.
"""

import hashlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.harness.confinement import runtime_modules
from meta_reward.harness.runtime import Reward, check_reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Call, CallKey

SCHEMA = 2
_NUMBERS = ("ask", "turn", "draw")


@dataclass(frozen=True, slots=True)
class Kept:
    """A reward that was given before, the calls behind it, and what the harness printed."""

    reward: dict[str, Any]
    calls: list[Call]
    printed: str


@dataclass(frozen=True, slots=True)
class RewardCache:
    """The rewards that one harness gave with one judge. Without a path nothing is kept."""

    path: Path | None = None
    _lines: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)

    def find(self, digest: str, repeat: int, gateway: Gateway) -> Kept | None:
        """The reward of a trajectory and the calls behind it, which are counted like any that the cache answers.

        None where it is not known, or a reply of it is gone. Raises LimitReached.
        """
        line = self._lines.get((digest, repeat))
        if line is None:
            return None
        calls = gateway.recall([CallKey(**call) for call in line["calls"]], trajectory_digest=digest, repeat=repeat)
        return None if calls is None else Kept(line["reward"], calls, line["printed"])

    def keep(self, digest: str, repeat: int, reward: Mapping[str, Any], calls: list[Call], printed: str) -> None:
        """Write a reward down, unless a call of it has failed."""
        if self.path is None or any(call.error is not None for call in calls):
            return
        keys = [{**{name: getattr(call, name) for name in _NUMBERS}, "key": call.key} for call in calls]
        line = {"trajectory": digest, "repeat": repeat, "reward": reward, "calls": keys, "printed": printed}
        files.append_line(self.path, line)
        self._lines[digest, repeat] = line

    def fail(self, digest: str) -> None:
        """Write down that the harness failed on a trajectory: the next evaluation begins anew."""
        if self.path is not None:
            files.append_line(self.path, {"failed": digest})


def open_reward_cache(source: str, gateway: Gateway, sandbox: Sandbox) -> RewardCache:
    """What is kept of a harness with this judge in this sandbox, ready for more."""
    if gateway.rewards_folder is None:
        return RewardCache()
    key = _key(source, gateway, sandbox)
    path = gateway.rewards_folder / key[:2] / f"{key}.jsonl"
    try:
        files.repair_journal(path)
        lines = dict(_parse(line) for line in files.iter_whole_lines(path))
    except (DataError, KeyError, TypeError, ValueError):  # it failed; or written over, or not by us
        with suppress(OSError):
            path.unlink()
        lines = {}
    return RewardCache(path, lines)


def _parse(line: dict[str, Any]) -> tuple[tuple[str, int], dict[str, Any]]:
    if "failed" in line:
        raise ValueError("the harness has failed")
    calls = [{"key": call["key"], **{name: int(call[name]) for name in _NUMBERS}} for call in line["calls"]]
    reward = asdict(check_reward(Reward(**line["reward"])))
    return (line["trajectory"], line["repeat"]), {"reward": reward, "calls": calls, "printed": str(line["printed"])}


def _key(source: str, gateway: Gateway, sandbox: Sandbox) -> str:
    parts = {
        "schema": SCHEMA,
        "harness": source,
        "judge": dict(gateway.backend.settings),
        "budget": asdict(sandbox.budget),
        "sandbox": sandbox.level,
        "packages": {name: _version(name) for name in sandbox.packages},
        "python": sys.version,
        "runtime": _runtime(),
    }
    return hashlib.sha256(files.canonical_json(parts)).hexdigest()


@cache
def _runtime() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in runtime_modules())).hexdigest()


def _version(package: str) -> list[str]:
    import importlib.metadata

    names = importlib.metadata.packages_distributions().get(package, [])
    return sorted(f"{name} {importlib.metadata.version(name)}" for name in names)
