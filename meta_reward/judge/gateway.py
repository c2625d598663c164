"""The one way to the judge: cache, concurrency, budgets, and a record of every call.

A `Gateway` belongs to a process; a `Session` to one trajectory scored by one harness. The session
numbers identical asks (the draw), plays the rounds in which the judge calls the harness's tools,
and keeps every turn as a `Call`. *Nominal* numbers count a cached call like any other; *spent*
ones count only what was asked anew.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend, Completion, Request, is_unreadable, request_to_json
from meta_reward.errors import CandidateError
from meta_reward.judge.cache import Cache, cache_key
from meta_reward.trajectory import Message, Tool, ToolCall


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of a harness to the judge."""

    prompt: str
    system: str | None = None
    tools: tuple[Tool, ...] = ()
    require: str | None = None
    schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The judge's final word on an ask. tools_called: names in the order of the calls."""

    text: str
    stop_reason: str
    tools_called: tuple[str, ...] = ()


RunTool = Callable[[ToolCall], Awaitable[tuple[str, bool]]]
"""Runs a tool of the harness for the judge: returns its result as text, and whether that is an error."""


@dataclass(frozen=True, slots=True)
class Call:
    """One turn of the judge on record: what was asked and answered, and what it took.

    ask, turn: from 1. cost_usd: what it costs when it is not cached, None where no price is known.
    """

    ask: int
    turn: int
    draw: int
    request: Request
    completion: Completion
    cached: bool
    seconds: float
    cost_usd: float | None


@dataclass(slots=True)
class Spent:
    """What a process has used so far. calls and tokens are nominal; misses and cost_usd are real."""

    calls: int = 0
    tokens: int = 0
    misses: int = 0
    cost_usd: float = 0.0


@dataclass(slots=True)
class Gateway:
    """A backend behind its cache. check: called before each new call, raises LimitReached."""

    backend: Backend
    cache: Cache | None
    concurrency: int = 16
    check: Callable[[Spent], None] = lambda spent: None
    spent: Spent = field(default_factory=Spent)
    _slots: asyncio.Semaphore | None = None

    def session(
        self, trajectory_digest: str, *, repeat: int = 0, max_calls: int = 100, max_tokens: int = 2_000_000
    ) -> "Session":
        """A session for one trajectory; its budget counts nominal calls and tokens."""
        return Session(self, trajectory_digest, repeat, max_calls, max_tokens)

    async def complete(
        self, request: Request, *, trajectory_digest: str, repeat: int, draw: int
    ) -> tuple[Completion, bool, float]:
        """A completion, whether it came from the cache, and the seconds it took."""
        self.check(self.spent)
        key = cache_key(
            self.backend.settings, trajectory_digest=trajectory_digest, repeat=repeat, request=request, draw=draw
        )
        began = time.monotonic()
        completion = self.cache.load(key) if self.cache else None
        cached = completion is not None
        if completion is None:
            if self._slots is None:  # bound to the running loop on first use
                self._slots = asyncio.Semaphore(self.concurrency)
            async with self._slots:
                completion = await self.backend.complete(request, draw=draw)
            if self.cache:
                self.cache.save(key, completion, self.backend.settings)
            self.spent.misses += 1
            self.spent.cost_usd += self.backend.cost_usd(completion.usage) or 0.0
        self.spent.calls += 1
        self.spent.tokens += completion.usage.input_tokens + completion.usage.output_tokens
        return completion, cached, time.monotonic() - began


class Session:
    """The judge for one trajectory: numbers its draws, holds its budget, keeps its calls."""

    def __init__(self, gateway: Gateway, trajectory_digest: str, repeat: int, max_calls: int, max_tokens: int) -> None:
        self._gateway, self._digest, self._repeat = gateway, trajectory_digest, repeat
        self._max_calls, self._max_tokens = max_calls, max_tokens
        self._draws: Counter[bytes] = Counter()
        self._asks = self._turns = self._tokens = 0
        self._calls: list[Call] = []

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order of the asks, whatever the order of the replies."""
        return sorted(self._calls, key=lambda call: (call.ask, call.turn))

    async def ask(self, ask: Ask, run_tool: RunTool) -> Answer:
        """Ask the judge, answering its tool calls, until it has no more of them.

        Raises CandidateError when the budget is used up, and whatever the backend raises.
        """
        first = Request((Message("user", ask.prompt),), ask.system, ask.tools, ask.require, ask.schema)
        identity = files.canonical_json(request_to_json(first))
        self._asks += 1
        number, draw = self._asks, self._draws[identity]
        self._draws[identity] += 1
        request, called = first, list[str]()
        for turn in range(1, self._max_calls + 2):
            completion = await self._turn(request, number, turn, draw)
            if not completion.tool_calls:
                return Answer(completion.text, completion.stop_reason, tuple(called))
            results = [await self._result(call, run_tool) for call in completion.tool_calls]
            called += [call.name for call in completion.tool_calls if not is_unreadable(call)]
            said = Message("assistant", completion.text, completion.tool_calls)
            require = None if request.require in called else request.require
            request = replace(request, messages=(*request.messages, said, *results), require=require)
        raise AssertionError("the budget of calls ends every conversation")

    async def _turn(self, request: Request, ask: int, turn: int, draw: int) -> Completion:
        if self._turns >= self._max_calls:
            raise CandidateError("judge-calls", f"more than {self._max_calls} judge calls on one trajectory")
        if self._tokens >= self._max_tokens:
            raise CandidateError("judge-tokens", f"more than {self._max_tokens} judge tokens on one trajectory")
        self._turns += 1
        completion, cached, seconds = await self._gateway.complete(
            request, trajectory_digest=self._digest, repeat=self._repeat, draw=draw
        )
        self._tokens += completion.usage.input_tokens + completion.usage.output_tokens
        cost = self._gateway.backend.cost_usd(completion.usage)
        self._calls.append(Call(ask, turn, draw, request, completion, cached, seconds, cost))
        return completion

    async def _result(self, call: ToolCall, run_tool: RunTool) -> Message:
        if is_unreadable(call):
            return Message("tool", "the arguments are no JSON object; call again", tool_call_id=call.id, is_error=True)
        content, is_error = await run_tool(call)
        return Message("tool", content, tool_call_id=call.id, is_error=is_error)
