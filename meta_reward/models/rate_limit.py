"""How fast the judge is asked: calls under way at once, requests and tokens a minute, pauses it asks for.

Concurrency adapts: halved when the endpoint throttles, and one more for each round of successes, up to
what was set. Calls that were under way when it was halved cannot halve it again. Knows no judge and
no request; time comes from a `Clock`, so that tests wait for nothing.
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
    """Time and chance. chance: a number from 0 to 1."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class QueueTime:
    """Seconds that somebody waited on account of the endpoint: in line, backing off, for tries that failed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting, self._since, self._seconds = 0, 0.0, 0.0

    @property
    def seconds(self) -> float:
        """So far; several waits at the same time count once."""
        return self._seconds + (self._clock.now() - self._since if self._waiting else 0.0)

    def count(self, change: int) -> None:
        """One wait more, or less."""
        self._seconds = self.seconds
        self._waiting, self._since = self._waiting + change, self._clock.now()

    def add(self, seconds: float) -> None:
        """What turned out to be waiting when it was over."""
        self._seconds += seconds


@dataclass(slots=True)
class RateBucket:
    """A rate that is kept by spacing: what is taken pushes back the time at which more may be taken."""

    per_minute: float
    _free_at: float = 0.0

    def take(self, amount: float, now: float) -> float:
        """Take an amount; returns the seconds to wait before it may be used. Without a rate, none."""
        if not self.per_minute:
            return 0.0
        at = max(self._free_at, now)
        self._free_at = at + amount * 60 / self.per_minute
        return at - now

    def correct(self, amount: float) -> None:
        """It was so much more than was taken, or less."""
        if self.per_minute:
            self._free_at += amount * 60 / self.per_minute


class RateLimiter:
    """Lets calls through, in the order in which they come."""

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
        """A turn for one try of a call that is expected to take so many tokens."""
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
        """A call came through; it took so many tokens more than expected."""
        self._tokens.correct(excess_tokens)
        self.width = min(self._most, self.width + 1 / self.width)
        self._wake()

    def throttled(self, cuts: int) -> None:
        """The endpoint asks for fewer calls. cuts: how often it had done so when this call began."""
        if cuts == self._cuts:
            self._cuts += 1
            self.width = max(1.0, self.width / 2)

    def pause(self, seconds: float) -> None:
        """The endpoint asks that nobody calls for some time."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)


@dataclass(frozen=True, slots=True)
class Slot:
    """One try that was let through, and what its end says about the pace."""

    pace: RateLimiter
    tokens: int
    cuts: int

    def succeeded(self, tokens: int) -> None:
        """It came through and took so many tokens."""
        self.pace.succeeded(tokens - self.tokens)

    def throttled(self) -> None:
        """It was refused, since there were too many."""
        self.pace.throttled(self.cuts)
