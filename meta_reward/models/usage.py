"""What was spent: judge calls, tokens and US dollars, how they are added up, and how amounts are shown.

An unknown price is None, never zero. No other module adds up dollars.
"""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from meta_reward.completion import Usage


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent so far. Amounts are added and subtracted field by field."""

    calls: int = 0
    """Calls that were requested, including those that the cache answered."""
    tokens: int = 0
    """Input and output tokens of these calls."""
    misses: int = 0
    """Calls that the cache could not answer; these were sent to the judge and paid for."""
    cost_usd: float = 0.0
    """US dollars paid for those misses whose price is known."""
    unpriced: int = 0
    """How many misses have no known price."""
    pending_calls: int = 0
    """Calls in flight."""
    pending_tokens: int = 0
    """Tokens that the calls in flight are expected to take."""
    pending_usd: float = 0.0
    """US dollars that the calls in flight are expected to cost."""

    @property
    def usd(self) -> float | None:
        """US dollars spent, None if there were misses and none has a known price."""
        return None if self.unpriced and self.unpriced == self.misses else self.cost_usd

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(*map(operator.add, _amounts(self), _amounts(other)))

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(*map(operator.sub, _amounts(self), _amounts(other)))


_amounts = operator.attrgetter(*(item.name for item in fields(Spent)))

Check = Callable[[Spent], None]
"""Raises LimitReached if another call would go beyond a limit."""


def asked_for(usages: Iterable[Usage]) -> Spent:
    """Calls that were requested. usages: of each call."""
    tokens = [usage.input_tokens + usage.output_tokens for usage in usages]
    return Spent(calls=len(tokens), tokens=sum(tokens))


def paid_for(prices: Iterable[float | None]) -> Spent:
    """Calls that were paid for. prices: of each call in US dollars, None if unknown."""
    prices = list(prices)
    return Spent(misses=len(prices), cost_usd=float(known_usd(prices)), unpriced=prices.count(None))


def pending(usage: Usage, price: float | None) -> Spent:
    """A call in flight. usage, price: what it is expected to take and cost."""
    return Spent(pending_calls=1, pending_tokens=usage.input_tokens + usage.output_tokens, pending_usd=price or 0.0)


def known_usd(prices: Iterable[float | None]) -> float:
    """The sum of the known prices."""
    return sum(price or 0.0 for price in prices)


def total_usd(prices: Iterable[float | None]) -> float | None:
    """The sum of all prices, None if one of them is unknown."""
    prices = list(prices)
    return None if None in prices else known_usd(prices)


def dollars(usd: float | None, *, decimals: int | None = None) -> str:
    """An amount in US dollars as text. decimals: by default two, or four below ten cents."""
    if usd is None:
        return "price unknown"
    return f"${usd:,.{decimals or (4 if 0 < usd < 0.1 else 2)}f}"


def dollars_of(spent: Spent) -> str:
    """The money spent as text, with the number of calls whose price is unknown."""
    unpriced = spent.unpriced if spent.usd is not None else 0
    return dollars(spent.usd) + (f", and {unpriced} calls of unknown price" if unpriced else "")
