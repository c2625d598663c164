"""The only way to the judge: cache, limits, quotas, and what was spent.

A process has one `Gateway`; every trajectory that a harness scores has a `JudgeSession`. Calls and tokens count cached
replies like any other; money counts only what was sent to the judge. A request that the cache cannot answer goes
through `InFlight`, which retries it. `limit` sets limits; `with_quota` makes a gateway with a quota of new calls.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.models.billing import BillingLog
from meta_reward.models.cache import REWARDS, Cache, cache_key
from meta_reward.models.in_flight import InFlight
from meta_reward.models.meter import Meter
from meta_reward.models.quota import Quota, QuotaBackend
from meta_reward.models.rate_limit import Clock, QueueTime, RateLimiter
from meta_reward.models.retry import RetryPolicy
from meta_reward.models.session import Call, CallKey, JudgeSession
from meta_reward.models.usage import Check, Spent

_DRAWS_OF_A_REPEAT = 100_000  # more draws than any trajectory has


class Gateway:
    """A backend behind a cache.

    concurrency: calls at a time. spent: what was spent before this process. notice: called with one line for people.
    outage: called with the reason when the judge stops answering, and with "" when it answers again. roles: the
    backend and cache of other models, by role.
    """

    def __init__(
        self,
        backend: Backend,
        cache: Cache | None,
        *,
        concurrency: int = 16,
        rate_limiter: RateLimiter | None = None,
        retries: RetryPolicy | None = None,
        clock: Clock | None = None,
        billing: BillingLog | None = None,
        spent: Spent | None = None,
        notice: Callable[[str], None] = lambda text: None,
        outage: Callable[[str], None] = lambda why: None,
        roles: Mapping[str, tuple[Backend, Cache | None]] | None = None,
    ) -> None:
        self.backend, self.concurrency, self.clock = backend, concurrency, clock or Clock()
        self._cache = cache
        self._meter = Meter(backend, cache, billing or BillingLog(), spent or Spent())
        rate_limiter = rate_limiter or RateLimiter(concurrency, clock=self.clock)
        self._in_flight = InFlight(self._meter, rate_limiter, retries or RetryPolicy(), self.clock, notice, outage)
        self._check: Check = lambda spent: None
        self._elsewhere_usd: Callable[[], float] = lambda: 0.0
        self.roles = {
            role: Gateway(
                other,
                replies,
                concurrency=concurrency,
                retries=retries,
                clock=self.clock,
                billing=billing,
                notice=notice,
                outage=outage,
            )
            for role, (other, replies) in (roles or {}).items()
        }
        for other in self.roles.values():
            other.limit(lambda _: self.check_limit())

    def playing(self, role: str | None) -> "Gateway":
        """The gateway to the model for a role: this gateway, unless the role has a model of its own."""
        return self.roles.get(role or "", self)

    @property
    def spent(self) -> Spent:
        """What was spent so far, by all roles."""
        return sum((other.spent for other in self.roles.values()), self._meter.spent)

    @property
    def rewards_folder(self) -> Path | None:
        """The folder of cached rewards, next to the replies they were computed from; None without a cache."""
        return self._cache.folder / REWARDS if self._cache else None

    def limit(self, check: Check, *, elsewhere_usd: Callable[[], float] = lambda: 0.0) -> None:
        """From now on, run `check` before each call. elsewhere_usd: US dollars spent elsewhere that count as well."""
        self._check, self._elsewhere_usd = check, elsewhere_usd

    def check_limit(self, *, pending_usd: float = 0.0) -> None:
        """Raise LimitReached if another call would go beyond the limit.

        pending_usd: US dollars that calls in flight elsewhere are expected to cost.
        """
        spent = self.spent
        cost_usd, pending_usd = spent.cost_usd + self._elsewhere_usd(), spent.pending_usd + pending_usd
        self._check(replace(spent, cost_usd=cost_usd, pending_usd=pending_usd))

    def with_quota(self, quota: Quota) -> "Gateway":
        """A gateway to the same judge that makes no more new calls than the quota allows.

        Money that it spends counts immediately as spent by this gateway, under the same limit. Its calls and tokens
        are counted separately.
        """
        limited = Gateway(
            QuotaBackend(self.backend, quota, self._meter.pay),
            self._cache,
            concurrency=self.concurrency,
            rate_limiter=self._in_flight.rate_limiter,
            retries=self._in_flight.retries,
            clock=self.clock,
            billing=self._meter.billing,
            notice=self._in_flight.notice,
            outage=self._in_flight.outage,
            roles={
                role: (QuotaBackend(other.backend, quota, other._meter.pay), other._cache)
                for role, other in self.roles.items()
            },
        )
        limited.limit(lambda own: self.check_limit(pending_usd=own.pending_usd))
        return limited

    def count(self, usage: Usage) -> None:
        """Count a call that was requested but got no reply."""
        self._meter.count(usage)

    def session(
        self,
        trajectory_digest: str,
        *,
        repeat: int = 0,
        max_calls: int = 100,
        max_tokens: int = 2_000_000,
        max_bytes: int = 32_000_000,
    ) -> JudgeSession:
        """A session for one trajectory. Its budget counts calls and tokens, cached or not, and bytes of requests."""
        return JudgeSession(self, trajectory_digest, repeat, max_calls, max_tokens, max_bytes)

    def key(self, request: Request, *, trajectory_digest: str, repeat: int, draw: int) -> str:
        """The cache key of the reply to a request."""
        return cache_key(
            self.backend.settings, trajectory_digest=trajectory_digest, repeat=repeat, request=request, draw=draw
        )

    def recall(self, calls: Sequence[CallKey], *, trajectory_digest: str, repeat: int) -> list[Call] | None:
        """Repeat the calls of an earlier session from the cache, and count them as cached. Raises LimitReached.

        None if a reply is no longer in the cache, or belongs to another request.
        """
        self.check_limit()
        found = []
        for call in calls:
            player = self.playing(call.role)
            asked = player._cache.load_asked(call.key) if player._cache else None
            if asked is None:
                return None
            request, completion = asked
            key = player.key(request, trajectory_digest=trajectory_digest, repeat=repeat, draw=call.draw)
            if key != call.key:  # a stored request cannot always be read back exactly
                return None
            cost = player.backend.cost_usd(completion.usage)
            numbers = (call.ask, call.turn, call.draw)
            known = Call(*numbers, key, request, completion, cached=True, seconds=0.0, cost_usd=cost, tries=0)
            found.append(replace(known, role=call.role))
        for recalled in found:
            self.playing(recalled.role)._meter.count(recalled.completion.usage)
        return found

    async def complete(
        self, key: str, request: Request, *, repeat: int, draw: int, queue_time: QueueTime
    ) -> tuple[Completion, int]:
        """A completion and the number of tries it took: 0 if it was cached or in flight already. Raises LimitReached.

        queue_time: the waits of the call are added to it.
        """
        self.check_limit()
        stored = self._cache.load(key) if self._cache else None
        if stored is not None:
            self._meter.count(stored.usage)
            return stored, 0
        # Every repeat takes new draws, because the answers of some judges depend on the draw.
        fresh = draw + repeat * _DRAWS_OF_A_REPEAT
        if self._in_flight.is_under_way(key):
            completion, _ = await self._in_flight.ask(key, request, fresh, queue_time)
            self._meter.count(completion.usage)
            return completion, 0
        return await self._in_flight.ask(key, request, fresh, queue_time)

    async def settle(self) -> None:
        """Wait for calls that were sent but that nobody waits for any more, so that they are stored and counted."""
        for gateway in (self, *self.roles.values()):
            await gateway._in_flight.settle()
