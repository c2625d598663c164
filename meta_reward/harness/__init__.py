"""The interface of programs: everything a candidate may import from this package.

    from meta_reward.harness import Judge, Reward, Trajectory

    async def reward(trajectory: Trajectory, judge: Judge) -> Reward: ...

It needs only the standard library, so a sandbox shows candidates the modules that this one imports and nothing else.
"""

from meta_reward.harness.runtime import (
    Comparison,
    Corpus,
    Example,
    Found,
    Guard,
    HostError,
    Judge,
    JudgeError,
    Model,
    ModelError,
    PromptTooLong,
    Reply,
    Reward,
    World,
)
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, render_call

__all__ = [
    "Comparison",
    "Corpus",
    "Example",
    "Found",
    "Guard",
    "HostError",
    "Judge",
    "JudgeError",
    "Message",
    "Model",
    "ModelError",
    "PromptTooLong",
    "Reply",
    "Reward",
    "Tool",
    "ToolCall",
    "Trajectory",
    "World",
    "render_call",
]
