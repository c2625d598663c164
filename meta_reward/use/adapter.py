"""Shared by the adapters of trainers and tools: a reward that opens on first use, and reading their conversations.

Every adapter gives rewards from 0 to 1. A failure is None for frameworks that accept a missing reward; for others it
raises `NoReward`. An outage of the judge or a limit always raises, since it says nothing about a trajectory.
"""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.use.load import load_reward
from meta_reward.use.loaded import Loaded
from meta_reward.use.scorer import Scored
from meta_reward.use.sync import SyncScorer

_log = logging.getLogger("meta_reward")
_WARM: dict[str, "WarmReward"] = {}
"""Rewards that this process has used, by path and options."""


class NoReward(MetaRewardError):
    """A trajectory has no reward, and the framework does not accept a missing one."""


class WarmReward:
    """A reward that opens on first use, in the process that uses it, and ends with that process.

    Safe to use from several threads and event loops. Raises UsageError at once if it cannot be loaded.
    """

    def __init__(self, path: str | Path, options: Mapping[str, Any]) -> None:
        self._path, self._options = path, dict(options)
        self._reward = load_reward(path, **options)
        self._lock = threading.Lock()
        self._opened: tuple[int, SyncScorer] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return WarmReward, (self._path, self._options)

    @property
    def loaded(self) -> Loaded:
        """The harness with its settings and evidence."""
        return self._reward.loaded

    @property
    def scorer(self) -> SyncScorer:
        """The open reward of this process; opened again after a fork, as the parent's cannot be used here."""
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = os.getpid(), self._reward.open()
            return self._opened[1]

    def score_all(self, batch: Iterable[Any]) -> list[Scored]:
        """One result for each trajectory, in order."""
        return _told(self.scorer.score_all(batch))

    async def score_all_async(self, batch: Iterable[Any]) -> list[Scored]:
        """The same, without blocking the caller's event loop."""
        return _told(await self.scorer.score_all_async(batch))

    async def score(self, trajectory: Any) -> Scored:
        """The result of one trajectory."""
        (result,) = await self.score_all_async([trajectory])
        return result


def warm(path: str | Path, **options: Any) -> WarmReward:
    """The reward with these settings; one process has only one for the same path and options."""
    key = repr((str(path), sorted(options.items())))
    return _WARM.get(key) or _WARM.setdefault(key, WarmReward(path, options))


def required(scored: Scored) -> float:
    """The reward from 0 to 1. Raises NoReward if there is none."""
    if scored.from_0_to_1 is None:
        raise NoReward(f"no reward for this trajectory: {scored.error}")
    return scored.from_0_to_1


def conversation(prompt: Any, completion: Any) -> list[Any]:
    """The messages of a prompt and its completion, each of which is a text, a message or a sequence of messages."""
    return [*_messages(prompt, "user"), *_messages(completion, "assistant")]


def plain(message: Any) -> Any:
    """A message as a JSON value: a pydantic model becomes a dict without its None fields."""
    return message.model_dump(exclude_none=True) if hasattr(message, "model_dump") else message


@contextmanager
def needs(package: str, install: str) -> Iterator[None]:
    """Turn a failed import into a UsageError that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"this adapter needs {package}: {error}", hint=f"pip install '{install}'") from error


def _messages(given: Any, role: str) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, str):
        return [{"role": role, "content": given}]
    return [plain(m) for m in given] if isinstance(given, Sequence) or hasattr(given, "tolist") else [plain(given)]


def _told(results: list[Scored]) -> list[Scored]:
    """The results, after logging a warning if some have no score."""
    failed = [result.error for result in results if result.score is None]
    if failed:
        _log.warning("%d of %d trajectories have no reward: %s", len(failed), len(results), failed[0])
    return results
