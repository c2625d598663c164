"""The account of a run: every call that is paid for, written down before it is sent and when it has ended.

    {"sent": KEY, "tokens": ..., "cost_usd": ...}     about to be sent; what it is expected to take
    {"paid": KEY, "input_tokens": ..., ...}           answered; what it took
    {"void": KEY}                                     ended without an answer, and without a bill

A process that is killed leaves calls that were sent and never ended. They are counted at what was
expected, until `balance` finds the reply in the cache, and with it what it really took. cost_usd is
null where no price is known.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend, Usage
from meta_reward.models.cache import Cache


@dataclass(slots=True)
class Bill:
    """What an account adds up to. unpriced: paid calls without a known price. lost: calls of which only
    the sending is known, counted at what was expected. open: their lines, by key."""

    calls: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    lost: int = 0
    open: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, cost_usd: float | None, calls: int = 1) -> None:
        """Count calls."""
        self.calls += calls
        self.cost_usd += cost_usd or 0.0
        self.unpriced += calls if cost_usd is None else 0


@dataclass(frozen=True, slots=True)
class BillingLog:
    """An account on disk. Without a path nothing is kept."""

    path: Path | None = None

    def sent(self, key: str, expected_tokens: int, cost_usd: float | None) -> None:
        """A call is about to be sent."""
        self._append({"sent": key, "tokens": expected_tokens, "cost_usd": cost_usd})

    def paid(self, key: str, usage: Usage, cost_usd: float | None, *, tries: int) -> None:
        """A call was answered."""
        self._append({"paid": key, **asdict(usage), "cost_usd": cost_usd, "tries": tries})

    def void(self, key: str) -> None:
        """A call ended without an answer."""
        self._append({"void": key})

    def _append(self, line: dict[str, Any]) -> None:
        if self.path is not None:
            files.append_line(self.path, line)


def open_billing_log(path: Path, before: Bill) -> None:
    """Make an account ready for more. before: what was paid by a run that has none yet."""
    if path.exists():
        files.repair_journal(path)
    else:
        files.append_line(
            path, {"before": {"calls": before.calls, "cost_usd": before.cost_usd, "unpriced": before.unpriced}}
        )


def reconcile(path: Path, cache: Cache, backend: Backend) -> None:
    """Write down what became of calls that were cut off, where the cache holds their replies."""
    for key in load_bill(path).open:
        if (completion := cache.load(key)) is not None:
            BillingLog(path).paid(key, completion.usage, backend.cost_usd(completion.usage), tries=1)


def load_bill(path: Path) -> Bill:
    """What was paid, added up."""
    paid = Bill()
    for line in files.iter_whole_lines(path):
        if before := line.get("before"):
            paid.add(before["cost_usd"], calls=before["calls"])
            paid.unpriced += before["unpriced"]
        elif key := line.get("sent"):
            if cut_off := paid.open.pop(key, None):  # sent by a process that was killed, and now again
                _count_lost(paid, cut_off)
            paid.open[key] = line
        else:
            known = paid.open.pop(line.get("paid") or line["void"], None)
            if known and "paid" in line:  # two processes may both find out what became of it
                paid.add(line["cost_usd"])
    for line in paid.open.values():
        _count_lost(paid, line)
    return paid


def _count_lost(paid: Bill, line: dict[str, Any]) -> None:
    paid.add(line["cost_usd"])
    paid.lost += 1
