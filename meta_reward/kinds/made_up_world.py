"""A tiny made-up world on which the validator runs agents: a shop with one order and a customer of few words."""

import json
from collections.abc import Mapping
from typing import Any

from meta_reward.tasks.registry import Grade
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory

POLICY = "Desk policy. Change an order only after the customer has agreed. Refuse refunds after 30 days."
PROMPT = "Please change the colour of order 1234 to blue."
_ID = {"type": "string", "description": "The number of an order."}
TOOLS = (
    Tool(
        "get_order", "Look up an order.", {"type": "object", "properties": {"order_id": _ID}, "required": ["order_id"]}
    ),
    Tool(
        "update_order",
        "Change an order's colour.",
        {
            "type": "object",
            "properties": {"order_id": _ID, "colour": {"type": "string"}},
            "required": ["order_id", "colour"],
        },
    ),
)
_ANSWERS = ("Yes, please.", "Is it done?", "Thanks!")


class MadeUpWorld:
    """A customer who answers three times, whatever is said, and a shop with two tools."""

    def __init__(self) -> None:
        self._messages = [Message("user", PROMPT)]
        self._colour, self._said = "red", 0

    def say(self, text: str) -> str | None:
        """The next of the few answers."""
        self._messages.append(Message("assistant", text))
        if self._said == len(_ANSWERS):
            return None
        self._said += 1
        self._messages.append(Message("user", _ANSWERS[self._said - 1]))
        return _ANSWERS[self._said - 1]

    def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        """The order, or an error."""
        call = ToolCall(f"call_{len(self._messages)}", name, dict(arguments))
        failed = name not in [tool.name for tool in TOOLS]
        if name == "update_order":
            self._colour = str(arguments.get("colour"))
        order = {"order_id": "1234", "colour": self._colour, "status": "pending"}
        result = json.dumps({"error": f"no tool {name}"} if failed else order)
        self._messages += [
            Message("assistant", "", (call,)),
            Message("tool", result, tool_call_id=call.id, is_error=failed),
        ]
        return result, failed

    def trajectory(self) -> Trajectory:
        """All that was said and done."""
        return Trajectory(POLICY, TOOLS, tuple(self._messages))

    def grade(self) -> Grade:
        """Whether the order is blue."""
        return Grade(float(self._colour == "blue"))
