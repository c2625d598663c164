"""What each call of the model has used, as the agent's program streams it.

The program reports what a session has cost when it ends, but not when it is killed. The stream reports the
input of each call with the first word of the reply and the output with its last, so a transcript can be added
up wherever it was cut off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.completion import Usage
from meta_reward.models.prices import PriceKey, cost_usd
from meta_reward.models.settings import ModelSettings

_INPUT, _READ, _WRITTEN, _OUTPUT = _TOKENS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
)


@dataclass(slots=True)
class Meter:
    """Reads the events of one stream, in their order."""

    _call: dict[str, Any] = field(default_factory=dict)

    def read(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """The fields of a `usage` line after an event, None for an event without usage."""
        kind = event.get("type")
        if kind == "message_start":
            message = event.get("message") or {}
            self._call = {
                "call": str(message.get("id")),
                "model": str(message.get("model")),
                **dict.fromkeys(_TOKENS, 0),
            }
            self._add(message.get("usage"))
        elif kind == "message_delta" and self._call:
            self._add(event.get("usage"))
        else:
            return None
        return {**self._call, "cost_usd": _price(self._call)}

    def _add(self, usage: Any) -> None:
        """Take over the numbers of an event, which cover the whole call so far."""
        numbers = usage if isinstance(usage, dict) else {}
        self._call |= {name: numbers[name] for name in _TOKENS if isinstance(numbers.get(name), int)}


def _price(call: Mapping[str, Any]) -> float | None:
    """The cost at list price, None if the price is unknown."""
    tokens = Usage(
        input_tokens=call[_INPUT] + call[_READ] + call[_WRITTEN],
        output_tokens=call[_OUTPUT],
        cache_read_tokens=call[_READ],
        cache_write_tokens=call[_WRITTEN],
    )
    return cost_usd(tokens, PriceKey("anthropic", call["model"]), ModelSettings())
