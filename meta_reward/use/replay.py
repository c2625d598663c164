"""Replays a harness on a trajectory with recorded replies: no judge is asked.

If a harness asks a prompt several times, its reward depends on all replies together. The reward that a single reply
leads to is the one that the harness gives if each of these draws is answered with it, and everything else as recorded.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage, request_from_json, request_to_json
from meta_reward.errors import CandidateError, JudgeMisconfigured
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.gateway import Gateway
from meta_reward.run.settings import RunConfig
from meta_reward.search.open import open_sandbox
from meta_reward.trajectory import ToolCall, Trajectory, trajectory_to_json

Row = dict[str, Any]
"""A call as it is stored in a trace."""
_NOTHING = Usage(0, 0)


def prompt_of(call: Row) -> str:
    """A digest that is equal for calls with equal prompts."""
    return files.digest(request_to_json(request_from_json(call)))


class Replays:
    """Replays harnesses of a run. Use as an async context manager; the sandbox is opened by the first replay."""

    def __init__(self, config: RunConfig) -> None:
        self._config, self._stack = config, AsyncExitStack()
        self._sandbox: Sandbox | None = None
        self.made = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def reward(self, source: str, trajectory: Trajectory, calls: Sequence[Row], given: Row) -> float | None:
        """The reward, from 0 to 100, if every call with the prompt of `given` gets the reply of `given`.

        Other calls get their recorded replies. None if the harness asks something not recorded, or fails.
        """
        if self._sandbox is None:
            self._sandbox = await self._stack.enter_async_context(await open_sandbox(self._config))
        self.made += 1
        sent = trajectory_to_json(trajectory)
        judge = Gateway(_Record(_by_prompt(calls), prompt_of(given), _completion(given)), None)
        session = judge.session("", **self._sandbox.budget.of_session)
        try:
            return (await self._sandbox.score(source, sent, session.ask)).score
        except (CandidateError, JudgeMisconfigured):
            return None


@dataclass(frozen=True, slots=True)
class _Record:
    """The judge of a replay."""

    replies: Mapping[str, Mapping[int, Completion]]
    """Recorded replies by prompt and draw."""
    prompt: str
    """The prompt to answer with `given`."""
    given: Completion
    """The reply to this prompt, for every draw."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = True

    async def complete(self, request: Request, *, draw: int) -> Completion:
        prompt = files.digest(request_to_json(request))
        if prompt == self.prompt:
            return self.given
        if (found := self.replies.get(prompt)) is None:
            raise JudgeMisconfigured("this was not asked before", whatever_is_asked=True)
        return found.get(draw) or next(iter(found.values()))  # what follows a tool call that is given for another draw

    def cost_usd(self, usage: Usage) -> float | None:
        return None


def _by_prompt(calls: Sequence[Row]) -> dict[str, dict[int, Completion]]:
    found: dict[str, dict[int, Completion]] = {}
    for call in calls:
        found.setdefault(prompt_of(call), {})[call["draw"]] = _completion(call)
    return found


def _completion(call: Row) -> Completion:
    asked_for = tuple(ToolCall(**one) for one in call["tool_calls"])
    return Completion(files.as_text(call["reply"]), _NOTHING, asked_for, call["stop_reason"])
