"""A quota of judge calls: a backend that makes a limited number of new calls, then refuses further ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.errors import CandidateError

QUOTA_USED_UP = "try-calls"
"""The kind of error if a trajectory was not scored because the quota was used up."""


@dataclass(slots=True)
class Quota:
    """How many new calls may still be made, and what the calls so far have cost."""

    left: int
    prices: list[float | None] = field(default_factory=list)
    """The price in US dollars of each call that was made, None if unknown."""


@dataclass(frozen=True, slots=True)
class QuotaBackend:
    """A backend that makes new calls only while the quota lasts."""

    backend: Backend
    quota: Quota
    on_paid: Callable[[float | None], None]
    """Called with the price of each answered call."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.backend.settings

    @property
    def simulated(self) -> bool:
        return self.backend.simulated

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """A completion. Raises CandidateError if the quota is used up."""
        if self.quota.left <= 0:
            raise CandidateError(QUOTA_USED_UP, "the new judge calls that trials may make are used up")
        self.quota.left -= 1
        try:
            completion = await self.backend.complete(request, draw=draw)
        except BaseException:
            self.quota.left += 1  # a call without an answer may be tried again
            raise
        price = self.backend.cost_usd(completion.usage)
        self.quota.prices.append(price)
        self.on_paid(price)
        return completion

    def cost_usd(self, usage: Usage) -> float | None:
        return self.backend.cost_usd(usage)
