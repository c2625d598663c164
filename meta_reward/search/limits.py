"""The limits of a run: they stop it when one is reached, and no money is spent if none is set."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import Backend, Usage
from meta_reward.errors import LimitReached, UsageError
from meta_reward.models.billing import load_bill
from meta_reward.models.usage import Spent
from meta_reward.propose.session_cost import proposer_usd
from meta_reward.run.layout import Layout
from meta_reward.run.settings import Limits

_SOME = Usage(1_000_000, 1_000_000)
_LIFT = "lift it with --max-usd none"
_PRICED = "set one with --max-usd 20"
_UNPRICED = "limit it with --max-tokens N or --max-calls N"

NOTHING = Spent()
NEAR = 0.8
"""The share of a limit at which a warning is due."""


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a limit that is set is used."""

    name: str
    limit: float
    value: float
    """What is used, including what calls in flight are expected to take."""
    expected: float = 0.0
    """The part of `value` that calls in flight are expected to take."""
    held: float = 0.0
    """The part of the limit that is held back for later."""

    @property
    def is_near(self) -> bool:
        """Whether the limit is nearly reached."""
        return self.value + self.held >= self.limit * NEAR


@dataclass(frozen=True, slots=True)
class LimitCheck:
    """The limits of a run, for `Gateway.limit`. Calls in flight count with the tokens and dollars expected of them."""

    limits: Limits
    now: Callable[[], float]
    began: float
    """The value of `now`, in seconds, when hours began to count."""

    def __call__(self, spent: Spent) -> None:
        """Raise LimitReached if another call would go beyond a limit."""
        stop_at(self.used(spent))

    def used(self, spent: Spent, held: Spent = NOTHING) -> list[Used]:
        """The usage of each limit that is set. held: the parts that are held back for later."""
        limits, tokens, usd = self.limits, spent.pending_tokens, spent.pending_usd
        every = (
            Used("max-calls", float(limits.max_calls), spent.calls + spent.pending_calls, held=held.calls),
            Used("max-tokens", float(limits.max_tokens), spent.tokens + tokens, tokens, held.tokens),
            Used("max-usd", limits.max_usd, spent.cost_usd + usd, usd, held.cost_usd),
            Used("max-hours", limits.max_hours, (self.now() - self.began) / 3600),
        )
        return [used for used in every if used.limit]


def stop_at(used: Iterable[Used]) -> None:
    """Raise LimitReached if another call would go beyond a limit."""
    for one in used:
        if one.value + one.held >= one.limit:
            expected, held = round(one.expected, 4), round(one.held, 4)
            raise LimitReached(one.name, round(one.value, 4), one.limit, expected=expected, held=held)


def limit_check(limits: Limits, now: Callable[[], float] = time.monotonic) -> LimitCheck:
    """The check of these limits. Hours count from now."""
    return LimitCheck(limits, now, now())


def elsewhere_usd(layout: Layout) -> float:
    """US dollars that a run has cost apart from its own judge: its proposer, and the learned reward if it has one."""
    return proposer_usd(layout) + load_bill(layout.objective_account).spent.cost_usd


def require_limit(
    backend: Backend, spec: str, limits: Mapping[str, Any], *, unpriced: str = _UNPRICED, priced: str = _PRICED
) -> None:
    """Raise UsageError if a judge may cost money and no limit is set.

    limits: those that the user has set. unpriced, priced: the hint for a judge without and with a known price.
    """
    if backend.simulated:
        return
    price = backend.cost_usd(_SOME)
    if price is None and limits.get("max_usd"):
        what = f"the price of {spec} is not known, so a limit in dollars cannot be enforced"
        raise UsageError(what, hint=unpriced)
    if price is None and not {"max_usd", "max_tokens", "max_calls"} & set(limits):
        what = f"the price of {spec} is not known, and nothing limits what may be spent"
        raise UsageError(what, hint=f"{unpriced}, or {_LIFT}")
    require_usd_limit(backend, spec, limits, priced=priced)


def require_usd_limit(backend: Backend, spec: str, limits: Mapping[str, Any], *, priced: str = _PRICED) -> None:
    """Raise UsageError if a model is known to cost money and no limit in dollars is set."""
    if backend.cost_usd(_SOME) and "max_usd" not in limits:
        raise UsageError(f"{spec} costs money, and no limit is set", hint=f"{priced}, or {_LIFT}")
