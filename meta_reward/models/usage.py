"""What was spent: judge calls, tokens and US dollars, how they are added up, and how an amount is shown.

A price that is not known is None, never zero. Nothing else in the package adds up dollars.
"""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from meta_reward.completion import Usage


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent so far. Amounts are added and subtracted field by field."""

    calls: int = 0
    """Calls that were asked for, also those that the cache answered."""
    tokens: int = 0
    """Input and output tokens of these calls."""
    misses: int = 0
    """Calls that the cache could not answer; these were sent to the judge and paid for."""
    cost_usd: float = 0.0
    """US dollars paid for them, as far as their prices are known."""
    unpriced: int = 0
    """How many of them have no known price."""
    pending_calls: int = 0
    """Calls in flight."""
    pending_tokens: int = 0
    """Tokens that these are expected to take."""
    pending_usd: float = 0.0
    """US dollars that these are expected to cost."""

    @property
    def usd(self) -> float | None:
        """The money spent, None if no call had a known price."""
        return None if self.unpriced and self.unpriced == self.misses else self.cost_usd

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(*map(operator.add, _amounts(self), _amounts(other)))

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(*map(operator.sub, _amounts(self), _amounts(other)))


_amounts = operator.attrgetter(*(item.name for item in fields(Spent)))

Check = Callable[[Spent], None]
"""Raises LimitReached if another call would go beyond a limit."""


def asked_for(usages: Iterable[Usage]) -> Spent:
    """Calls that were asked for, by what each took."""
    tokens = [usage.input_tokens + usage.output_tokens for usage in usages]
    return Spent(calls=len(tokens), tokens=sum(tokens))


def paid_for(prices: Iterable[float | None]) -> Spent:
    """Calls that were paid for, by the price of each; None for a price that is not known."""
    prices = list(prices)
    return Spent(misses=len(prices), cost_usd=float(known_usd(prices)), unpriced=prices.count(None))


def pending(usage: Usage, price: float | None) -> Spent:
    """A call in flight, by what it is expected to take."""
    return Spent(pending_calls=1, pending_tokens=usage.input_tokens + usage.output_tokens, pending_usd=price or 0.0)


def known_usd(prices: Iterable[float | None]) -> float:
    """The sum of the prices that are known."""
    return sum(price or 0.0 for price in prices)


def total_usd(prices: Iterable[float | None]) -> float | None:
    """The sum of all prices, None if one of them is not known."""
    prices = list(prices)
    return None if None in prices else known_usd(prices)


def dollars(usd: float | None, *, decimals: int | None = None) -> str:
    """An amount of money as text. decimals: by default two, and four for less than ten cents."""
    if usd is None:
        return "price unknown"
    return f"${usd:,.{decimals or (4 if 0 < usd < 0.1 else 2)}f}"


def dollars_of(spent: Spent) -> str:
    """The money that was spent as text; says how many calls have no known price."""
    unpriced = spent.unpriced if spent.usd is not None else 0
    return dollars(spent.usd) + (f", and {unpriced} calls of unknown price" if unpriced else "")
