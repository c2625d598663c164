"""The synchronous counterpart of `Scorer`, with its own event loop.

It also works inside a running event loop, as in a notebook. The sandbox stays warm between calls. It ends with `close`,
at the latest with the process.
"""

import asyncio
import atexit
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from meta_reward.models.usage import Spent
from meta_reward.use.loaded import Loaded
from meta_reward.use.loop_thread import LoopThread
from meta_reward.use.scorer import Scored, Scorer


class SyncScorer:
    """Scores trajectories; each call blocks until it has its result."""

    def __init__(self, loaded: Loaded, *, notice: Callable[[str], None] = lambda text: None) -> None:
        self._thread = LoopThread()
        try:
            self._scorer = self._thread.run(_opened(loaded, notice))
        except BaseException:
            self._thread.close()
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
        """As in `Scorer`."""
        return self._thread.run(self._scorer.score(messages, policy=policy, tools=tools))

    def score_all(self, batch: Iterable[Any]) -> list[Scored]:
        """As in `Scorer`."""
        return self._thread.run(self._scorer.score_all(batch))

    async def score_all_async(self, batch: Iterable[Any]) -> list[Scored]:
        """The same, without blocking the caller's event loop."""
        return await asyncio.wrap_future(self._thread.begin(self._scorer.score_all(batch)))

    def close(self) -> None:
        """Wait for calls that were sent, and close everything. Calling it again does nothing."""
        if self._thread.is_closed:
            return
        atexit.unregister(self.close)
        try:
            self._thread.run(self._scorer.__aexit__(None, None, None))
        finally:
            self._thread.close()


async def _opened(loaded: Loaded, notice: Callable[[str], None]) -> Scorer:
    return await Scorer(loaded, notice=notice).__aenter__()
