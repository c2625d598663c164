"""JSON schemas on the candidate's side: makes one for a tool function, and checks whether a reply fits one.

Runs inside the sandbox, so that the parent never interprets a schema written by a candidate. Standard library only.
"""

import inspect
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

_TYPES: dict[Any, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


def tool_of(function: Callable[..., Any]) -> dict[str, object]:
    """A plain function as a tool: its name, its docstring, its parameters as a JSON schema.

    If the function has an attribute `parameters`, that is its schema.
    """
    if isinstance(known := getattr(function, "parameters", None), dict):
        return {"name": function.__name__, "description": inspect.getdoc(function) or "", "parameters": known}
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return {
        "name": function.__name__,
        "description": inspect.getdoc(function) or "",
        "parameters": {
            "type": "object",
            "properties": {p.name: _schema_of(hints.get(p.name, str)) for p in named},
            "required": [p.name for p in named if p.default is p.empty],
        },
    }


def parse_reply(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value in a reply if it fits the schema, else None. Tries the whole reply, then a fenced block, then the
    text between the outermost braces."""
    start, end = text.find("{"), text.rfind("}")
    fenced = _FENCE.search(text)
    for part in (text, fenced[1] if fenced else "", text[start : end + 1]):
        try:
            value = _encodable(json.loads(part, parse_float=_finite, parse_constant=_finite))
        except (ValueError, RecursionError):
            continue
        if fits(value, schema):
            return value
    return None


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a JSON value has the shape of a schema: types, enum, required, properties and items."""
    if "enum" in schema and value not in schema["enum"]:
        return False
    wanted = schema.get("type")
    if wanted is not None and not any(_is(value, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted)):
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return all(key in value for key in schema.get("required", ())) and all(
            fits(item, properties[key]) for key, item in value.items() if key in properties
        )
    if isinstance(value, list) and "items" in schema:
        return all(fits(item, schema["items"]) for item in value)
    return True


def _encodable(value: Any) -> Any:
    """A JSON value whose strings can be encoded: an escape may hold half of a surrogate pair, which UTF-8 cannot."""
    text = json.dumps(value, ensure_ascii=False)
    encodable = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value if encodable == text else json.loads(encodable)


def _finite(text: str) -> float:
    """A float from JSON. Raises ValueError for NaN, infinities and overflow, which JSON does not allow."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not finite")
    return value


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in ("integer", "number")
    if isinstance(value, float) and kind == "integer":
        return value.is_integer()
    return _TYPES.get(type(value)) == kind


def _schema_of(hint: Any) -> dict[str, object]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        kept = [a for a in arguments if a is not type(None)]
        return _schema_of(kept[0]) if len(kept) == 1 else {}
    kind = _TYPES.get(origin or hint)
    if kind == "array" and arguments:
        return {"type": kind, "items": _schema_of(arguments[0])}
    return {"type": kind} if kind else {}
