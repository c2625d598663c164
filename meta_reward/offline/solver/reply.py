"""The form of a reply: steps where they are asked for, and the answer as it is wanted."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meta_reward.completion import Request
from meta_reward.files import canonical_json
from meta_reward.offline.puzzles.method import latex
from meta_reward.trajectory import ToolCall

_STEPS = re.compile(r"\b(?:step|reason|think|explain|explan|show your|derive|work(?:ing)? (?:it )?out)", re.IGNORECASE)
_SOLVE = re.compile(r"(?<!do not )(?<!don't )(?<!not to )\bsolve (?:the|this|it)\b|\banswer:|\\boxed", re.IGNORECASE)
_NAMING = re.compile(
    r"\b(?:name|which|what|identify|classify|write)\b[^?.\n]{0,60}"
    r"\b(?P<what>methods?|techniques?|approach|kind of problem|type of problem|topics?|keywords?|query|queries)\b",
    re.IGNORECASE,
)
_LINE = re.compile(r"\b([A-Z][A-Za-z ]{1,20}):\s*(?:<[^>\n]*>|\[[^\]\n]*\]|\{[^}\n]*\}|\.{3}|_{2,})")
_TERMINATING = 10**6


def wants_steps(instructions: str) -> bool:
    """Whether a prompt asks for more than a result."""
    return _STEPS.search(instructions) is not None


def wants_name(instructions: str) -> str:
    """What is to be named of a problem instead of solving it: `method`, `topic`, or "" where it is to be solved."""
    found = _NAMING.search(instructions)
    if found is None or _SOLVE.search(instructions):
        return ""
    return "topic" if found["what"].lower().startswith("topic") else "method"


def with_answer(answer: str, steps: str, *, schema: Mapping[str, Any] | None, instructions: str) -> str:
    """The reply that gives this answer. steps: "" for none."""
    if schema is not None:
        return canonical_json(_filled(schema, answer, steps)).decode()
    line = _LINE.search(instructions)
    if "\\boxed" in instructions:
        said = f"\\boxed{{{answer}}}"
    else:
        said = f"{line[1]}: {answer}" if line else f"The answer is {answer}."
    return f"{steps}\n\n{said}" if steps else said


def written(value: Fraction, draw: float) -> str:
    """A number in one of the ways in which people write it."""
    if value.denominator == 1:
        return str(value.numerator)
    if draw < 0.3 and _TERMINATING % value.denominator == 0:
        return str(Decimal(value.numerator) / Decimal(value.denominator))
    return f"{value.numerator}/{value.denominator}" if draw < 0.6 else latex(value)


def calls_to_make(request: Request) -> tuple[ToolCall, ...]:
    """The call of a tool that must be called, once, with blank arguments."""
    made = {call.name for message in request.messages for call in message.tool_calls}
    tool = next((tool for tool in request.tools if tool.name == request.require and tool.name not in made), None)
    if tool is None:
        return ()
    wanted = tool.parameters.get("properties", {})
    return (ToolCall("call_1", tool.name, {name: _filled(schema, "1", "") for name, schema in wanted.items()}),)


def _filled(schema: Mapping[str, Any], answer: str, steps: str, name: str = "") -> Any:
    """A value of the shape that a schema asks for, with the answer wherever it fits."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        return {key: _filled(inner, answer, steps, key) for key, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [_filled(schema.get("items", {}), answer, steps, name)]
    if kind == "string":
        return steps or answer if _STEPS.search(name) else answer
    if kind in ("integer", "number"):
        try:
            value = float(Fraction(answer))
        except ValueError:
            value = 0.0
        return round(value) if kind == "integer" else value
    return True if kind == "boolean" else None
