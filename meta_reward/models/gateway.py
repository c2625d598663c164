"""The one way to the judge: cache, limits, budgets, and a record of every call.

A `Gateway` belongs to a process; a `JudgeSession` to one trajectory scored by one harness. The session
numbers identical asks (the draw), plays the rounds in which the judge calls the harness's tools,
and keeps every turn as a `Call`. *Nominal* numbers count a cached call like any other; *spent*
ones count only what was asked anew. What is not in the cache goes over the `InFlight`, which retries.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from meta_reward.completion import Backend, Completion, Request
from meta_reward.models.billing import BillingLog
from meta_reward.models.cache import Cache, cache_key
from meta_reward.models.in_flight import InFlight
from meta_reward.models.rate_limit import Clock, QueueTime, RateLimiter
from meta_reward.models.retry import RetryPolicy
from meta_reward.models.session import Call, JudgeSession
from meta_reward.models.usage import Books, Spent

_DRAWS_OF_A_REPEAT = 100_000  # more than any trajectory has


class Gateway:
    """A backend behind its cache and its line. check: called before each call, raises LimitReached."""

    def __init__(
        self,
        backend: Backend,
        cache: Cache | None,
        *,
        concurrency: int = 16,
        pace: RateLimiter | None = None,
        retries: RetryPolicy | None = None,
        clock: Clock | None = None,
        account: BillingLog | None = None,
        spent: Spent | None = None,
        check: Callable[[Spent], None] = lambda spent: None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.backend, self.concurrency, self.check = backend, concurrency, check
        self.clock = clock or Clock()
        self.books = Books(backend, cache, account or BillingLog(), spent or Spent())
        pace = pace or RateLimiter(concurrency, clock=self.clock)
        self.line = InFlight(self.books, pace, retries or RetryPolicy(), self.clock, notice)

    @property
    def spent(self) -> Spent:
        """What was used so far."""
        return self.books.spent

    def session(
        self,
        trajectory_digest: str,
        *,
        repeat: int = 0,
        max_calls: int = 100,
        max_tokens: int = 2_000_000,
        max_bytes: int = 32_000_000,
    ) -> JudgeSession:
        """A session for one trajectory; its budget counts nominal calls and tokens, and the bytes of its requests."""
        return JudgeSession(self, trajectory_digest, repeat, max_calls, max_tokens, max_bytes)

    def key(self, request: Request, *, trajectory_digest: str, repeat: int, draw: int) -> str:
        """Under what the reply to a request is kept."""
        return cache_key(
            self.backend.settings, trajectory_digest=trajectory_digest, repeat=repeat, request=request, draw=draw
        )

    def recall(self, calls: Sequence[Mapping[str, Any]], *, trajectory_digest: str, repeat: int) -> list[Call] | None:
        """Calls of an earlier session, by their ask, turn, draw and key, counted as answered from the cache.

        None where a reply is gone or answers something else. Raises what `check` does.
        """
        self.check(self.spent)
        found = []
        for call in calls:
            asked = self.books.cache.load_asked(call["key"]) if self.books.cache else None
            if asked is None:
                return None
            request, completion = asked
            key = self.key(request, trajectory_digest=trajectory_digest, repeat=repeat, draw=call["draw"])
            if key != call["key"]:  # a reply cannot always be read back into the request that it answers
                return None
            cost = self.backend.cost_usd(completion.usage)
            numbers = (call["ask"], call["turn"], call["draw"])
            found.append(Call(*numbers, key, request, completion, cached=True, seconds=0.0, cost_usd=cost, tries=0))
        for recalled in found:
            self.books.nominal(recalled.completion.usage)
        return found

    async def complete(
        self, key: str, request: Request, *, repeat: int, draw: int, queue_time: QueueTime
    ) -> tuple[Completion, int]:
        """A completion, and after how many tries it came: 0 where it was there already or under way."""
        self.check(self.spent)
        stored = self.books.cache.load(key) if self.books.cache else None
        if stored is not None:
            self.books.nominal(stored.usage)
            return stored, 0
        # A repeat asks anew; where answers follow from the draw, it therefore draws others.
        fresh = draw + repeat * _DRAWS_OF_A_REPEAT
        if self.line.is_under_way(key):
            completion, _ = await self.line.ask(key, request, fresh, queue_time)
            self.books.nominal(completion.usage)
            return completion, 0
        return await self.line.ask(key, request, fresh, queue_time)

    async def settle(self) -> None:
        """Wait for calls that were sent and that nobody waits for any more, so that they are kept and counted."""
        await self.line.settle()
