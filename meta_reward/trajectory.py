"""The basic data: messages, tool calls, trajectories, rollouts and pairs, and their JSON form.

Plain frozen data without behaviour beyond rendering. Imports only the standard library, because
candidates see this file inside the sandbox. A `Trajectory` has no id and no label; those belong to the
`Rollout` around it, which never leaves the parent process.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROLES = ("user", "assistant", "tool", "system")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool. `id` links it to its result and is unique within its trajectory."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Any role may call tools (some simulated users do); only `tool` answers a call."""

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as offered to a model: `parameters` is a JSON schema of its arguments."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One agent run as a harness sees it: the policy it worked under, its tools, its messages."""

    policy: str
    tools: tuple[Tool, ...]
    messages: tuple[Message, ...]

    def calls(self) -> list[tuple[ToolCall, Message | None]]:
        """Every tool call in order, each with the message that answers it, or None."""
        answers = {m.tool_call_id: m for m in self.messages if m.role == "tool"}
        return [(call, answers.get(call.id)) for m in self.messages for call in m.tool_calls]

    def transcript(self) -> str:
        """The whole conversation as numbered text, with tool calls and their results in place."""
        names = {call.id: call.name for m in self.messages for call in m.tool_calls}
        return "\n\n".join(render_message(i, m, names) for i, m in enumerate(self.messages, 1))


def render_message(number: int, message: Message, tool_names: Mapping[str, str]) -> str:
    """One message as text: `[3] assistant: ...`; calls and results name their tool."""
    if message.role == "tool":
        name = tool_names.get(message.tool_call_id or "", "unknown tool")
        kind = "error" if message.is_error else "result"
        return f"[{number}] {kind} of {name}: {message.content}"
    said = [f"[{number}] {message.role}: {message.content}"] if message.content else []
    made = [f"[{number}] {message.role} calls {render_call(call)}" for call in message.tool_calls]
    return "\n".join(said + made) or f"[{number}] {message.role}:"


def render_call(call: ToolCall) -> str:
    """A tool call as text: its name, then its arguments as JSON."""
    return f"{call.name} {json.dumps(call.arguments, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Rollout:
    """A trajectory with what a harness must never see: its id, its task, its label.

    success: 1 or 0 if there is a trusted label, else None.
    """

    id: str
    task: str
    trajectory: Trajectory
    success: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rollouts of one task, by id; trusted labels prefer the first."""

    id: str
    task: str
    preferred: str
    other: str
    categories: tuple[str, ...] = ()


def message_to_json(message: Message) -> dict[str, object]:
    """The JSON form of a message; fields at their default are left out."""
    out: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        out["tool_calls"] = [tool_call_to_json(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        out["tool_call_id"] = message.tool_call_id
    if message.is_error:
        out["is_error"] = True
    return out


def tool_call_to_json(call: ToolCall) -> dict[str, object]:
    """The JSON form of a tool call."""
    return {"id": call.id, "name": call.name, "arguments": call.arguments}


def parse_message(data: Any) -> Message:
    """A message from its JSON form. Raises ValueError that names the field."""
    fields = _mapping(data, "message")
    role = fields.get("role")
    if role not in ROLES:
        raise ValueError(f"role is {role!r}, not one of {', '.join(ROLES)}")
    tool_call_id = fields.get("tool_call_id")
    return Message(
        role=role,
        content=_text(fields.get("content", ""), "content"),
        tool_calls=tuple(_parse_call(c) for c in _list(fields.get("tool_calls", []), "tool_calls")),
        tool_call_id=None if tool_call_id is None else _text(tool_call_id, "tool_call_id"),
        is_error=fields.get("is_error", False) is True,
    )


def tool_to_json(tool: Tool) -> dict[str, object]:
    """The JSON form of a tool."""
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}


def parse_tool(data: Any) -> Tool:
    """A tool from its JSON form. Raises ValueError that names the field."""
    fields = _mapping(data, "tool")
    return Tool(
        name=_text(fields.get("name"), "name"),
        description=_text(fields.get("description", ""), "description"),
        parameters=_mapping(fields.get("parameters", {}), "parameters"),
    )


def trajectory_to_json(trajectory: Trajectory) -> dict[str, object]:
    """The JSON form of a trajectory: what is sent to a candidate, and what its digest is computed from."""
    return {
        "policy": trajectory.policy,
        "tools": [tool_to_json(t) for t in trajectory.tools],
        "messages": [message_to_json(m) for m in trajectory.messages],
    }


def parse_trajectory(data: Any) -> Trajectory:
    """A trajectory from its JSON form. Raises ValueError that names message and field."""
    fields = _mapping(data, "trajectory")
    return Trajectory(
        policy=_text(fields.get("policy", ""), "policy"),
        tools=tuple(parse_tool(t) for t in _list(fields.get("tools", []), "tools")),
        messages=parse_messages(fields.get("messages")),
    )


def parse_messages(data: Any) -> tuple[Message, ...]:
    """Messages from a JSON list. Raises ValueError that names the message by its number, from 1."""
    messages = []
    for number, item in enumerate(_list(data, "messages"), 1):
        try:
            messages.append(parse_message(item))
        except ValueError as error:
            raise ValueError(f"message {number}: {error}") from None
    return tuple(messages)


def _parse_call(data: Any) -> ToolCall:
    fields = _mapping(data, "tool call")
    return ToolCall(
        id=_text(fields.get("id"), "tool call id"),
        name=_text(fields.get("name"), "tool call name"),
        arguments=_mapping(fields.get("arguments", {}), "tool call arguments"),
    )


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {_kind(value)}, not an object")
    return value


def _list(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} is {_kind(value)}, not a list")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is {_kind(value)}, not text")
    return value


def _kind(value: Any) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"
