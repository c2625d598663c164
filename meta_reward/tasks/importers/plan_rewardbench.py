"""Plan-RewardBench: JSON lines of `{query, tools, uuid, chosen: {messages}, reject: {messages}, _lcp_bucket}`.

Roles are user, assistant, tool_call and tool_response; the content of a `tool_call` is a Python dict as text. All
pairs of a query are one task.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from meta_reward import files
from meta_reward.tasks.importers.fields import as_object, digest, with_policy_and_tools
from meta_reward.tasks.importers.messages import read_messages
from meta_reward.tasks.importers.pairs import pair_record
from meta_reward.tasks.importers.record import Item, Options, PairRecord, Place, RowError, Run, brief, parse_each
from meta_reward.tasks.importers.rows import iter_rows

_STRING = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_CALL = re.compile(rf"\s*\{{\s*['\"]name['\"]:\s*({_STRING}),\s*['\"]arguments['\"]:\s*({_STRING})\s*\}}\s*", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n|.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\0", "\n": ""}
_FAILED = "An error occurred when calling tool"


def recognizes(row: dict[str, Any]) -> bool:
    return "chosen" in row and "reject" in row


def read(path: Path, options: Options) -> Iterator[Item]:
    return parse_each(iter_rows(path), _pair)


def _pair(place: Place, row: Any) -> PairRecord:
    fields = as_object(row)
    query, bucket = fields.get("query"), fields.get("_lcp_bucket")
    if query is None or files.is_too_deep(query):
        raise RowError("query", "is missing" if query is None else "is nested too deeply")
    chosen, rejected = (_side(fields, name) for name in ("chosen", "reject"))
    categories = (bucket.strip(),) if isinstance(bucket, str) and bucket.strip() else ()
    return pair_record(place, chosen, rejected, task=f"query-{digest(query)[:10]}", categories=categories)


def _side(row: dict[str, Any], name: str) -> Run:
    side = row.get(name)
    messages = side.get("messages") if isinstance(side, dict) else side
    if not isinstance(messages, list):
        raise RowError(name, f"is {brief(side)}, not an object with messages")
    try:
        run = read_messages([_as_openai(message) for message in messages], keep_unparsed=True)
        return with_policy_and_tools(run, {"tools": row.get("tools")})
    except RowError as error:
        raise error.inside(name) from None


def _as_openai(message: Any) -> Any:
    """A message with OpenAI's roles. Results name at most their tool, and come in the order of the calls."""
    role = message.get("role") if isinstance(message, dict) else None
    if role == "tool_call":
        return {"role": "assistant", "content": None, "tool_calls": [_call(message.get("content"))]}
    if role == "tool_response":
        content = message.get("content")
        failed = isinstance(content, str) and content.startswith(_FAILED)
        return {**message, "role": "tool", "is_error": failed}
    return message


def _call(content: Any) -> dict[str, Any]:
    """A call; text that cannot be read is kept as evidence."""
    if isinstance(content, dict):
        return content
    text = content if isinstance(content, str) else ""
    if found := _CALL.fullmatch(text):
        name, arguments = (_unquoted(part) for part in found.groups())
        return {"name": name, "arguments": arguments}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) and value.get("name") else {"name": "unreadable", "arguments": text}


def _unquoted(literal: str) -> str:
    """The text of a Python string literal."""
    return _ESCAPE.sub(_unescaped, literal[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    escaped = found[1]
    if escaped[0] in "xuU" and len(escaped) > 1:
        code = int(escaped[1:], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    return _CONTROLS.get(escaped, escaped if escaped in "\\'\"" else "\\" + escaped)
