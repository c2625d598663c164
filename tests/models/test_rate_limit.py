"""How many calls are under way at once, and how fast they follow each other."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.models.rate_limit import Clock, QueueTime, RateBucket, RateLimiter
from tests.models.conftest import Hours


def starts(pace: RateLimiter, hours: Hours, tokens: Sequence[int]) -> list[float]:
    """When each of some calls gets its turn, in minutes after the first."""
    began: list[float] = []

    async def work() -> None:
        for count in tokens:
            async with pace.turn(count):
                began.append(hours.now_s)

    asyncio.run(work())
    return [round((at - began[0]) / 60, 6) for at in began]


def test_requests_a_minute_are_spaced_evenly(hours: Hours) -> None:
    pace = RateLimiter(8, requests_per_minute=4, clock=hours.clock())
    assert starts(pace, hours, [1] * 5) == [0, 0.25, 0.5, 0.75, 1.0]


def test_tokens_a_minute_make_a_large_call_hold_up_the_next(hours: Hours) -> None:
    pace = RateLimiter(8, tokens_per_minute=1000, clock=hours.clock())
    assert starts(pace, hours, [500, 2000, 100, 100]) == [0, 0.5, 2.5, 2.6]


def test_tokens_that_were_not_expected_are_made_up_for(hours: Hours) -> None:
    pace = RateLimiter(8, tokens_per_minute=1000, clock=hours.clock())

    async def work() -> float:
        async with pace.turn(100) as turn:
            turn.succeeded(1100)
        before = hours.now_s
        async with pace.turn(100):
            return hours.now_s - before

    assert asyncio.run(work()) == pytest.approx(66)


@given(
    st.integers(1, 500),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 200)), min_size=1, max_size=60),
)
def test_no_minute_holds_more_than_its_rate_and_one_amount(rate: int, takes: list[tuple[float, float]]) -> None:
    bucket, now, used = RateBucket(rate), 0.0, list[tuple[float, float]]()
    for passed, amount in takes:
        now += passed
        used.append((now + bucket.take(amount, now), amount))
    for at, amount in used:
        within = [other for when, other in used if at <= when < at + 60]
        assert sum(within) <= rate + max(amount for _, amount in used) + 1e-6 * len(used)


def test_throttling_halves_what_is_under_way_and_successes_bring_it_back(hours: Hours) -> None:
    pace = RateLimiter(8, clock=hours.clock())
    widths = []

    async def round_of(count: int, *, throttled: bool) -> None:
        async def call() -> None:
            async with pace.turn(1) as turn:
                await asyncio.sleep(0)
                if throttled:
                    turn.throttled()
                else:
                    turn.succeeded(1)

        await asyncio.gather(*(call() for _ in range(count)))
        widths.append(int(pace.width))

    async def work() -> None:
        await round_of(8, throttled=True)  # eight refusals at once are one piece of news
        await round_of(4, throttled=True)
        for _ in range(3):
            await round_of(8, throttled=False)

    asyncio.run(work())
    assert widths[:2] == [4, 2]
    assert widths[2:] == sorted(widths[2:])
    assert widths[-1] > 4


def test_throttling_never_stops_everything(hours: Hours) -> None:
    pace = RateLimiter(2, clock=hours.clock())

    async def work() -> float:
        for _ in range(10):
            async with pace.turn(1) as turn:
                turn.throttled()
        return pace.width

    assert asyncio.run(work()) == 1


def test_nobody_calls_while_the_endpoint_wants_a_pause(hours: Hours) -> None:
    pace = RateLimiter(4, clock=hours.clock())

    async def work() -> float:
        pace.pause(30)
        pace.pause(10)
        began = hours.now_s
        async with pace.turn(1):
            return hours.now_s - began

    assert asyncio.run(work()) == 30


def test_pause_that_begins_while_a_call_waits_for_its_rate_holds_for_that_call_too(hours: Hours) -> None:
    pace = RateLimiter(4, requests_per_minute=60)

    async def sleep(seconds: float) -> None:
        if not hours.slept:
            pace.pause(30)
        await hours.sleep(seconds)

    object.__setattr__(pace, "_clock", Clock(lambda: hours.now_s, sleep))

    async def work() -> float:
        async with pace.turn(1):
            began = hours.now_s
        async with pace.turn(1):
            return hours.now_s - began

    assert asyncio.run(work()) == 30


def test_caller_that_leaves_the_queue_does_not_hold_it_up() -> None:
    pace = RateLimiter(1)

    async def hold(seconds: float) -> None:
        async with pace.turn(1):
            await asyncio.sleep(seconds)

    async def work() -> None:
        first, second, third = (asyncio.create_task(hold(0.01)) for _ in range(3))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait_for(asyncio.gather(first, third), 5)

    asyncio.run(work())


def test_waits_at_the_same_time_count_once(hours: Hours) -> None:
    queue_time = QueueTime(hours.clock())
    seen = []
    for change, passes in [(+1, 3), (+1, 2), (-1, 4), (-1, 100), (+1, 1)]:
        queue_time.count(change)
        hours.now_s += passes
        seen.append(queue_time.seconds)
    queue_time.add(5)
    assert (seen, queue_time.seconds) == ([3, 5, 9, 9, 10], 15)
