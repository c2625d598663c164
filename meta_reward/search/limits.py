"""The limits of a run: when one is reached, and that no money is spent without one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import Backend, Usage
from meta_reward.errors import LimitReached, UsageError
from meta_reward.models.usage import Spent
from meta_reward.run.settings import Limits

_SOME = Usage(1_000_000, 1_000_000)
_LIFT = "lift it with --max-usd none"


NOTHING = Spent()
NEAR = 0.8
"""The share of a limit from which on it is nearly reached."""


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """The limits of a run, for `Gateway.limit`. Calls in flight count at what they are expected to take."""

    limits: Limits
    now: Callable[[], float]
    began: float
    """When hours began to count, by `now`."""

    def __call__(self, spent: Spent, held: Spent = NOTHING) -> None:
        """Raise LimitReached if another call would go beyond a limit. held: to be left of the limits for later."""
        for name, (value, expected, kept) in self._used(spent, held).items():
            limit = self._limit(name)
            if limit and value + kept >= limit:
                raise LimitReached(name, round(value, 4), limit, expected=round(expected, 4), held=round(kept, 4))

    def near(self, spent: Spent, held: Spent = NOTHING) -> dict[str, tuple[float, float]]:
        """What is used of each limit that is nearly reached, and the limit."""
        used = {name: value + kept for name, (value, _, kept) in self._used(spent, held).items()}
        limits = {name: self._limit(name) for name in used}
        return {name: (used[name], limits[name]) for name in used if 0 < limits[name] * NEAR <= used[name]}

    def _limit(self, name: str) -> float:
        return float(getattr(self.limits, name.replace("-", "_")))

    def _used(self, spent: Spent, held: Spent) -> dict[str, tuple[float, float, float]]:
        """By limit: what is used, how much of that is expected of calls in flight, and what is held back."""
        return {
            "max-calls": (spent.calls + spent.pending_calls, 0, held.calls),  # each of them is one, whatever it takes
            "max-tokens": (spent.tokens + spent.pending_tokens, spent.pending_tokens, held.tokens),
            "max-usd": (spent.cost_usd + spent.pending_usd, spent.pending_usd, held.cost_usd),
            "max-hours": ((self.now() - self.began) / 3600, 0, 0),
        }


def limit_check(limits: Limits, now: Callable[[], float] = time.monotonic) -> LimitCheck:
    """The check of these limits. Hours count from now."""
    return LimitCheck(limits, now, now())


def require_limit(backend: Backend, spec: str, limits: Mapping[str, Any]) -> None:
    """Raise UsageError if a judge may cost money and no limit is set. limits: those that the user has set."""
    if backend.simulated:
        return
    price = backend.cost_usd(_SOME)
    if price is None and limits.get("max_usd"):
        what = f"the price of {spec} is not known, so that no limit in dollars can hold"
        raise UsageError(what, hint="limit it with --max-tokens N or --max-calls N instead of --max-usd")
    if price is None and not {"max_usd", "max_tokens", "max_calls"} & set(limits):
        what = f"the price of {spec} is not known, and nothing limits what may be spent"
        raise UsageError(what, hint=f"set a limit with --max-tokens N or --max-calls N, or {_LIFT}")
    if price and "max_usd" not in limits:
        raise UsageError(f"{spec} costs money, and no limit is set", hint=f"set one with --max-usd 20, or {_LIFT}")
