"""Whether a judge supports what a harness may use: a few tiny real calls, one try each.

If the plain call fails, its error is raised, because that is what the user needs to see. If a schema or tools do not
work, that is only reported, because many harnesses need neither.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meta_reward.completion import Backend, Completion, Request, Usage
from meta_reward.errors import JudgeError, JudgeUnavailable
from meta_reward.models.usage import total_usd
from meta_reward.trajectory import Message, Tool

_SECRET = "heron"  # only the tool knows it
_TOOL = Tool("look_up_word", "Returns the word of the day.", {"type": "object", "properties": {}})
_SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a feature works."""

    works: bool
    seen: str = ""
    """What the judge did instead, if the feature does not work or works only partly."""


@dataclass(frozen=True, slots=True)
class Check:
    """The findings of all calls. An unknown price is None."""

    judge: Mapping[str, Any]
    """Its settings, as in cache keys."""
    simulated: bool
    reply: str
    """The reply to the plain call; the next four fields are about that call too."""
    stop_reason: str
    seconds: float
    usage: Usage
    cost_usd: float | None
    price_usd: tuple[float, float] | None
    """US dollars per million tokens, input and output."""
    schema: Finding
    tools: Finding
    calls: int
    """How many calls were made."""
    total_usd: float | None
    """US dollars that all calls cost."""


class _Asking:
    """Asks a backend and keeps the completions."""

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
    """Make the calls. Raises any error of the plain call; of other calls, only errors not about that one request."""
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
    """Whether a reply contains the JSON object that was asked for."""
    try:
        value = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except ValueError:
        return False
    return isinstance(value, dict) and isinstance(value.get("score"), int)


def _price_usd(backend: Backend) -> tuple[float, float] | None:
    """US dollars per million tokens of input and output, from the price of a thousand: long prompts may cost more."""
    prices = [backend.cost_usd(usage) for usage in (Usage(1000, 0), Usage(0, 1000))]
    return None if prices[0] is None or prices[1] is None else (prices[0] * 1000, prices[1] * 1000)
