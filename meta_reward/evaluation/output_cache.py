"""Outputs on disk, next to the model's replies, so that a program is not run on the same example twice.

    <judge's folder in the cache>/rewards/ab/KEY.jsonl
    {"example": DIGEST, "repeat": 0, "entry": "reward", "output": {...},
     "calls": [{"ask": 1, "turn": 1, "draw": 0, "key": ...}], "printed": "", "asked": []}

There is one file for each combination of everything else that an output depends on: the program, the model's settings,
the hosts' data, the budget, the sandbox and its interpreter. A line holds only the keys of the replies; if one of them
is no longer in the cache, the output is not used. Failures are not stored, because a time-out or an endpoint's error
may not happen again. A program that failed on one example is run again on all examples; otherwise a program that fails
by chance would improve with every evaluation.
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
from meta_reward.harness.entries import ENTRIES, Output, output_to_json
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Call, CallKey

SCHEMA = 3


@dataclass(frozen=True, slots=True)
class KnownOutput:
    """An output from the cache, the calls behind it, what the program printed, and what it asked its host."""

    output: Output
    calls: list[Call]
    printed: str
    asked: list[Any]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file."""

    example: str
    """The digest of the program's input."""
    repeat: int
    entry: str
    output: Any
    calls: list[CallKey]
    printed: str
    asked: list[Any]


@dataclass(frozen=True, slots=True)
class OutputCache:
    """The outputs of one program with one model."""

    path: Path | None = None
    """None to store nothing."""
    _lines: dict[tuple[str, int], _Line] = field(default_factory=dict)

    def find(self, digest: str, repeat: int, gateway: Gateway) -> KnownOutput | None:
        """The output on an example, with the calls behind it, which are counted as cached calls.

        None if the output is not known, or one of its replies is no longer in the cache. Raises LimitReached.
        """
        line = self._lines.get((digest, repeat))
        if line is None:
            return None
        calls = gateway.recall(line.calls, trajectory_digest=digest, repeat=repeat)
        if calls is None:
            return None
        return KnownOutput(ENTRIES[line.entry].parse(line.output), calls, line.printed, line.asked)

    def keep(self, digest: str, repeat: int, entry: str, known: KnownOutput) -> None:
        """Store an output, unless one of its calls failed."""
        if self.path is None or any(call.error is not None for call in known.calls):
            return
        keys = [CallKey(call.ask, call.turn, call.draw, call.key, call.role) for call in known.calls]
        line = _Line(digest, repeat, entry, output_to_json(known.output), keys, known.printed, known.asked)
        files.append_line(self.path, line)
        self._lines[digest, repeat] = line

    def fail(self, digest: str) -> None:
        """Record that the program failed on an example, so that the next evaluation runs all examples again."""
        if self.path is not None:
            files.append_line(self.path, {"failed": digest})


def open_output_cache(source: str, gateway: Gateway, sandbox: Sandbox, *, hosts: str = "") -> OutputCache:
    """The output cache of a program with this model in this sandbox. hosts: a digest of the hosts' data."""
    if gateway.rewards_folder is None:
        return OutputCache()
    key = _key(source, gateway, sandbox, hosts)
    path = gateway.rewards_folder / key[:2] / f"{key}.jsonl"
    try:
        files.repair_journal(path)
        lines = {(line.example, line.repeat): line for line in map(_parse, files.iter_whole_lines(path))}
    except (DataError, KeyError, TypeError, ValueError):  # the program has failed, or the file is damaged
        with suppress(OSError):
            path.unlink()
        lines = {}
    return OutputCache(path, lines)


def _parse(line: dict[str, Any]) -> _Line:
    if "failed" in line:
        raise ValueError("the program has failed")
    calls = [CallKey(int(c["ask"]), int(c["turn"]), int(c["draw"]), c["key"], c.get("role")) for c in line["calls"]]
    ENTRIES[line["entry"]].parse(line["output"])
    more = (str(line["printed"]), list(line["asked"]))
    return _Line(line["example"], line["repeat"], line["entry"], line["output"], calls, *more)


def _key(source: str, gateway: Gateway, sandbox: Sandbox, hosts: str) -> str:
    roles = {role: dict(other.backend.settings) for role, other in gateway.roles.items()}
    parts = {
        "schema": SCHEMA,
        "harness": source,
        "hosts": hosts,
        "judge": dict(gateway.backend.settings),
        "budget": asdict(sandbox.budget),
        "sandbox": sandbox.level,
        "packages": {name: _version(name) for name in sandbox.packages},
        "python": sys.version,
        "runtime": _runtime(),
        **({"roles": roles} if roles else {}),
    }
    return files.digest(parts)


@cache
def _runtime() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in runtime_modules())).hexdigest()


def _version(package: str) -> list[str]:
    import importlib.metadata

    names = importlib.metadata.packages_distributions().get(package, [])
    return sorted(f"{name} {importlib.metadata.version(name)}" for name in names)
