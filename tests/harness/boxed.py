"""Scoring in a sandbox, made short: candidates from a line, rewards or the kinds of failures."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.level import Level
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.models.session import Answer, Ask, JudgeSession, RunTool
from meta_reward.trajectory import ToolCall, trajectory_to_json
from tests.conftest import LEVEL, WordJudge, make_trajectory

QUICK = Budget(active_s=0.5, wall_s=20.0)
TRAJECTORY = trajectory_to_json(make_trajectory("I did GOOD."))
KILLER = """
import os, time

async def reward(trajectory, judge):
    parent = os.getppid()
    if "meta_reward.harness.worker" in open(f"/proc/{parent}/cmdline").read():
        os.kill(parent, 9)
    time.sleep(60)
"""
Judge = Callable[[Ask, RunTool], Awaitable[Answer]]


def harness(body: str, top: str = "") -> str:
    """A harness of this body, at this indentation; `top` stands above it."""
    return f"from meta_reward.harness import *\n{top}\nasync def reward(trajectory, judge):\n    {body}\n"


def session(judge: WordJudge | None = None) -> JudgeSession:
    return Gateway(judge or WordJudge(), None).session("t")


def score_all(
    *sources: str, judge: Judge | None = None, budget: Budget = QUICK, level: Level = LEVEL
) -> list[Reward | str]:
    """Each source's reward or the kind of its failure, one after the other in one sandbox."""

    async def work() -> list[Reward | str]:
        results: list[Reward | str] = []
        async with Sandbox(budget, level=level) as sandbox:
            for source in sources:
                try:
                    results.append(await sandbox.score(source, TRAJECTORY, judge or session().ask))
                except CandidateError as error:
                    results.append(error.kind)
        return results

    return asyncio.run(work())


def score(source: str, judge: Judge | None = None, budget: Budget = QUICK) -> Reward:
    """The reward of one source; raises what the sandbox raises."""

    async def work() -> Reward:
        async with Sandbox(budget, level=LEVEL) as sandbox:
            return await sandbox.score(source, TRAJECTORY, judge or session().ask)

    return asyncio.run(work())


@dataclass(slots=True)
class ToolJudge(WordJudge):
    """Calls these tools, one a turn, then answers with all results."""

    calls: list[ToolCall] = field(default_factory=list)

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.requests.append(request)
        results = [m.content for m in request.messages if m.role == "tool"]
        if len(results) < len(self.calls):
            return Completion("", Usage(1, 1), (self.calls[len(results)],), "tool")
        return Completion(" ".join(results), Usage(1, 1))
