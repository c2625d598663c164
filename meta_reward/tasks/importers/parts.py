"""The parts of other people's messages: text, calls and results, from one item of a conversation.

Reads chat messages of OpenAI, content blocks of Anthropic, items of OpenAI's Responses, flat calls of τ²-bench
and messages as task sets store them. Thoughts that an agent does not say are left out. Raises RowError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from meta_reward import files
from meta_reward.tasks.importers.record import RowError, brief, names_of

ROLES = {role: role for role in ("user", "assistant", "tool", "system")} | {"developer": "system", "function": "tool"}
_TEXTS = ("text", "input_text", "output_text", "refusal", "summary_text")
_THOUGHTS = ("thinking", "redacted_thinking", "reasoning")
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
_KNOWN_OF_CALLS = {"type", "id", "call_id", "status", "name", "arguments", "input", "namespace"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was said."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. id: the provider's, which need not be unique; None without one."""

    role: str
    id: str | None
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered. name: the tool's, if the result names it instead of a call."""

    role: str
    """Whose call it answers."""
    id: str | None
    name: str | None
    text: str
    is_error: bool = False


Part = Text | Call | Result


def parts_of(item: Any, *, keep_unparsed: bool = False) -> Iterator[Part]:
    """The parts of one message or item, in order.

    keep_unparsed: arguments that are not valid JSON become `{"unparsed": text}`; otherwise such a row is skipped.
    """
    if not isinstance(item, dict):
        raise RowError("", f"is {brief(item)}, not a message")
    kind = item.get("type")
    if "role" not in item and isinstance(kind, str):
        yield from _response_item(item, kind, keep_unparsed)
        return
    role = _role(item)
    if role == "tool":
        yield from _results(item)
        return
    calls = _calls_of(item)
    if item.get("content") is None and not calls:
        yield Text(role, "")  # an agent that said nothing; that is evidence too
    yield from _contents(item.get("content"), role, keep_unparsed)
    for call in calls:
        yield _call(call, role, keep_unparsed)


def _role(item: dict[str, Any]) -> str:
    role = item.get("role")
    if role is None:
        raise RowError("role", f"is missing; the message has {names_of(item)}")
    if not isinstance(role, str) or role not in ROLES:
        raise RowError("role", f"is {brief(role)}, not one of {', '.join(ROLES)}")
    return ROLES[role]


def _contents(content: Any, role: str, keep_unparsed: bool) -> Iterator[Part]:
    if content is None:
        return
    if isinstance(content, str):
        yield Text(role, content)
        return
    if not isinstance(content, list):
        raise RowError("content", f"is {brief(content)}, neither text nor a list of parts")
    if all(isinstance(line, str) for line in content):
        yield Text(role, "\n".join(content))
        return
    for block in content:
        yield from _block(block, role, keep_unparsed)


def _block(block: Any, role: str, keep_unparsed: bool) -> Iterator[Part]:
    if isinstance(block, str):
        yield Text(role, block)
        return
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        raise RowError("content", f"has a part without a type: {brief(block)}")
    if kind in _CALLS:
        yield _call({**block, "arguments": block.get("input")}, role, keep_unparsed)
    elif kind == "tool_result" or kind.endswith("_tool_result"):
        failed = block.get("is_error") is True
        yield Result("assistant", _id(block.get("tool_use_id")), None, text_of(block.get("content")), failed)
    elif (text := _text_of_block(block, kind)) is not None:
        yield Text(role, text)


def text_of(content: Any) -> str:
    """The text of a result: text, a list of parts, or any other JSON value as JSON."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content and all(_is_block(block) for block in content):
        if all(isinstance(block, str) for block in content):
            return "\n".join(content)
        texts = (block if isinstance(block, str) else _text_of_block(block, block["type"]) for block in content)
        return "\n".join(text for text in texts if text is not None)
    if files.is_too_deep(content):
        raise RowError("content", "is nested too deeply", skip=True)
    return orjson.dumps(content).decode()


def _is_block(block: Any) -> bool:
    return isinstance(block, str) or (isinstance(block, dict) and isinstance(block.get("type"), str))


def _text_of_block(block: dict[str, Any], kind: str) -> str | None:
    """The text of a part; None for thoughts. A part without text, such as an image, is named in brackets."""
    if kind in _THOUGHTS:
        return None
    if kind not in _TEXTS:
        return f"[{kind[:40]}]"
    text = block.get("refusal" if kind == "refusal" else "text")
    if isinstance(text, dict):
        text = text.get("value")  # as OpenAI's Assistants write it
    if not isinstance(text, str):
        raise RowError("content", f"has a part of type {kind} without text")
    return text


def _calls_of(item: dict[str, Any]) -> list[Any]:
    calls = item.get("tool_calls") or []
    if not isinstance(calls, list):
        raise RowError("tool_calls", f"is {brief(calls)}, not a list")
    return [*calls, *([item["function_call"]] if item.get("function_call") else [])]


def _call(data: Any, role: str, keep_unparsed: bool) -> Call:
    """A call in any shape: flat, or nested under `function` or `custom`."""
    if not isinstance(data, dict):
        raise RowError("tool_calls", f"holds {brief(data)}, not a tool call")
    nested = next((data[key] for key in ("function", "custom") if isinstance(data.get(key), dict)), data)
    name = nested.get("name")
    if not isinstance(name, str) or not name:
        raise RowError("tool_calls", f"has a tool call without a name; it has {names_of(nested)}")
    given = nested["arguments"] if nested.get("arguments") is not None else nested.get("input")
    id = data.get("id") if data.get("call_id") is None else data["call_id"]
    arguments = {"input": given} if nested is data.get("custom") else _arguments(given, name, keep_unparsed)
    return Call(role, _id(id), name, arguments)


def _arguments(given: Any, name: str, keep_unparsed: bool) -> dict[str, Any]:
    if given is None or (isinstance(given, str) and not given.strip()):
        return {}
    value = given
    if isinstance(given, str):
        try:
            value = orjson.loads(given)
        except orjson.JSONDecodeError:
            value = None
    if isinstance(value, dict) and not files.is_too_deep(value):
        return value
    if keep_unparsed:  # what an agent wrote and no parser reads is still evidence
        return {"unparsed": given if isinstance(given, str) else _as_json(given)}
    if isinstance(value, dict):
        raise RowError("", "tool arguments are nested too deeply", skip=True)
    what = "tool arguments are not valid JSON" if value is None else "tool arguments are not an object"
    raise RowError("", f"{what}: {brief(name)}({brief(given)})", skip=True)


def _as_json(value: Any) -> str:
    return "(nested too deeply)" if files.is_too_deep(value) else orjson.dumps(value).decode()


def _results(item: dict[str, Any]) -> Iterator[Part]:
    """A tool's answer; τ²-bench puts several into one message."""
    several = item.get("tool_messages")
    if isinstance(several, list):
        for one in several:
            if not isinstance(one, dict):
                raise RowError("tool_messages", f"holds {brief(one)}, not a message")
            yield from _results({**one, "tool_messages": None})
        return
    content = item.get("content")
    if isinstance(content, list) and any(isinstance(b, dict) and b.get("type") == "tool_result" for b in content):
        yield from _contents(content, "tool", False)
        return
    id = item.get("tool_call_id")
    if id is None:
        id = item.get("id") if "requestor" in item else item.get("tool_use_id")
    name = item.get("name")
    failed = item.get("is_error") is True or item.get("error") is True
    role = "user" if item.get("requestor") == "user" else "assistant"
    yield Result(role, _id(id), name if isinstance(name, str) else None, text_of(content), failed)


def _response_item(item: dict[str, Any], kind: str, keep_unparsed: bool) -> Iterator[Part]:
    """An item of OpenAI's Responses that is not a message."""
    id = _id(item.get("call_id") if item.get("call_id") is not None else item.get("id"))
    if kind in _THOUGHTS:
        return
    if kind in _CALLS or kind == "tool_result":
        yield from _block(item, "assistant", keep_unparsed)
    elif kind == "function_call":
        yield _call(item, "assistant", keep_unparsed)
    elif kind == "custom_tool_call":
        yield Call("assistant", id, _name(item), {"input": text_of(item.get("input"))})
    elif kind.endswith("_output"):
        yield Result("assistant", id, None, text_of(item.get("output")))
    elif kind.endswith("_call"):  # a tool of the provider's, such as web_search_call
        others = {key: value for key, value in item.items() if key not in _KNOWN_OF_CALLS}
        given = item.get("arguments")
        arguments = _arguments(others if given is None else given, kind, keep_unparsed)
        yield Call("assistant", id, str(item.get("name") or kind.removesuffix("_call")), arguments)
    else:
        raise RowError("type", f"is {brief(kind)}, and the item has no role; it has {names_of(item)}")


def _name(item: dict[str, Any]) -> str:
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise RowError("name", "is missing in a tool call")
    return name


def _id(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowError("id", f"is {brief(value)}, neither text nor a number")
