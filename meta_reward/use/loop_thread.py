"""An event loop of its own in a thread, for callers that have none, or one that cannot wait, as in a notebook."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

_Made = TypeVar("_Made")


class LoopThread:
    """Runs coroutines until it is closed; all in the same loop, so that what one has opened the next can use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meta-reward", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no work any more."""
        return self._loop is None

    def begin(self, work: Coroutine[Any, Any, _Made]) -> Future[_Made]:
        """Start a coroutine. Raises RuntimeError once it is closed."""
        if self._loop is None:
            work.close()
            raise RuntimeError("this reward is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, _Made]) -> _Made:
        """The result of a coroutine, which a KeyboardInterrupt cancels."""
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
