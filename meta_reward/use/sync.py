"""The synchronous twin of `Scorer`: an event loop of its own in a thread, so that callers need none.

Safe where an event loop is running already, as in a notebook. The sandbox stays warm between calls. It ends with
`close`, at the latest with the process.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from meta_reward.models.usage import Spent
from meta_reward.use.loaded import Loaded
from meta_reward.use.scorer import Scored, Scorer

_Made = TypeVar("_Made")


class SyncScorer:
    """Scores trajectories; each call waits for its result."""

    def __init__(self, loaded: Loaded, *, notice: Callable[[str], None] = lambda text: None) -> None:
        self._loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meta-reward", daemon=True)
        self._thread.start()
        try:
            self._scorer = self._run(_opened(loaded, notice))
        except BaseException:
            self._end()
            raise
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        return self._scorer.spent

    def score(self, messages: Any, *, policy: str | None = None, tools: Any = None) -> Scored:
        """As of `Scorer`."""
        return self._run(self._scorer.score(messages, policy=policy, tools=tools))

    def score_all(self, batch: Iterable[Any]) -> list[Scored]:
        """As of `Scorer`."""
        return self._run(self._scorer.score_all(batch))

    async def score_all_async(self, batch: Iterable[Any]) -> list[Scored]:
        """The same for a caller with an event loop of its own, which goes on meanwhile."""
        return await asyncio.wrap_future(self._begin(self._scorer.score_all(batch)))

    def close(self) -> None:
        """End it. Calls that were sent are waited for; calling it again does nothing."""
        if self._loop is None:
            return
        atexit.unregister(self.close)
        try:
            self._run(self._scorer.__aexit__(None, None, None))
        finally:
            self._end()

    def _begin(self, work: Coroutine[Any, Any, _Made]) -> Future[_Made]:
        if self._loop is None:
            work.close()
            raise RuntimeError("this reward is closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self, work: Coroutine[Any, Any, _Made]) -> _Made:
        future = self._begin(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise

    def _end(self) -> None:
        loop, self._loop = self._loop, None
        assert loop is not None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()


async def _opened(loaded: Loaded, notice: Callable[[str], None]) -> Scorer:
    return await Scorer(loaded, notice=notice).__aenter__()
