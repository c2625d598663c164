"""What all providers need: asking for a schema in words, and making replies safe.

A reply may hold anything that a model or a broken server writes. After this module, texts can be encoded, and the
arguments of tool calls are JSON objects that can be written to all of our files.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from meta_reward.completion import unreadable_arguments
from meta_reward.files import is_too_deep
from meta_reward.trajectory import ToolCall

CHARS_PER_TOKEN = 4
_TOO_MANY = 10**12  # tokens of one call


def schema_in_words(schema: Mapping[str, Any]) -> str:
    """A request for JSON of a schema in words, for a judge without native support."""
    shape = json.dumps(schema, ensure_ascii=False)
    return f"\n\nAnswer with one JSON value that fits this JSON schema, and with nothing else:\n{shape}"


def closed(schema: Any) -> Any:
    """The schema with no further properties allowed in its objects, as native modes require; it is never looser."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: value if key in ("enum", "const", "default") else closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        inner.setdefault("additionalProperties", False)
    return inner


def is_strict(schema: Any) -> bool:
    """Whether every object of a closed schema requires all its properties and allows no others."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", ())) != set(schema.get("properties", {}))
    ):
        return False
    return all(map(is_strict, schema.values()))


def encodable(text: Any) -> str:
    """A text that can be encoded: surrogate halves are joined or replaced. Empty if the value is not a text."""
    if not isinstance(text, str):
        return ""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def parse_body(data: bytes) -> Any:
    """The JSON value of a response. Raises ValueError."""
    try:
        return json.loads(data, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def arguments_of(value: Any) -> dict[str, Any]:
    """A tool call's arguments, from an object or JSON text; marked as unreadable if they are neither."""
    try:
        parsed = json.loads(value or "{}", parse_constant=_no_constant) if isinstance(value, str) else value
        safe = _encodable_json(parsed)
        orjson.dumps(safe)
    except (ValueError, TypeError, RecursionError):
        return unreadable_arguments(encodable(value))
    if not isinstance(safe, dict) or is_too_deep(safe):
        return unreadable_arguments(encodable(value))
    return safe


def with_own_ids(calls: Iterable[ToolCall], turn: int) -> tuple[ToolCall, ...]:
    """Calls with unique ids, even if the server sends none or repeats one."""
    seen: set[str] = set()
    kept = []
    for number, call in enumerate(calls, 1):
        name = call.id if call.id and call.id not in seen else f"call_{turn}_{number}"
        seen.add(name)
        kept.append(ToolCall(name, call.name, call.arguments))
    return tuple(kept)


def count(value: Any) -> int:
    """A number of tokens as a server reports it; 0 if it is not a plausible number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _TOO_MANY else 0


def guessed_tokens(text: str) -> int:
    """An estimate of the tokens in a text, for servers that do not count them."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def text_of(content: Any) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if not isinstance(content, list):
        return encodable(content)
    return "".join(
        encodable(part.get("text")) for part in content if isinstance(part, dict) and part.get("type") == "text"
    )


def _encodable_json(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _encodable_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
