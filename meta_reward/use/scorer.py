"""A harness behind its gateway and a warm sandbox: one trajectory in, one score out.

If a harness fails on a trajectory, or the input is not a trajectory, the result has no score, but a reason. An outage
of the judge or a limit raises instead, since it says nothing about the trajectory. Replies that were paid for stay in
the cache, so asking again resumes from there.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from meta_reward.evaluation.evaluate import Runner
from meta_reward.evaluation.metrics import Tokens
from meta_reward.evaluation.outcome import Example
from meta_reward.evaluation.records import REWARD, Result, tokens_of
from meta_reward.harness.levels import UNCONFINED_WARNING
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.billing import BillingLog
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent
from meta_reward.search.limits import limit_check, require_limit
from meta_reward.search.open import open_backend, open_gateway, open_sandbox
from meta_reward.trajectory import Trajectory, trajectory_to_json
from meta_reward.use.in_order import in_order
from meta_reward.use.loaded import Loaded
from meta_reward.use.trajectories import Unreadable, trajectory_of

UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Scored:
    """The result of a harness on one trajectory."""

    score: float | None
    """From 0 to 100; None if there is none, and then `error` says why. Never 0 for a failure."""
    reason: str = ""
    """The harness's reason, if it gives one."""
    findings: Mapping[str, Any] = field(default_factory=dict)
    """What the harness found, such as the result of each check."""
    error: str | None = None
    """Why there is no score; None if there is one."""
    usage: Tokens = field(default_factory=Tokens)
    """Judge calls, tokens and dollars; cached calls count in full."""

    @property
    def from_0_to_1(self) -> float | None:
        """The score divided by 100, for tools that expect a reward from 0 to 1; None without a score."""
        return None if self.score is None else self.score / 100


class Scorer:
    """Scores trajectories with a loaded harness. Use as an async context manager."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        billing: BillingLog | None = None,
        spent: Spent | None = None,
        notice: Callable[[str], None] = lambda text: None,
    ) -> None:
        """billing: where each call is recorded before it is sent. spent: by earlier starts. notice: called with
        messages for people. Raises UsageError if the judge may cost money and there is no limit."""
        self.loaded, self._notice = loaded, notice
        backend = open_backend(loaded.config)
        require_limit(backend, loaded.config.judge.spec, loaded.limits)
        self.gateway: Gateway = open_gateway(loaded.config, backend, billing=billing, spent=spent, notice=notice)
        limits = limit_check(loaded.spending)  # of calls that were made: those of earlier starts are in the cache
        self.gateway.limit(lambda spent: limits(replace(spent, calls=spent.misses)))
        self._slots = asyncio.Semaphore(self.gateway.concurrency)
        self._sandbox: Sandbox | None = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self.loaded.config.sandbox == "none":
            self._notice(UNCONFINED_WARNING)
        self._sandbox = await self._open.enter_async_context(await open_sandbox(self.loaded.config))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.gateway.settle()
        finally:
            await self._open.aclose()

    @property
    def spent(self) -> Spent:
        """What was spent so far."""
        return self.gateway.spent

    async def score(self, messages: Any, *, policy: str | None = None, tools: Any = None) -> Scored:
        """The score of one trajectory: a list of messages, an object with `messages`, or a Trajectory.

        policy, tools: what the agent worked under; None for those of the object or, failing that, the loaded ones.
        Raises JudgeUnavailable and LimitReached.
        """
        try:
            trajectory = trajectory_of(_with(messages, policy, tools), self.loaded.shared)
        except Unreadable as error:
            return unreadable(str(error))
        return await self.score_trajectory(trajectory)

    async def score_all(self, batch: Iterable[Any]) -> list[Scored]:
        """One result for each input, in order; several are scored at once. Raises like `score`."""
        results: list[Scored] = []
        await in_order(
            batch, self.score, lambda given, scored: results.append(scored), at_once=self.gateway.concurrency
        )
        return results

    async def score_trajectory(self, trajectory: Trajectory) -> Scored:
        """The score of a parsed trajectory. Raises like `score`."""
        result = await self.run(REWARD, {"trajectory": trajectory_to_json(trajectory)})
        usage = tokens_of(result.costs)
        if result.error is not None:
            return Scored(None, error=f"{result.error.kind}: {result.error.message}", usage=usage)
        assert isinstance(result.output, Reward)
        return Scored(result.output.score, result.output.reason, result.output.findings, usage=usage)

    async def run(self, entry: str, arguments: Mapping[str, Any]) -> Result:
        """Call a function of the program. entry: its name. arguments: as JSON values. Raises like `score`."""
        if self._sandbox is None:
            raise RuntimeError("use `async with`: the sandbox is not open")
        runner = Runner(self.gateway, self._sandbox)
        async with self._slots:
            return await runner.run(self.loaded.source, Example("", "", entry, arguments))


def unreadable(why: str) -> Scored:
    """The result for an input that is not a trajectory."""
    return Scored(None, error=f"{UNREADABLE}: {why}")


def _with(messages: Any, policy: str | None, tools: Any) -> Any:
    """The messages, together with the policy and tools that the caller names."""
    named = {name: value for name, value in (("policy", policy), ("tools", tools)) if value is not None}
    if not named:
        return messages
    if isinstance(messages, Trajectory):
        messages = {"policy": messages.policy, "tools": messages.tools, "messages": messages.messages}
    return {**(messages if isinstance(messages, Mapping) else {"messages": messages}), **named}
