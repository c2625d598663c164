"""A ration of judge calls: the judge of trials, which answers only so many requests that the cache does not know.

What it answers counts as the run's money, at once and under the run's limits, and not as the run's nominal calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.errors import CandidateError
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent
from meta_reward.search.tryout.answer import NO_CALLS


@dataclass(slots=True)
class QuotaBackend:
    """A judge that answers only so many new calls. spent: where they are counted. used: what its answers took."""

    backend: Backend
    left: int
    spent: Spent
    used: list[Usage] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.backend.settings

    @property
    def simulated(self) -> bool:
        return self.backend.simulated

    async def complete(self, request: Request, *, draw: int) -> Completion:
        if self.left <= 0:
            raise CandidateError(NO_CALLS, "the new judge calls that trials may make are used up")
        self.left -= 1
        try:
            completion = await self.backend.complete(request, draw=draw)
        except BaseException:
            self.left += 1  # a call without an answer may be tried again
            raise
        self.used.append(completion.usage)
        self.spent.pay(self.backend.cost_usd(completion.usage))
        return completion

    def cost_usd(self, usage: Usage) -> float | None:
        return self.backend.cost_usd(usage)


def with_quota(gateway: Gateway, judge: QuotaBackend) -> Gateway:
    """A gateway like this one, to a rationed judge."""
    books, line = gateway.books, gateway.line

    def check(own: Spent) -> None:
        gateway.check(replace(gateway.spent, pending_usd=gateway.spent.pending_usd + own.pending_usd))

    return Gateway(
        judge,
        books.cache,
        concurrency=gateway.concurrency,
        pace=line.pace,
        retries=line.retries,
        clock=gateway.clock,
        account=books.account,
        check=check,
        notice=line.notice,
    )
