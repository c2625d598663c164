"""A stream that several workers share comes out in order, and no further ahead than it may."""

import asyncio
import random

import pytest

from meta_reward.errors import LimitReached, UsageError
from meta_reward.use.in_order import in_order


def test_results_come_in_the_order_of_the_inputs() -> None:
    chance, out = random.Random(0), list[tuple[int, int]]()

    async def work(number: int) -> int:
        await asyncio.sleep(chance.random() / 200)
        return number * 2

    asyncio.run(in_order(range(60), work, lambda given, made: out.append((given, made)), at_once=7))
    assert out == [(number, number * 2) for number in range(60)]


def test_inputs_are_not_read_far_ahead_of_the_slowest() -> None:
    read = list[int]()
    seen_while_slow = 0

    def inputs() -> "list[int]":
        return list(range(100))

    async def work(number: int) -> int:
        nonlocal seen_while_slow
        read.append(number)
        if number == 0:
            await asyncio.sleep(0.05)
            seen_while_slow = len(read)
        return number

    asyncio.run(in_order(inputs(), work, lambda given, made: None, at_once=4, ahead=10))
    assert (seen_while_slow, len(read)) == (10, 100)


def test_first_error_stops_the_others_and_what_was_emitted_is_a_beginning() -> None:
    out = list[int]()

    async def work(number: int) -> int:
        if number == 5:
            raise UsageError("enough")
        await asyncio.sleep(0)
        return number

    with pytest.raises(UsageError, match="enough"):
        asyncio.run(in_order(range(100), work, lambda given, made: out.append(made), at_once=3))
    assert out == list(range(len(out)))
    assert len(out) <= 5


def test_at_a_limit_what_is_under_way_is_finished_and_emitted() -> None:
    emitted: list[int] = []

    async def work(number: int) -> int:
        if number == 3:
            raise LimitReached("max-calls", 3, 3)
        await asyncio.sleep(0.05)
        return number

    with pytest.raises(LimitReached):
        asyncio.run(in_order(range(100), work, lambda given, made: emitted.append(made), at_once=4))
    assert emitted == [0, 1, 2]
