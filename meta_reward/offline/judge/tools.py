"""Which offered tools the simulated judge calls, and with what arguments.

Each tool once, all in one turn. A tool whose required arguments cannot be guessed from the
conversation is not called, unless it is the required one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from meta_reward.completion import Request
from meta_reward.offline.judge.episode import Episode, mentions
from meta_reward.offline.judge.language import STOP, acts, name_words, words
from meta_reward.offline.judge.transcript import CUSTOMER
from meta_reward.trajectory import Tool, ToolCall


def calls_to_make(request: Request, episode: Episode) -> tuple[ToolCall, ...]:
    """The calls the judge makes before it answers; none once it has made them."""
    made = {call.name for message in request.messages for call in message.tool_calls}
    calls: list[ToolCall] = []
    for tool in request.tools:
        arguments = _arguments(tool, episode, needed=tool.name == request.require)
        if tool.name not in made and arguments is not None:
            calls.append(ToolCall(f"call_{len(made) + len(calls) + 1}", tool.name, arguments))
    return tuple(calls)


def _arguments(tool: Tool, episode: Episode, *, needed: bool) -> dict[str, Any] | None:
    properties = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", list(properties))
    values = {name: _value(name, schema, episode) for name, schema in properties.items() if name in required}
    if None in values.values():
        if not needed:
            return None
        values = {name: _blank(properties[name]) if value is None else value for name, value in values.items()}
    return values


def _value(name: str, schema: Mapping[str, Any], episode: Episode) -> Any:
    """A value for a parameter by its name and type, None where the conversation offers none."""
    if "enum" in schema:
        return schema["enum"][0]
    kind, parts = schema.get("type", "string"), set(name_words(name))
    if kind in ("integer", "number"):
        return (
            len(episode.turns)
            if parts & {"last", "end", "to", "stop"}
            else episode.changes[-1].index + 1
            if episode.changes
            else 1
        )
    if kind == "boolean":
        return True
    if kind == "array":
        item = _value(name.removesuffix("s"), schema.get("items", {}), episode)
        return None if item is None else [item]
    if kind == "object":
        return _last_arguments(episode)
    return _text(parts, episode)


def _text(parts: set[str], episode: Episode) -> str | None:
    last = episode.changes[-1] if episode.changes else None
    if parts & {"tool", "function", "action", "name", "call"}:
        calls = [turn.name for turn in episode.turns if turn.name]
        return last.name if last else calls[-1] if calls else None
    if parts & {"id", "identifier", "key", "record", "number", "reference"}:
        known = sorted(last.values if last else mentions(episode.said_by(CUSTOMER)))
        return known[0].upper() if known else None
    if parts & {"claim", "statement", "sentence", "assertion"}:
        return episode.claims[-1][1] if episode.claims else None
    return query_for(episode)


def query_for(episode: Episode) -> str | None:
    """Words to look something up by: the last change, or what the customer speaks of acting on."""
    if episode.changes:
        return " ".join(name_words(episode.changes[-1].name))
    asked = words(episode.said_by(CUSTOMER))
    wanted: Sequence[str] = [w for w in dict.fromkeys(asked) if acts([w])][:3] or [
        w for w in asked if len(w) > 5 and w not in STOP
    ][:3]
    return " ".join(wanted) or None


def _last_arguments(episode: Episode) -> dict[str, Any]:
    try:
        found = json.loads(episode.changes[-1].arguments) if episode.changes else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _blank(schema: Mapping[str, Any]) -> Any:
    return {"array": [], "object": {}}.get(schema.get("type", "string"), "")
