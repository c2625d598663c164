"""How fast the judge is asked: concurrent calls, requests and tokens per minute, and the pauses that it asks for.

Concurrency adapts: it is halved when the endpoint throttles, and raised by one after each round of successes, up to the
configured number. Calls that were in flight when it was halved cannot halve it again. Time comes from a `Clock`, so
tests need not wait.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and randomness."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """Returns a number from 0 to 1."""


class QueueTime:
    """Seconds spent waiting because of the endpoint: for a slot, for a retry, and in tries that failed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting, self._since, self._seconds = 0, 0.0, 0.0

    @property
    def seconds(self) -> float:
        """The total so far; simultaneous waits count once."""
        return self._seconds + (self._clock.now() - self._since if self._waiting else 0.0)

    def count(self, change: int) -> None:
        """A wait begins (+1) or ends (-1)."""
        self._seconds = self.seconds
        self._waiting, self._since = self._waiting + change, self._clock.now()

    def add(self, seconds: float) -> None:
        """Add time that only afterwards turned out to be waiting."""
        self._seconds += seconds


@dataclass(slots=True)
class RateBucket:
    """A rate limit by spacing: taking an amount delays the time at which more may be taken."""

    per_minute: float
    _free_at: float = 0.0

    def take(self, amount: float, now: float) -> float:
        """Take an amount; returns the seconds to wait before using it, 0 if there is no limit."""
        if not self.per_minute:
            return 0.0
        at = max(self._free_at, now)
        self._free_at = at + amount * 60 / self.per_minute
        return at - now

    def correct(self, amount: float) -> None:
        """Correct an amount that was taken. amount: what was really used, minus what was taken."""
        if self.per_minute:
            self._free_at += amount * 60 / self.per_minute


class RateLimiter:
    """Lets calls through in the order of their arrival."""

    def __init__(
        self, concurrency: int, *, requests_per_minute: int = 0, tokens_per_minute: int = 0, clock: Clock | None = None
    ) -> None:
        self.width, self._most = float(concurrency), concurrency
        self._clock = clock or Clock()
        self._requests, self._tokens = RateBucket(requests_per_minute), RateBucket(tokens_per_minute)
        self._busy = self._cuts = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._paused_until = 0.0

    @asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator["Slot"]:
        """A slot for one try of a call. tokens: how many it is expected to take."""
        await self._enter()
        try:
            now = self._clock.now()
            wait_s = max(self._requests.take(1, now), self._tokens.take(tokens, now))
            while wait_s > 0 or (wait_s := self._paused_until - self._clock.now()) > 0:
                await self._clock.sleep(wait_s)
                wait_s = 0
            yield Slot(self, tokens, self._cuts)
        finally:
            self._busy -= 1
            self._wake()

    async def _enter(self) -> None:
        while self._busy >= int(self.width):
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._wake()
                raise
        self._busy += 1

    def _wake(self) -> None:
        free = int(self.width) - self._busy
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1

    def succeeded(self, excess_tokens: int) -> None:
        """A call succeeded. excess_tokens: how many more tokens it took than expected."""
        self._tokens.correct(excess_tokens)
        self.width = min(self._most, self.width + 1 / self.width)
        self._wake()

    def throttled(self, cuts: int) -> None:
        """The endpoint throttled a call. cuts: how often concurrency had been halved when the call began."""
        if cuts == self._cuts:
            self._cuts += 1
            self.width = max(1.0, self.width / 2)

    def pause(self, seconds: float) -> None:
        """Let no call through for this time, because the endpoint asks for a pause."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)


@dataclass(frozen=True, slots=True)
class Slot:
    """One try that was let through. Its result adjusts the rate."""

    limiter: RateLimiter
    tokens: int
    """How many tokens it was expected to take."""
    cuts: int
    """How often concurrency had been halved when it began."""

    def succeeded(self, tokens: int) -> None:
        """It succeeded, and took this many tokens."""
        self.limiter.succeeded(tokens - self.tokens)

    def throttled(self) -> None:
        """It was refused because there were too many calls."""
        self.limiter.throttled(self.cuts)
