"""The judge of the validator's smoke test: answers any request in the form that it asks for.

The same request and draw get the same answer. Values come from a hash of the whole request, so a harness whose
prompts change from one scoring to the next gets other scores.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import Completion, Request, Usage, estimated_tokens, request_to_json
from meta_reward.errors import JudgeError, PromptTooLong
from meta_reward.files import canonical_json
from meta_reward.trajectory import ToolCall

_TAIL_CHARS = 2_000  # of a prompt: where it says in which form to answer
_RANGE = re.compile(r"(\d+)\s*(?:-|–|to|\.\.)\s*(\d+)")
_JSON_KEY = re.compile(r'"([\w -]+)"\s*:\s*("?)([^",}|/\n]*)')
_LABEL = re.compile(r"\b([A-Z][\w ]{0,30}):\s*(<[^>\n]*>|\[[^\]\n]*\]|[NX]\b|\d+\s*-\s*\d+)")
_NUMBERED = re.compile(r"(?m)^\s*(\d+)[.)] .*\?\W*$")
_YES_NO = re.compile(r"(?i)\byes\W{1,3}(?:or\W{1,3})?no\b")
_NUMBER = re.compile(r"(?i)\d|number|score|integer|\b[nx]\b")


@dataclass(frozen=True, slots=True)
class SmokeJudge:
    """A `Backend` that answers in every form it knows, without judging anything."""

    window_tokens: int
    """A longer request raises PromptTooLong."""

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "smoke"}

    @property
    def simulated(self) -> bool:
        return True

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Call each tool once, then answer. Raises JudgeError for a schema that cannot be read."""
        tokens = estimated_tokens(request)
        if tokens > self.window_tokens:
            raise PromptTooLong(tokens, self.window_tokens)
        chance = random.Random(canonical_json([request_to_json(request), draw]))
        try:
            if calls := _tool_calls(request, chance):
                return Completion("", Usage(tokens, len(calls)), calls, "tool")
            return Completion(_answer(request, chance), Usage(tokens, 1))
        except Exception as error:  # a harness may pass anything as a schema
            raise JudgeError(f"the judge cannot read the request: {error}") from None

    def cost_usd(self, usage: Usage) -> float:
        return 0.0


def _tool_calls(request: Request, chance: random.Random) -> tuple[ToolCall, ...]:
    called = {call.name for message in request.messages for call in message.tool_calls}
    tools = [tool for tool in request.tools if tool.name not in called]
    return tuple(ToolCall(f"call_{tool.name}", tool.name, _arguments(tool.parameters, chance)) for tool in tools)


def _arguments(parameters: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    properties = parameters.get("properties", {})
    return {name: _value(properties.get(name, {}), chance) for name in parameters.get("required", properties)}


def _value(schema: Mapping[str, Any], chance: random.Random) -> Any:
    """A value that fits a JSON schema."""
    if "enum" in schema:
        return chance.choice(schema["enum"])
    kind = schema.get("type", "string")
    match kind if isinstance(kind, str) else kind[0]:
        case "object":
            return _arguments({"required": list(schema.get("properties", {})), **schema}, chance)
        case "array":
            return [_value(schema.get("items", {}), chance) for _ in range(max(1, schema.get("minItems", 1)))]
        case "integer" | "number":
            low = schema.get("minimum", 0)
            return _between(low, schema.get("maximum", low + 100), chance)
        case "boolean":
            return chance.random() < 0.5
        case "null":
            return None
    return "as asked"


def _answer(request: Request, chance: random.Random) -> str:
    if request.schema is not None:
        return canonical_json(_value(request.schema, chance)).decode()
    prompt = next(message.content for message in reversed(request.messages) if message.role == "user")
    tail = prompt[-_TAIL_CHARS:]
    if re.search(r"(?i)\bjson\b", tail):
        slots = _JSON_KEY.findall(tail) or [("score", "", "")]
        return canonical_json({key: _json_slot(bool(quote), slot, chance) for key, quote, slot in slots}).decode()
    lines = [f"{number}. {_yes_or_no(chance)}" for number in dict.fromkeys(_NUMBERED.findall(prompt))]
    lines += [f"{label}: {_slot(slot, chance)}" for label, slot in dict(_LABEL.findall(tail)).items()]
    if lines:
        return "\n".join(lines)
    return _yes_or_no(chance) if _YES_NO.search(tail) else _number(tail, chance)


def _json_slot(is_quoted: bool, slot: str, chance: random.Random) -> Any:
    if is_quoted:
        return slot.strip() or "as asked"
    if slot.strip() in ("true", "false"):
        return chance.random() < 0.5
    return int(_number(slot, chance))


def _slot(slot: str, chance: random.Random) -> str:
    """What to write in place of `<number from 0 to 100>`, `[yes/no]` or `<reason>`."""
    if _YES_NO.search(slot):
        return _yes_or_no(chance)
    return _number(slot, chance) if _NUMBER.search(slot) else re.split(r"[|/]", slot.strip("<>[]"))[0]


def _number(text: str, chance: random.Random) -> str:
    """A number on the last scale that a text names, such as `1 to 5`; without one, from 0 to 100."""
    low, high = (_RANGE.findall(text) or [("0", "100")])[-1]
    return str(_between(int(low), int(high), chance))


def _between(low: float, high: float, chance: random.Random) -> int:
    return chance.randint(int(low), max(int(low), int(high)))


def _yes_or_no(chance: random.Random) -> str:
    return chance.choice(("yes", "no"))
