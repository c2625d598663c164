"""Calls in flight: this module sends every request that the cache cannot answer, and retries it until it is answered.

Callers that ask the same question at the same time share one call. Across processes that share a cache, one process
claims the question and the others wait for its reply; if the claim ends without a reply, they ask themselves. A call
that was sent is not cancelled when nobody waits for it any more: it finishes, its reply is stored and its cost counted
(`settle` waits for that), but it is not retried.

Before a failure counts as an outage, the endpoint gets a trivial request, the probe. If it answers the probe but the
call fails once more, the problem is that request alone (`Unanswerable`), and everything else continues.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from meta_reward.completion import Completion, Request, Usage, estimated_tokens
from meta_reward.errors import JudgeError, JudgeMisconfigured, JudgeTransient, JudgeUnavailable, Unanswerable
from meta_reward.models.cache import Cache
from meta_reward.models.meter import Meter
from meta_reward.models.rate_limit import Clock, QueueTime, RateLimiter
from meta_reward.models.retry import RetryPolicy
from meta_reward.trajectory import Message

EXPECTED_REPLY_TOKENS = 400  # assumed size of a reply, for limits, rate limits and forecasts
TRIVIAL = Request((Message("user", "Answer with the single word: ready"),))
_SILENCE_S = 2.0  # how long `settle` waits before it says so
_BETWEEN_NOTICES_S = 60.0
_TRIES_OF_AN_OUTAGE = 3
_LOOK_AGAIN_S, _MOST_BETWEEN_LOOKS_S = 0.02, 1.0  # how often to check whether another process is still asking
_LONGEST_CLAIM_S = 900.0  # after that the other process may be suspended, so we ask too

Reply = tuple[Completion, int]
"""A reply, and the number of tries it took."""


@dataclass(slots=True)
class _Call:
    key: str
    request: Request
    draw: int
    tokens: int
    """How many tokens it is expected to take."""
    queue_time: QueueTime
    """The first caller's."""
    tries: int = 0
    failing_since: float | None = None


@dataclass(slots=True)
class InFlight:
    """The calls in flight of one gateway."""

    meter: Meter
    rate_limiter: RateLimiter
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Clock = field(default_factory=Clock)
    notice: Callable[[str], None] = lambda text: None
    """Called with a line when the judge fails, and when the process waits for calls before it ends."""
    outage: Callable[[str], None] = lambda why: None
    """Called with the reason when no call has been answered for a while, and with "" when calls are answered again."""
    _calls: dict[str, asyncio.Task[Reply]] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)
    _sent: set[str] = field(default_factory=set)
    _probe: str = ""
    _noticed: float | None = None
    _answered_at: float = float("-inf")
    _is_out: bool = False

    def is_under_way(self, key: str) -> bool:
        """Whether this question has been asked and has no reply yet."""
        return key in self._calls

    async def ask(self, key: str, request: Request, draw: int, queue_time: QueueTime) -> Reply:
        """The reply to a request.

        Raises JudgeError: Unanswerable if only this request still fails after all retries, JudgeUnavailable if the
        probe fails too. queue_time: the caller's waits are added to it; if callers share a call, only the first's.
        """
        task = self._calls.get(key) or self._start(key, request, draw, queue_time)
        self._waiting[key] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                if key not in self._sent and not task.done():
                    task.cancel()
                    self._forget(key, task)

    async def settle(self) -> None:
        """Wait for calls that were sent but that nobody waits for any more."""
        left = {task for key, task in self._calls.items() if not self._waiting[key]}
        if left:
            _, slow = await asyncio.wait(left, timeout=_SILENCE_S)
            if slow:
                self.notice(f"waiting for {len(slow)} judge calls that are already paid for; Ctrl-C to leave now")
                await asyncio.wait(slow)

    def _start(self, key: str, request: Request, draw: int, queue_time: QueueTime) -> asyncio.Task[Reply]:
        tokens = estimated_tokens(request)
        self.meter.expect(key, Usage(tokens, EXPECTED_REPLY_TOKENS))
        call = _Call(key, request, draw, tokens + EXPECTED_REPLY_TOKENS, queue_time)
        task = self._calls[key] = asyncio.create_task(self._run(call))
        task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: str, task: asyncio.Task[Reply]) -> None:
        self._forget(key, task)
        if not task.cancelled():
            task.exception()  # marks it as seen: the caller may be gone

    def _forget(self, key: str, task: asyncio.Task[Reply]) -> None:
        if self._calls.get(key) is task:
            del self._calls[key]
            self.meter.close(key)

    async def _run(self, call: _Call) -> Reply:
        call.queue_time.count(+1)
        try:
            if call.key == self._probe or self.meter.cache is None:
                return await self._answered(call)
            return await self._ask_once(call, self.meter.cache)
        except JudgeError as error:
            error.tries = call.tries
            raise
        finally:
            call.queue_time.count(-1)

    async def _ask_once(self, call: _Call, cache: Cache) -> Reply:
        """The reply that another process gets to the same question, else our own."""
        claims, looks = cache.claims, 0
        until = self.clock.now() + _LONGEST_CLAIM_S
        while not (is_ours := claims.take(call.key)) and self.clock.now() < until:
            await self.clock.sleep(min(_LOOK_AGAIN_S * 1.5**looks, _MOST_BETWEEN_LOOKS_S))
            looks += 1
        try:
            stored = cache.load(call.key)
            if stored is None:
                return await self._answered(call)
            self.meter.found(call.key, stored)
            return stored, 0
        finally:
            if is_ours:
                claims.release(call.key)

    async def _answered(self, call: _Call) -> Reply:
        completion = await self._answer(call)
        self.meter.answered(call.key, call.request, completion, call.tries, keep=call.key != self._probe)
        return completion, call.tries

    async def _answer(self, call: _Call) -> Completion:
        try:
            while isinstance(result := await self._try(call), JudgeTransient):
                await self._back_off(call, result)
            return result
        except JudgeUnavailable as error:
            if not self._waiting[call.key] or _is_the_endpoints(error) or not await self._is_up(call):
                raise
        return await self._last_try(call)

    async def _is_up(self, call: _Call) -> bool:
        """Whether the endpoint answers a probe. Calls that need one at the same time share it."""
        if call.key == self._probe:
            return False
        if self._probe not in self._calls:
            self._probe = f"probe-{uuid.uuid4().hex}"
        try:
            await self.ask(self._probe, TRIVIAL, 0, call.queue_time)
        except JudgeError:
            return False
        return True

    async def _last_try(self, call: _Call) -> Completion:
        """One more try: the endpoint may have recovered just before the probe."""
        failure: Completion | JudgeTransient | JudgeUnavailable
        try:
            failure = await self._try(call)
        except JudgeUnavailable as error:
            failure = error
        if isinstance(failure, Completion):
            return failure
        if _is_the_endpoints(failure):
            raise failure if isinstance(failure, JudgeUnavailable) else JudgeUnavailable(str(failure)) from failure
        raise Unanswerable(f"the judge answers other requests, but not this one: {failure}") from failure

    async def _try(self, call: _Call) -> Completion | JudgeTransient:
        call.tries += 1
        async with self.rate_limiter.turn(call.tokens) as turn:
            with self._sending(call.key, call.queue_time):
                began = self.clock.now()
                try:
                    completion = await self.meter.backend.complete(call.request, draw=call.draw)
                except JudgeTransient as failure:
                    call.queue_time.add(self.clock.now() - began)
                    if failure.throttled:
                        turn.throttled()
                    return failure
            turn.succeeded(completion.usage.input_tokens + completion.usage.output_tokens)
            self._answers()
            return completion

    @contextmanager
    def _sending(self, key: str, queue_time: QueueTime) -> Iterator[None]:
        """Mark a call as being sent during the block: it may cost money, and must not be cancelled."""
        self.meter.sending(key)
        self._sent.add(key)
        queue_time.count(-1)
        try:
            yield
        except asyncio.CancelledError:
            self.meter.cut_off(key)
            raise
        finally:
            self._sent.discard(key)
            queue_time.count(+1)

    async def _back_off(self, call: _Call, failure: JudgeTransient) -> None:
        wait_s = self.retries.wait_s(failure, tries=call.tries, chance=self.clock.chance())
        if not self._waiting[call.key] or call.key == self._probe:
            raise JudgeUnavailable(str(failure)) from failure
        if failure.retry_after_s is not None:
            self.rate_limiter.pause(failure.retry_after_s)
        self._fails(call, failure)
        self._tell(f"the judge fails, and is tried again in {wait_s:.0f} s: {failure}")
        await self.clock.sleep(wait_s)

    def _fails(self, call: _Call, failure: JudgeTransient) -> None:
        """Note that a call failed. It is an outage if it failed several times and no other call was answered since."""
        if call.failing_since is None:
            call.failing_since = self.clock.now()
        if not self._is_out and call.tries >= _TRIES_OF_AN_OUTAGE and self._answered_at < call.failing_since:
            self._is_out = True
            self.outage(str(failure))

    def _answers(self) -> None:
        self._answered_at = self.clock.now()
        if self._is_out:
            self._is_out = False
            self.outage("")

    def _tell(self, text: str) -> None:
        now = self.clock.now()
        if self._noticed is None or now - self._noticed >= _BETWEEN_NOTICES_S:
            self._noticed = now
            self.notice(text)


def _is_the_endpoints(error: JudgeTransient | JudgeUnavailable) -> bool:
    """Whether a failure is about rate or credit, which a probe may be too small to run into."""
    if isinstance(error, JudgeMisconfigured):
        return error.whatever_is_asked
    cause = error if isinstance(error, JudgeTransient) else error.__cause__
    return isinstance(cause, JudgeTransient) and cause.throttled
