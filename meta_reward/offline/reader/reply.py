"""The form of a reply: the label alone, the line that was asked for, JSON, or a sentence around it."""

import re
from collections.abc import Mapping
from random import Random
from typing import Any

from meta_reward.completion import Request
from meta_reward.files import canonical_json
from meta_reward.offline.reader.lines import LABEL, role_of
from meta_reward.offline.reader.settings import Strengths
from meta_reward.offline.reader.terms import surface
from meta_reward.trajectory import ToolCall

_LINE = re.compile(r"\b([A-Z][A-Za-z ]{1,20}):\s*(?:<[^>\n]*>|\[[^\]\n]*\]|\{[^}\n]*\}|\.{3}|_{2,})")
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_JSON_KEY = re.compile(r"\{\s*[\"'](\w+)[\"']\s*:")
_REASONS = re.compile(r"\b(?:think|reason|explain|step by step|why|justify|argue)\w*\b", re.IGNORECASE)
_CHATTER = 0.06


def reply_with(
    label: str, *, schema: Mapping[str, Any] | None, instructions: str, query: str, strengths: Strengths, chance: Random
) -> str:
    """The reply that gives this label."""
    if schema is not None:
        return canonical_json(_filled(schema, label, query)).decode()
    if _JSON.search(instructions):
        key = _JSON_KEY.search(instructions)
        return canonical_json({key[1] if key else "label": label}).decode()
    line = _LINE.search(instructions)
    answer = f"{line[1]}: {label}" if line else label
    if _REASONS.search(instructions):
        return f"What stands out is {', '.join(surface(query)[:3])}.\n\n{answer}"
    if chance.random() < strengths.chatter * _CHATTER:
        return f"The text fits this best.\n\n{answer}" if line else f'The text fits "{label}" best.'
    return answer


def invented(query: str, chance: Random) -> str:
    """A label for a text where none is in sight: two of its words."""
    words = [word for word in surface(query) if not word.isdigit()] or [query.strip()[:20] or "none"]
    longest = sorted(words, key=lambda word: -len(word))[:4]
    return " ".join(chance.sample(longest, min(2, len(longest))))


def calls_to_make(request: Request, query: str) -> tuple[ToolCall, ...]:
    """The call of a tool that must be called, once; the text stands in for whatever it wants to be given."""
    made = {call.name for message in request.messages for call in message.tool_calls}
    tool = next((tool for tool in request.tools if tool.name == request.require and tool.name not in made), None)
    if tool is None:
        return ()
    wanted = tool.parameters.get("properties", {})
    return (ToolCall("call_1", tool.name, {name: _filled(schema, query, query) for name, schema in wanted.items()}),)


def _filled(schema: Mapping[str, Any], label: str, query: str, name: str = "") -> Any:
    """A value of the shape that a schema asks for, with the label where one fits."""
    if "enum" in schema:
        return label if label in schema["enum"] else schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        properties = schema.get("properties", {})
        return {key: _filled(inner, label, query, key) for key, inner in properties.items()}
    if kind == "array":
        return [_filled(schema.get("items", {}), label, query, name.removesuffix("s"))]
    if kind == "string":
        return label if not name or role_of(name) == LABEL else ", ".join(surface(query)[:3])
    return {"integer": 50, "number": 50.0, "boolean": True}.get(kind)
