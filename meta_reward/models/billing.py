"""Billing logs: every call that costs money, logged before it is sent and again when it has ended.

    {"before": {...}}                                 first line of a run's log: what was paid before it
    {"sent": KEY, "tokens": ..., "cost_usd": ...}     about to be sent; what it is expected to take
    {"paid": KEY, "input_tokens": ..., ...}           answered; what it took
    {"void": KEY}                                     ended without an answer, and without a charge

A killed process leaves calls that were sent but have not ended. They count with their expected cost until `reconcile`
finds the reply in the cache and logs the actual cost. cost_usd is null if the price is not known.

A run has one log. An evaluation outside any run has one log per start, until it finishes:

    <cache>/unfinished/NAME-....jsonl

If a start is killed, interrupted or stopped by a limit, its log stays. The next start of the same evaluation takes over
all logs that no living process holds (by `flock`, which the kernel releases), and their total counts as spent before.
A start that finishes removes them.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend, Usage
from meta_reward.errors import DataError
from meta_reward.models.cache import Cache
from meta_reward.models.usage import Spent, paid_for


@dataclass(frozen=True, slots=True)
class Bill:
    """What a billing log adds up to."""

    spent: Spent
    """Calls that were paid for, and calls that may have been charged."""
    lost: int = 0
    """How many of them were sent but have not ended; they count with their expected cost."""
    open: tuple[str, ...] = ()
    """The keys of those whose replies may still turn up in the cache."""


@dataclass(frozen=True, slots=True)
class BillingLog:
    """A billing log on disk."""

    path: Path | None = None
    """None to log nothing."""

    def sent(self, key: str, expected_tokens: int, cost_usd: float | None) -> None:
        """A call is about to be sent."""
        self._append({"sent": key, "tokens": expected_tokens, "cost_usd": cost_usd})

    def paid(self, key: str, usage: Usage, cost_usd: float | None, *, tries: int) -> None:
        """A call was answered."""
        self._append({"paid": key, **asdict(usage), "cost_usd": cost_usd, "tries": tries})

    def void(self, key: str) -> None:
        """A call ended without an answer."""
        self._append({"void": key})

    def _append(self, line: Mapping[str, object]) -> None:
        if self.path is not None:
            files.append_line(self.path, line)


def open_billing_log(path: Path, before: Spent) -> BillingLog:
    """A log, ready for more lines. before: what the run had paid already, if the log is missing or empty."""
    files.repair_journal(path)
    if not has_bill(path):
        paid = {"calls": before.misses, "cost_usd": before.cost_usd, "unpriced": before.unpriced}
        files.append_line(path, {"before": paid})
    return BillingLog(path)


def has_bill(path: Path) -> bool:
    """Whether a log exists and is not empty: its first line says what was paid before it."""
    return path.exists() and path.stat().st_size > 0


def reconcile(path: Path, cache: Cache | None, backend: Backend) -> None:
    """Log what open calls took, if the cache holds their replies."""
    for key in load_bill(path).open if cache else ():
        if cache and (completion := cache.load(key)) is not None:
            BillingLog(path).paid(key, completion.usage, backend.cost_usd(completion.usage), tries=1)


def load_bill(path: Path) -> Bill:
    """What a log adds up to. Raises DataError if it is damaged."""
    sums = _sums_of(path)
    lost = paid_for([*sums.lost, *sums.open.values()])
    return Bill(sums.paid + lost, lost.misses, tuple(sums.open))


def fold_bill(path: Path) -> None:
    """Save the totals of a log so far in a file next to it, so that `load_bill` need not read all of it again."""
    files.write_json(_folded(path), _sums_of(path))


@dataclass(slots=True)
class _Sums:
    """What the first bytes of a log add up to."""

    bytes: int = 0
    """How many bytes; whole lines only."""
    paid: Spent = field(default_factory=Spent)
    lost: list[float | None] = field(default_factory=list)
    """The expected cost in US dollars of each call that a killed process had sent and that was then sent again."""
    open: dict[str, float | None] = field(default_factory=dict)
    """The expected cost in US dollars of each call that has not ended, by key."""

    def add(self, line: Mapping[str, Any]) -> None:
        """Add the next line."""
        if "before" in line:
            self.paid += _before(line["before"])
        elif key := line.get("sent"):
            if key in self.open:
                self.lost.append(self.open.pop(key))
            self.open[key] = line["cost_usd"]
        else:
            known = self.open.pop(line.get("paid") or line["void"], _UNKNOWN)
            if known is not _UNKNOWN and "paid" in line:  # two processes may both log how it ended
                self.paid += paid_for([line["cost_usd"]])


def _sums_of(path: Path) -> _Sums:
    sums = _load_folded(path)
    with files.reading(path):
        for line, end in files.iter_lines_from(path, sums.bytes):
            sums.add(line)
            sums.bytes = end
    return sums


def _load_folded(path: Path) -> _Sums:
    """The totals that `fold_bill` saved; empty if they are missing, damaged or not about this log."""
    try:
        data = files.load_json(_folded(path))
        sums = _Sums(data["bytes"], Spent(**data["paid"]), data["lost"], data["open"])
    except (DataError, KeyError, TypeError):
        return _Sums()
    return sums if path.exists() and sums.bytes <= path.stat().st_size else _Sums()


def _folded(path: Path) -> Path:
    return path.with_suffix(".sums.json")


@contextmanager
def unfinished_bill(
    folder: Path, name: str, cache: Cache | None, backend: Backend
) -> Iterator[tuple[BillingLog, Spent]]:
    """A new log for the block, and what earlier starts under this name have spent.

    If the block ends without an exception, all these logs are removed; otherwise they stay for the next start.
    """
    with files.writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = _lock_left(folder, name)
        own = folder / f"{name}-{uuid.uuid4().hex[:12]}.jsonl"
        lock = _lock_new(own)
    try:
        for path in left:
            files.repair_journal(path)
            reconcile(path, cache, backend)
        yield BillingLog(own), sum((load_bill(path).spent for path in left), Spent())
        for path in (own, *left):
            path.unlink(missing_ok=True)
    finally:
        if own.exists() and not own.stat().st_size:
            own.unlink(missing_ok=True)
        for handle in (lock, *left.values()):
            os.close(handle)


_UNKNOWN = object()


def _before(paid: Mapping[str, Any]) -> Spent:
    return Spent(misses=paid["calls"], cost_usd=paid["cost_usd"], unpriced=paid["unpriced"])


def _lock_left(folder: Path, name: str) -> dict[Path, int]:
    """The logs under a name that no living process holds, with their file descriptors; they are locked from now on."""
    left = {}
    for path in sorted(folder.glob(f"{name}-*.jsonl")):
        with suppress(FileNotFoundError):  # its process has just finished
            handle = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left[path] = handle
            except BlockingIOError:
                os.close(handle)
    return left


def _lock_new(path: Path) -> int:
    """Create an empty log that is locked before any other process can see it. Returns its file descriptor."""
    hidden = path.with_name(f".{path.name}")
    handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    hidden.rename(path)
    return handle
