"""The judge for one trajectory: numbers identical questions, runs the harness's tools, enforces budgets, records calls.

The draw of a question is how many times the session asked it before, so that asking again draws another sample.
"""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage, estimated_tokens, is_unreadable, request_to_json
from meta_reward.errors import CandidateError, JudgeError, JudgeUnavailable, Unanswerable
from meta_reward.models.rate_limit import QueueTime
from meta_reward.trajectory import Message, Tool, ToolCall

if TYPE_CHECKING:
    from meta_reward.models.gateway import Gateway

_NOTHING = Completion("", Usage(0, 0), stop_reason="error")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a harness to the judge."""

    prompt: str
    system: str | None = None
    tools: tuple[Tool, ...] = ()
    require: str | None = None
    schema: dict[str, Any] | None = None
    role: str | None = None
    """The role in which the model is asked; the run may name another model for it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The judge's final answer to an ask."""

    text: str
    stop_reason: str
    tools_called: tuple[str, ...] = ()
    """The names of the tools that the judge called, in order."""


RunTool = Callable[[ToolCall], Awaitable[tuple[str, bool]]]
"""Runs a tool of the harness for the judge; returns the result as text, and whether it is an error."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """Where to find the reply to a call."""

    ask: int
    turn: int
    draw: int
    key: str
    """The reply's key in the cache."""
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One turn of the judge: what was asked and answered, and what it took."""

    ask: int
    """The question it belongs to, from 1."""
    turn: int
    """Its place in the conversation about that question, from 1."""
    draw: int
    """How many times the same question was asked before."""
    key: str
    """The reply's key in the cache."""
    request: Request
    completion: Completion
    """Empty if there was an error."""
    cached: bool
    seconds: float
    cost_usd: float | None
    """US dollars that it costs if it is not cached, None if the price is not known."""
    tries: int = 1
    """0 if the reply was in the cache."""
    error: JudgeError | None = None
    """Why there is no reply."""
    role: str | None = None


class JudgeSession:
    """The judge for one trajectory: numbers its draws, enforces its budget, records its calls."""

    def __init__(
        self,
        gateway: "Gateway",
        trajectory_digest: str,
        repeat: int,
        max_calls: int,
        max_tokens: int,
        max_bytes: int,
    ) -> None:
        self._gateway, self._digest, self._repeat = gateway, trajectory_digest, repeat
        self._max_calls, self._max_tokens, self._max_bytes = max_calls, max_tokens, max_bytes
        self._draws: Counter[bytes] = Counter()
        self._asks = self._turns = self._tokens = self._bytes = 0
        self._calls: list[Call] = []
        self.queue_time = QueueTime(gateway.clock)

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order of the questions rather than of the replies."""
        return sorted(self._calls, key=lambda call: (call.ask, call.turn))

    async def ask(self, ask: Ask, run_tool: RunTool) -> Answer:
        """Ask the judge, and run the tools that it calls until it calls no more.

        Raises CandidateError if the budget is used up or if the endpoint fails only on this request, and everything
        that the backend raises.
        """
        first = Request((Message("user", ask.prompt),), ask.system, ask.tools, ask.require, ask.schema)
        played = str(ask.role if ask.role in self._gateway.roles else "").encode()  # by another model than the judge
        identity = played + hashlib.sha256(files.canonical_json(request_to_json(first))).digest()
        self._asks += 1
        number, draw = self._asks, self._draws[identity]
        self._draws[identity] += 1
        request, called = first, list[str]()
        for turn in range(1, self._max_calls + 2):
            completion = await self._turn(request, CallKey(number, turn, draw, "", ask.role))
            if not completion.tool_calls:
                return Answer(completion.text, completion.stop_reason, tuple(called))
            results = [await self._result(call, run_tool) for call in completion.tool_calls]
            called += [call.name for call in completion.tool_calls if not is_unreadable(call)]
            said = Message("assistant", completion.text, completion.tool_calls)
            require = None if request.require in called else request.require
            request = replace(request, messages=(*request.messages, said, *results), require=require)
        raise AssertionError("the budget of calls ends every conversation")

    async def _turn(self, request: Request, asked: CallKey) -> Completion:
        self._count(request)
        gateway = self._gateway.playing(asked.role)
        began, failure = gateway.clock.now(), None
        key = gateway.key(request, trajectory_digest=self._digest, repeat=self._repeat, draw=asked.draw)
        try:
            completion, tries = await gateway.complete(
                key, request, repeat=self._repeat, draw=asked.draw, queue_time=self.queue_time
            )
            cost = gateway.backend.cost_usd(completion.usage)
        except JudgeUnavailable:
            raise
        except JudgeError as error:
            completion, tries, cost, failure = _NOTHING, error.tries, 0.0, error
            gateway.count(completion.usage)
        seconds = gateway.clock.now() - began
        self._tokens += _tokens_of(request, completion.usage, refused=failure is not None)
        numbers = (asked.ask, asked.turn, asked.draw)
        self._calls.append(
            Call(*numbers, key, request, completion, tries == 0, seconds, cost, tries, failure, asked.role)
        )
        if isinstance(failure, Unanswerable):
            raise CandidateError("judge-request", str(failure)) from failure
        if failure is not None:
            raise failure
        return completion

    def _count(self, request: Request) -> None:
        """Count one more turn. Raises CandidateError if the budget is used up."""
        if self._turns >= self._max_calls:
            raise CandidateError("judge-calls", f"more than {self._max_calls} judge calls on one trajectory")
        if self._tokens >= self._max_tokens:
            raise CandidateError("judge-tokens", f"more than {self._max_tokens} judge tokens on one trajectory")
        self._bytes += _bytes_of(request)
        if self._bytes > self._max_bytes:
            what = f"more than {self._max_bytes} bytes asked of the judge on one trajectory"
            raise CandidateError("judge-bytes", f"{what}; each turn counts the whole conversation that it sends")
        self._turns += 1

    async def _result(self, call: ToolCall, run_tool: RunTool) -> Message:
        if is_unreadable(call):
            return Message("tool", "the arguments are no JSON object; call again", tool_call_id=call.id, is_error=True)
        content, is_error = await run_tool(call)
        return Message("tool", content, tool_call_id=call.id, is_error=is_error)


def _tokens_of(request: Request, usage: Usage, *, refused: bool) -> int:
    """The tokens that a turn takes from the budget; a prompt that was refused counts at its estimated size."""
    return estimated_tokens(request) if refused else usage.input_tokens + usage.output_tokens


def _bytes_of(request: Request) -> int:
    """The size of a request in bytes, as stored in a trace."""
    return len(files.canonical_json(request_to_json(request)))
