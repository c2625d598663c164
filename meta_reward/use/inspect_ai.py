"""A scorer for Inspect:

    Task(..., scorer=reward_scorer("runs/night-1", max_usd=5))
    inspect score LOG --scorer meta_reward/reward_scorer -S path=runs/night-1

The value is from 0 to 1. A failure is an unscored sample (NaN), which metrics leave out, with the reason.
"""

import math
from typing import Any

from meta_reward.tasks.importers.inspect_samples import as_openai
from meta_reward.use.adapter import WarmReward, needs, plain
from meta_reward.use.scorer import Scored

with needs("Inspect", "meta-reward[inspect]"):
    from inspect_ai.log import ModelEvent, transcript
    from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
    from inspect_ai.solver import TaskState


@scorer(metrics=[mean(), stderr()])
def reward_scorer(path: str, **options: Any) -> Scorer:
    """A scorer that gives the reward of the whole conversation. path, options: those of `load_reward`.

    The target is ignored.
    """
    reward = WarmReward(path, options)

    async def score(state: TaskState, target: Target) -> Score:
        messages = [as_openai(plain(message)) for message in state.messages]
        return _score(await reward.score({"messages": messages} | _tools()))

    return score


def _tools() -> dict[str, Any]:
    """The tools that the model was offered."""
    offered = (event.tools for event in transcript().events if isinstance(event, ModelEvent))
    tools = next(filter(None, offered), None)
    return {"tools": [plain(tool) for tool in tools]} if tools else {}


def _score(scored: Scored) -> Score:
    usage = {"judge_calls": scored.usage.judge_calls, "cost_usd": scored.usage.cost_usd}
    if scored.from_0_to_1 is None:
        return Score(value=math.nan, explanation=scored.error, metadata=usage)
    return Score(value=scored.from_0_to_1, explanation=scored.reason, metadata={**usage, **scored.findings})
