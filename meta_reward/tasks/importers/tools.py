"""Tool definitions as OpenAI, Anthropic, MCP and τ²-bench write them."""

from pathlib import Path
from typing import Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.importers.record import RowError, brief
from meta_reward.trajectory import Tool, parse_tool

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "params")
_DESCRIPTIONS = ("description", "doc", "short_desc")


def load_tools(path: Path) -> tuple[Tool, ...]:
    """Tools from a JSON file. Raises DataError that names the tool by its number, from 1."""
    try:
        return read_tools(files.load_json(path))
    except RowError as error:
        raise DataError(path, error.what, place=error.field) from None


def read_tools(data: Any) -> tuple[Tool, ...]:
    """Tools from a list of definitions, an object of them by name, or either as JSON text. Raises RowError."""
    if isinstance(data, str):
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise RowError("tools", "is text that is not valid JSON") from None
    if isinstance(data, dict):
        data = [{"name": name, **tool} if isinstance(tool, dict) else tool for name, tool in data.items()]
    if not isinstance(data, list):
        raise RowError("tools", f"is {brief(data)}, not a list of tools")
    return tuple(_read_tool(item, number) for number, item in enumerate(data, 1))


def _read_tool(item: Any, number: int) -> Tool:
    inner = item.get("function") if isinstance(item, dict) else None
    fields = inner if isinstance(inner, dict) else item
    try:
        if not isinstance(fields, dict):
            return parse_tool(fields)
        schema = _first(fields, _SCHEMAS)
        if files.is_too_deep(schema):
            raise ValueError("parameters are nested too deeply")
        known = {"name": fields.get("name"), "description": _first(fields, _DESCRIPTIONS) or ""}
        return parse_tool({**known, "parameters": {} if schema is None else schema})
    except ValueError as error:
        raise RowError(f"tool {number}", str(error)) from None


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)
