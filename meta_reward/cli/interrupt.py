"""Work that a signal can end: SIGINT, SIGTERM or SIGHUP, which `main` passes on as SIGINT.

The first signal cancels the work. Nothing new is started. Judge calls in flight are already paid for, so they get
`GRACE_S` seconds to finish before they are cancelled too. A second signal ends the process at once, which is as safe
as a kill.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

GRACE_S = 5.0
_QUIET_S = 0.3  # most work ends sooner, and then there is nothing to say
_BELOW_THE_LIVE_DISPLAY = "\x1b[?25h\n"  # with the cursor that it had hidden

T = TypeVar("T")


def run_interruptible(work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. Raises KeyboardInterrupt if a signal ended it."""
    ending = _Ending()

    async def begin() -> T:
        ending.task, ending.loop = asyncio.current_task(), asyncio.get_running_loop()
        return await work

    with _on_interrupt(ending):
        try:
            result = asyncio.run(begin())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
    if ending.asked:  # when the work was just done: what would follow it must not begin
        raise KeyboardInterrupt
    return result


class _Ending:
    """What the signals have asked for so far."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.asked = False

    def __call__(self, *_: object) -> None:
        if self.asked:
            _leave_at_once()
        if self.task is None or self.loop is None or self.loop.is_closed():
            raise KeyboardInterrupt
        self.asked = True
        self.loop.call_soon_threadsafe(self._cancel, self.task, self.loop)

    def _cancel(self, task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop) -> None:
        task.cancel()
        loop.call_later(_QUIET_S, _tell, f"ending: calls in flight have {GRACE_S:g} s; once more to stop at once")
        loop.call_later(GRACE_S, self._cancel_all, loop)

    def _cancel_all(self, loop: asyncio.AbstractEventLoop) -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()


@contextmanager
def _on_interrupt(handler: _Ending) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave_at_once() -> None:
    if sys.__stderr__ is not None and sys.__stderr__.isatty():  # not sys.stderr, where a live display drops controls
        sys.__stderr__.write(_BELOW_THE_LIVE_DISPLAY)
        sys.__stderr__.flush()
        sys.stderr = sys.__stderr__
    _tell("stopped at once; what was finished is on disk, and the same command continues")
    os._exit(130)


def _tell(text: str) -> None:
    print(f"meta-reward: {text}", file=sys.stderr, flush=True)
