"""A judge for verifiers v1, plugged in by its id or called from a task:

    judges = [{ id = "my_judges", reward = "runs/night-1", max_usd = 50 }]   # my_judges.py exports MetaRewardJudge

    @vf.reward
    async def night_1(self, trace) -> float:
        return await reward_fn("runs/night-1", max_usd=50)(self.data, trace)

The reward is from 0 to 1. A failure raises, so that verifiers records an error of the rollout and no score.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from meta_reward.use.adapter import needs, plain, required, warm

with needs("verifiers", "meta-reward[verifiers]"):
    import verifiers.v1 as vf


class MetaRewardJudgeConfig(vf.JudgeConfig):
    """The configuration of a plugged-in judge."""

    id: str = "meta_reward"
    reward: str = ""
    """A run, an export, or the file of a harness."""
    max_usd: float | str | None = None
    judge: str | None = None


class MetaRewardJudge(vf.Judge[float, MetaRewardJudgeConfig]):
    """Gives the reward of the whole conversation. The judge is the run's; `model` is ignored."""

    async def score(self, task: vf.TaskData, trace: vf.Trace) -> float:
        """The reward of a trace, from 0 to 1. Raises NoReward."""
        return await reward_fn(self.config.reward, max_usd=self.config.max_usd, judge=self.config.judge)(task, trace)


def reward_fn(path: str, **options: Any) -> Callable[[vf.TaskData, vf.Trace], Awaitable[float]]:
    """A reward function for a task. path, options: those of `load_reward`."""
    reward = warm(path, **options)

    async def score(task: vf.TaskData, trace: vf.Trace) -> float:
        conversation = {"messages": [plain(message) for message in trace.messages]}
        tools = {"tools": [plain(tool) for tool in trace.tools]} if trace.tools else {}
        return required(await reward.score(conversation | tools))

    return score
