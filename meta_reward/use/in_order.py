"""Concurrent work on a stream: results in the order of the inputs, and memory that does not grow with the stream."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from meta_reward.errors import LimitReached
from meta_reward.evaluation.evaluate import run_together

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


async def in_order(
    given: Iterable[_Given],
    work: Callable[[_Given], Awaitable[_Made]],
    emit: Callable[[_Given, _Made], None],
    *,
    at_once: int,
    ahead: int = 256,
) -> None:
    """Do the work for each input, and emit the results in the order of the inputs, each as soon as possible.

    An input is read when a worker is free. at_once: the number of workers. ahead: how many inputs work may get ahead
    of the slowest. The first error stops everything and is raised; results were then emitted for the first inputs
    only. At LimitReached no further input is started, and work in progress is finished first, since it is paid for.
    """
    numbered, done, moved = enumerate(given), dict[int, tuple[_Given, _Made]](), asyncio.Condition()
    emitted, limits = 0, list[LimitReached]()

    async def drain() -> None:
        nonlocal emitted
        for number, item in numbered:
            async with moved:
                while number - emitted >= max(ahead, at_once) and not limits:
                    await moved.wait()
            if limits:
                return
            try:
                done[number] = item, await work(item)
            except LimitReached as limit:
                limits.append(limit)
                async with moved:
                    moved.notify_all()
                return
            while emitted in done:
                emit(*done.pop(emitted))
                emitted += 1
            async with moved:
                moved.notify_all()

    await run_together(drain() for _ in range(at_once))
    if limits:
        raise limits[0]
