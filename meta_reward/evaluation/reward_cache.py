"""Rewards on disk, beside the judge's replies: a harness that has scored a trajectory need not be run on it again.

    <judge's folder in the cache>/rewards/ab/KEY.jsonl
    {"trajectory": DIGEST, "repeat": 0, "reward": {...}, "calls": [{"ask": 1, "turn": 1, "draw": 0, "key": ...}],
     "printed": ""}

There is one file for each combination of what else a reward depends on: the harness, the judge's settings, the
budget, the sandbox and its interpreter. A line holds only the keys of the replies: if one of them is no longer in
the cache, the reward is not used. Failures are not kept, because a time-out or an endpoint's error may not happen
again. A harness that failed on one trajectory is run again on all of them; otherwise one that fails by chance
would improve with every evaluation.
"""

import hashlib
import sys
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


@dataclass(frozen=True, slots=True)
class KnownReward:
    """A reward from the cache, the calls behind it, and what the harness printed."""

    reward: Reward
    calls: list[Call]
    printed: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A reward as the file holds it."""

    trajectory: str
    """The digest of the trajectory."""
    repeat: int
    reward: Reward
    calls: list[CallKey]
    printed: str


@dataclass(frozen=True, slots=True)
class RewardCache:
    """The rewards that one harness gave with one judge."""

    path: Path | None = None
    """None to keep nothing."""
    _lines: dict[tuple[str, int], _Line] = field(default_factory=dict)

    def find(self, digest: str, repeat: int, gateway: Gateway) -> KnownReward | None:
        """The reward of a trajectory and the calls behind it, which count like any that the cache answers.

        None if it is not known, or one of its replies is gone. Raises LimitReached.
        """
        line = self._lines.get((digest, repeat))
        if line is None:
            return None
        calls = gateway.recall(line.calls, trajectory_digest=digest, repeat=repeat)
        return None if calls is None else KnownReward(line.reward, calls, line.printed)

    def keep(self, digest: str, repeat: int, reward: Reward, calls: list[Call], printed: str) -> None:
        """Write a reward down, unless one of its calls failed."""
        if self.path is None or any(call.error is not None for call in calls):
            return
        keys = [CallKey(call.ask, call.turn, call.draw, call.key) for call in calls]
        line = _Line(digest, repeat, reward, keys, printed)
        files.append_line(self.path, line)
        self._lines[digest, repeat] = line

    def fail(self, digest: str) -> None:
        """Write down that the harness failed on a trajectory, so that the next evaluation starts over."""
        if self.path is not None:
            files.append_line(self.path, {"failed": digest})


def open_reward_cache(source: str, gateway: Gateway, sandbox: Sandbox) -> RewardCache:
    """The rewards of a harness with this judge in this sandbox, ready for more."""
    if gateway.rewards_folder is None:
        return RewardCache()
    key = _key(source, gateway, sandbox)
    path = gateway.rewards_folder / key[:2] / f"{key}.jsonl"
    try:
        files.repair_journal(path)
        lines = {(line.trajectory, line.repeat): line for line in map(_parse, files.iter_whole_lines(path))}
    except (DataError, KeyError, TypeError, ValueError):  # the harness has failed, or the file is damaged
        with suppress(OSError):
            path.unlink()
        lines = {}
    return RewardCache(path, lines)


def _parse(line: dict[str, Any]) -> _Line:
    if "failed" in line:
        raise ValueError("the harness has failed")
    calls = [CallKey(int(c["ask"]), int(c["turn"]), int(c["draw"]), c["key"]) for c in line["calls"]]
    reward = check_reward(Reward(**line["reward"]))
    return _Line(line["trajectory"], line["repeat"], reward, calls, str(line["printed"]))


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
    return files.digest(parts)


@cache
def _runtime() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in runtime_modules())).hexdigest()


def _version(package: str) -> list[str]:
    import importlib.metadata

    names = importlib.metadata.packages_distributions().get(package, [])
    return sorted(f"{name} {importlib.metadata.version(name)}" for name in names)
