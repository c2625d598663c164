"""An event loop in its own thread, for callers without one, or inside one that must not block, as in a notebook."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

_Made = TypeVar("_Made")


class LoopThread:
    """Runs coroutines until it is closed; all in the same loop, so that they can share what one of them opens."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meta-reward", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it accepts no more work."""
        return self._loop is None

    def begin(self, work: Coroutine[Any, Any, _Made]) -> Future[_Made]:
        """Start a coroutine. Raises RuntimeError once it is closed."""
        if self._loop is None:
            work.close()
            raise RuntimeError("this reward is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, _Made]) -> _Made:
        """Run a coroutine and return its result. KeyboardInterrupt cancels it."""
        future = self.begin(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def close(self) -> None:
        """End the loop and its thread; calling it again does nothing."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
