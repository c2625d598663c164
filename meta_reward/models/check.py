"""Whether a judge does what a harness may ask of it: a few tiny real calls, one try each.

The first failure of the plain call is raised as it comes: its line is what the user needs. What a
judge does not take beyond that (a schema, tools) is reported, since many a harness needs neither.
"""

import json
import time
from dataclasses import dataclass, replace
from typing import Any

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.errors import JudgeError, JudgeUnavailable
from meta_reward.models.usage import total_usd
from meta_reward.trajectory import Message, Tool

_SECRET = "heron"  # what only the tool knows
_TOOL = Tool("look_up_word", "Returns the word of the day.", {"type": "object", "properties": {}})
_SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether something works, and what was seen that speaks against it."""

    works: bool
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What a judge's calls showed. seconds, usage, cost_usd: of the plain call; price_usd: for a million tokens in and
    out; calls, total_usd: of all of them. A price that is not known is None."""

    judge: dict[str, Any]
    simulated: bool
    reply: str
    stop_reason: str
    seconds: float
    usage: Usage
    cost_usd: float | None
    price_usd: tuple[float, float] | None
    schema: Finding
    tools: Finding
    calls: int
    total_usd: float | None


class _Asking:
    """Asks a backend and adds up what it takes."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.completions: list[Completion] = []

    async def __call__(self, request: Request) -> Completion:
        completion = await self.backend.complete(request, draw=0)
        self.completions.append(completion)
        return completion

    def total_usd(self) -> float | None:
        return total_usd(self.backend.cost_usd(completion.usage) for completion in self.completions)


async def check_judge(backend: Backend) -> Check:
    """Call the judge and look. Raises what the plain call raises, and every failure that is not about the request."""
    ask = _Asking(backend)
    began = time.monotonic()
    plain = await ask(_question("Answer with the single word: ready"))
    seconds = time.monotonic() - began
    schema, tools = await _schema(ask), await _tools(ask)
    return Check(
        judge=dict(backend.settings),
        simulated=backend.simulated,
        reply=plain.text,
        stop_reason=plain.stop_reason,
        seconds=seconds,
        usage=plain.usage,
        cost_usd=backend.cost_usd(plain.usage),
        price_usd=_price_usd(backend),
        schema=schema,
        tools=tools,
        calls=len(ask.completions),
        total_usd=ask.total_usd(),
    )


async def _schema(ask: _Asking) -> Finding:
    try:
        reply = await ask(replace(_question("Rate the sentence 'It works.' from 0 to 100."), schema=_SCHEMA))
    except JudgeUnavailable:
        raise
    except JudgeError as error:
        return Finding(False, str(error))
    fits = _fits(reply.text)
    return Finding(fits, "" if fits else f"the reply was {reply.text!r:.100} ({reply.stop_reason})")


async def _tools(ask: _Asking) -> Finding:
    request = replace(
        _question("What is the word of the day? Answer with that word."), tools=(_TOOL,), require=_TOOL.name
    )
    try:
        called = await ask(request)
        if not called.tool_calls or called.tool_calls[0].name != _TOOL.name:
            return Finding(False, f"it was not called; the reply was {called.text!r:.100} ({called.stop_reason})")
        results = [Message("tool", _SECRET, tool_call_id=call.id) for call in called.tool_calls]
        said = Message("assistant", called.text, called.tool_calls)
        reply = await ask(replace(request, messages=(*request.messages, said, *results), require=None))
    except JudgeUnavailable:
        raise
    except JudgeError as error:
        return Finding(False, str(error))
    used = _SECRET in reply.text.lower()
    return Finding(True, "" if used else f"its result is not in the reply: {reply.text!r:.100} ({reply.stop_reason})")


def _question(text: str) -> Request:
    return Request((Message("user", text),))


def _fits(text: str) -> bool:
    """Whether a reply holds the JSON object that was asked for, wherever in it."""
    try:
        value = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except ValueError:
        return False
    return isinstance(value, dict) and isinstance(value.get("score"), int)


def _price_usd(backend: Backend) -> tuple[float, float] | None:
    """For a million tokens in and out, from what a thousand cost: longer prompts may cost more a token."""
    prices = [backend.cost_usd(usage) for usage in (Usage(1000, 0), Usage(0, 1000))]
    return None if prices[0] is None or prices[1] is None else (prices[0] * 1000, prices[1] * 1000)
