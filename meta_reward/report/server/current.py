"""A run as it is on disk now: read again only if it has changed, and shared by all pages.

A search that works on it writes its files atomically. This module writes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from meta_reward import files
from meta_reward.report.page.collect import RunPage, collect_run
from meta_reward.report.page.details import load_search_rollouts
from meta_reward.report.page.outcomes import PairMap, collect_map
from meta_reward.report.status import Status, status_of
from meta_reward.run.layout import Layout
from meta_reward.run.lock import is_locked
from meta_reward.trajectory import Rollout

_STATUS_S = 1.5
_MOST_OF_THE_TIME = 0.25
Value = TypeVar("Value")


@dataclass(slots=True)
class Kept(Generic[Value]):
    """The last value that was made, and the version of its source."""

    _of: str = ""
    _value: Value | None = None
    _lock: Lock = field(default_factory=Lock)

    def get(self, of: str, make: Callable[[], Value]) -> Value:
        """The value for version `of` of its source; made if that version is new, and others who ask wait meanwhile."""
        with self._lock:
            if self._value is None or self._of != of:
                self._value = make()
                self._of = of
            return self._value


@dataclass(slots=True)
class Paced(Generic[Value]):
    """A value that is made again on request, but so rarely that making it takes only a small part of the time."""

    _until: float = 0.0
    _value: Value | None = None
    _lock: Lock = field(default_factory=Lock)

    def get(self, make: Callable[[], Value]) -> Value:
        """The value, at most a moment old, or older if it takes long to make."""
        with self._lock:
            began = time.monotonic()
            if self._value is None or began > self._until:
                self._value = make()
                ended = time.monotonic()
                self._until = ended + max(_STATUS_S, (ended - began) / _MOST_OF_THE_TIME)
            return self._value

    @property
    def last(self) -> Value | None:
        """The last value, without making one."""
        return self._value


@dataclass(frozen=True, slots=True)
class Current:
    """A run as it is on disk now. Each of its methods raises DataError if a file is damaged."""

    layout: Layout
    _run: Kept[RunPage] = field(default_factory=Kept)
    _map: Kept[PairMap] = field(default_factory=Kept)
    _rollouts: Kept[dict[str, Rollout]] = field(default_factory=Kept)
    _status: Paced[Status] = field(default_factory=Paced)

    def version(self) -> str:
        """A text that changes whenever the record does, or another candidate is scored or rejected."""
        layout = self.layout
        record = (layout.config, layout.ledger, layout.iterations, layout.outcomes, layout.candidates)
        ended = (layout.stop, layout.decision, layout.decisions, layout.test_result)
        stats = [path.stat() if path.exists() else None for path in (*record, *ended)]
        scored = sum(1 for _ in layout.candidates.glob("c*-*/scores.json"))
        seen = [(stat.st_mtime_ns, stat.st_size) if stat else None for stat in stats]
        return files.digest([seen, scored, is_locked(layout)])[:16]

    def run(self) -> RunPage:
        """What the first page shows, except its pairs."""
        return self._run.get(self.version(), lambda: collect_run(self.layout))

    def map(self) -> PairMap:
        """The outcome of every search pair under every candidate."""
        rows = self.run().rows
        scored = files.digest([row.id for row in rows if row.score is not None])
        return self._map.get(scored, lambda: collect_map(self.layout, rows))

    def rollouts(self) -> dict[str, Rollout]:
        """The trajectories of the search split; a run never changes its copy."""
        return self._rollouts.get("copy", lambda: load_search_rollouts(self.layout))

    def status(self) -> Status:
        """Its status, at most a moment old."""
        return self._status.get(lambda: status_of(self.layout))
