"""Reward functions for TRL's trainers, such as GRPO and RLOO.

    trainer = GRPOTrainer(..., reward_funcs=reward_func("runs/night-1", max_usd=50))

A completion without a reward is None, which TRL leaves out of the group's advantage. This module does not import TRL.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward.use.adapter import WarmReward, conversation
from meta_reward.use.scorer import Scored


class RewardFunc:
    """TRL calls it with a batch. It can be pickled; a copy opens the reward again in its own process."""

    def __init__(self, reward: WarmReward, name: str) -> None:
        self.reward, self.__name__ = reward, name

    def __call__(self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        """One reward from 0 to 1 for each completion: texts, or lists of messages, as in the prompts."""
        return _rewards(self.reward.score_all(_conversations(prompts, completions)))


class AsyncRewardFunc(RewardFunc):
    """The same as a coroutine, which TRL runs concurrently with other asynchronous reward functions."""

    def __init__(self, reward: WarmReward, name: str) -> None:
        super().__init__(reward, name)
        # What makes an object a function to `inspect`: TRL before 1.16 asks only whether that is a coroutine's.
        self.__code__, self.__defaults__, self.__kwdefaults__ = type(self).__call__.__code__, None, None
        self.__annotations__ = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return AsyncRewardFunc, (self.reward, self.__name__)

    async def __call__(  # type: ignore[override]
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        """As in `RewardFunc`."""
        return _rewards(await self.reward.score_all_async(_conversations(prompts, completions)))


def reward_func(path: str | Path, *, name: str = "meta_reward", **options: Any) -> RewardFunc:
    """A reward function. path, options: those of `load_reward`. name: under which TRL logs it."""
    return RewardFunc(WarmReward(path, options), name)


def async_reward_func(path: str | Path, *, name: str = "meta_reward", **options: Any) -> AsyncRewardFunc:
    """The asynchronous counterpart of `reward_func`."""
    return AsyncRewardFunc(WarmReward(path, options), name)


def _conversations(prompts: Sequence[Any], completions: Sequence[Any]) -> list[Any]:
    return [conversation(prompt, completion) for prompt, completion in zip(prompts, completions, strict=True)]


def _rewards(results: Sequence[Scored]) -> list[float | None]:
    return [result.from_0_to_1 for result in results]
