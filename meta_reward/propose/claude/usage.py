"""The usage of each call of the model, read from the stream of the agent's program.

The program reports the cost of a session when it ends, but not when it is killed. The stream reports the input of each
call at the start of the reply and the output at its end, so a transcript can be added up wherever it was cut off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meta_reward.completion import Usage
from meta_reward.models.prices import PriceKey, cost_usd
from meta_reward.models.settings import ModelSettings

_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What a call has used so far: the fields of a `usage` line."""

    call: str
    model: str
    input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    """US dollars at list price; None if the price is not known."""


@dataclass(slots=True)
class Meter:
    """Reads the events of one stream, in their order."""

    _call: CallUsage | None = None

    def read(self, event: Mapping[str, Any]) -> CallUsage | None:
        """What the current call has used so far, after this event; None for an event without usage."""
        kind = event.get("type")
        if kind == "message_start":
            message = event.get("message") or {}
            call, usage = CallUsage(str(message.get("id")), str(message.get("model"))), message.get("usage")
        elif kind == "message_delta" and self._call:
            call, usage = self._call, event.get("usage")
        else:
            return None
        numbers = usage if isinstance(usage, dict) else {}  # they cover the whole call so far
        call = replace(call, **{name: numbers[name] for name in _TOKENS if isinstance(numbers.get(name), int)})
        self._call = replace(call, cost_usd=_price(call))
        return self._call


def _price(call: CallUsage) -> float | None:
    tokens = Usage(
        input_tokens=call.input_tokens + call.cache_read_input_tokens + call.cache_creation_input_tokens,
        output_tokens=call.output_tokens,
        cache_read_tokens=call.cache_read_input_tokens,
        cache_write_tokens=call.cache_creation_input_tokens,
    )
    return cost_usd(tokens, PriceKey("anthropic", call.model), ModelSettings())
