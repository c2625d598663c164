"""Trajectories without labels: from the rows of a file, or as a caller of the Python interface has them.

The one place that knows how people write conversations. A row is an object with `messages` in OpenAI's chat
format, and if it has them `policy`, `tools`, `task` and `id`; a bare list of messages is a trajectory too. A row
that cannot be used is not dropped: it comes back with what is wrong with it. JSON lines are read as they are asked
for, in memory that does not grow with the file; any other JSON document is loaded whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, parse_tool, trajectory_to_json

_LONGEST_ROW = 64_000_000  # bytes
_ROLES = {role: role for role in ("user", "assistant", "tool", "system")} | {"developer": "system", "function": "tool"}
_BOM = b"\xef\xbb\xbf"
_MOST_NAME = 200


class Unreadable(ValueError):
    """Something is not a trajectory that can be scored; its text says why."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What holds for trajectories that do not say it themselves."""

    policy: str = ""
    tools: tuple[Tool, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One trajectory of a file, or why there is none."""

    place: str
    """Such as `runs.jsonl, line 17`."""
    trajectory: Trajectory | None
    problem: str = ""
    """Why there is no trajectory."""
    id: str | None = None
    task: str | None = None


def read_trajectories(path: Path, shared: Shared, *, task_key: str = "task") -> Iterator[Row]:
    """Every row of a file, in order; empty lines are no rows. Raises DataError for a file that cannot be read."""
    for place, data in _rows(path):
        name = f"{path.name}, {place}"
        id, task = (_name_in(data, key) for key in ("id", task_key))
        try:
            if isinstance(data, Unreadable):
                raise data
            yield Row(name, trajectory_of(data, shared), id=id, task=task)
        except Unreadable as error:
            yield Row(name, None, files.printable(str(error)), id, task)


def count_rows(path: Path) -> int | None:
    """How many rows a file of JSON lines has; None for another, which would have to be loaded to know."""
    with _opened(path) as file:
        first = _first_line(file)
        if not _is_row(first):
            return None
        return 1 + sum(1 for line in _bounded_lines(file) if line.strip())


def trajectory_of(data: Any, shared: Shared) -> Trajectory:
    """A trajectory from a row, from a list of messages, or as it is. Raises Unreadable."""
    if isinstance(data, Trajectory):
        return _checked(data)
    if isinstance(data, Mapping):
        fields: Mapping[str, Any] = data
        if "messages" not in fields:
            raise Unreadable(f"has no field messages; it has {_names(fields)}")
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
        fields = {"messages": data}
    else:
        raise Unreadable(f"is {_kind(data)}, neither an object nor a list of messages")
    policy, messages = _messages(fields["messages"])
    own = _policy(fields.get("policy"))
    if own is not None and policy is not None and own != policy:
        messages.insert(0, Message("system", policy))  # says something else than the policy that is named
    chosen = own if own is not None else policy if policy is not None else shared.policy
    tools = shared.tools if fields.get("tools") is None else _tools(fields["tools"])
    return _checked(Trajectory(chosen, tools, tuple(messages)))


def _checked(trajectory: Trajectory) -> Trajectory:
    """The trajectory, if it holds a message and nothing that JSON cannot hold."""
    messages = trajectory.messages
    if not messages:
        raise Unreadable("has no messages")
    try:
        files.canonical_json(trajectory_to_json(trajectory))
        too_deep = any(files.is_too_deep(call.arguments) for message in messages for call in message.tool_calls)
    except (TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"holds what JSON cannot: {_brief(str(error))}") from None
    if too_deep:
        raise Unreadable("tool arguments are nested too deeply")
    return trajectory


def _messages(data: Any) -> tuple[str | None, list[Message]]:
    """The policy, from the system messages at the start, and the messages after them."""
    if isinstance(data, str | bytes) or not isinstance(data, Sequence):
        raise Unreadable(f"messages is {_kind(data)}, not a list")
    read = []
    for number, item in enumerate(data, 1):
        try:
            read.append(item if isinstance(item, Message) else _message(item))
        except Unreadable as error:
            raise Unreadable(f"message {number}: {error}") from None
    start = next((at for at, message in enumerate(read) if message.role != "system"), len(read))
    policy = "\n\n".join(message.content for message in read[:start]) if start else None
    if not read[start:]:
        raise Unreadable("has no messages" if not start else "has no messages but the system's")
    return policy, read[start:]


def _message(item: Any) -> Message:
    if not isinstance(item, Mapping):
        raise Unreadable(f"is {_kind(item)}, not an object")
    role = item.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        raise Unreadable(f"role is {_brief(repr(role))}, not one of {', '.join(_ROLES)}")
    answers = item.get("tool_call_id")
    if answers is not None and not isinstance(answers, str):
        raise Unreadable(f"tool_call_id is {_kind(answers)}, not text")
    calls = item.get("tool_calls") or []
    if not isinstance(calls, list | tuple):
        raise Unreadable(f"tool_calls is {_kind(calls)}, not a list")
    return Message(
        _ROLES[role],
        _content(item.get("content")),
        tuple(_call(call, number) for number, call in enumerate(calls, 1)),
        answers,
        item.get("is_error") is True,
    )


def _content(content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        raise Unreadable(f"content is {_kind(content)}, neither text nor a list of parts")
    return "\n".join(_part(part) for part in content)


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        raise Unreadable("content has a part without a type")
    text = part.get("refusal" if kind == "refusal" else "text")
    return text if isinstance(text, str) else f"[{kind[:40]}]"


def _call(data: Any, number: int) -> ToolCall:
    nested = data.get("function") if isinstance(data, Mapping) else None
    fields = nested if isinstance(nested, Mapping) else data
    if not isinstance(fields, Mapping) or not isinstance(fields.get("name"), str):
        raise Unreadable(f"tool call {number} has no name")
    id = data.get("id")
    return ToolCall(str(number) if id is None else str(id), fields["name"], _arguments(fields.get("arguments")))


def _arguments(given: Any) -> dict[str, Any]:
    """Arguments as an object; what an agent wrote that is none is kept as text, since it is evidence."""
    if isinstance(given, Mapping):
        return dict(given)
    if given is None or given == "":
        return {}
    try:
        parsed = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"unparsed": given}


def _policy(value: Any) -> str | None:
    policy = files.as_text(value)
    if policy is not None and not isinstance(policy, str):
        raise Unreadable(f"policy is {_kind(policy)}, not text")
    return policy


def _tools(data: Any) -> tuple[Tool, ...]:
    if not isinstance(data, list | tuple):
        raise Unreadable(f"tools is {_kind(data)}, not a list")
    tools = []
    for number, item in enumerate(data, 1):
        nested = item.get("function") if isinstance(item, Mapping) else None
        try:
            tools.append(item if isinstance(item, Tool) else parse_tool(nested if nested is not None else item))
        except ValueError as error:
            raise Unreadable(f"tool {number}: {error}") from None
    return tuple(tools)


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    with _opened(path) as file:
        first = _first_line(file)
        if not first:
            raise DataError(path, "is empty")
        if _is_row(first):
            file.seek(0)
            for number, line in enumerate(_bounded_lines(file), 1):
                line = line.removeprefix(_BOM) if number == 1 else line
                if line.strip():
                    yield f"line {number}", _parsed(line)
            return
    document = files.parse_json(files.read_bytes(path).removeprefix(_BOM), path)
    if isinstance(document, list) and document and all(isinstance(m, dict) and "role" in m for m in document):
        document = [document]  # the messages of one trajectory
    entries = document if isinstance(document, list) else [document]
    yield from ((f"entry {number}", entry) for number, entry in enumerate(entries, 1))


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise DataError(path, "no such file") from None
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from None


def _first_line(file: IO[bytes]) -> bytes:
    """The first line that is not empty; b"" without one. The file is then behind it."""
    return next((line for line in _bounded_lines(file) if line.removeprefix(_BOM).strip()), b"").removeprefix(_BOM)


def _is_row(first: bytes) -> bool:
    """Whether a file that begins so is JSON lines. A broken first line is; the start of a document is not."""
    return first.strip() not in (b"[", b"{", b"[{") and not (first.lstrip()[:1] == b"[" and _is_document(first))


def _is_document(first: bytes) -> bool:
    """Whether a line is a whole list of rows, and not one trajectory as a bare list of messages."""
    parsed = _parsed(first)
    if isinstance(parsed, list):
        return not all(isinstance(item, dict) and "role" in item for item in parsed)
    return first.rstrip()[-1:] in (b",", b"[", b"{")


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; of one that is too long the start, without a newline."""
    while line := file.readline(_LONGEST_ROW + 1):
        if len(line) > _LONGEST_ROW and not line.endswith(b"\n"):
            while (rest := file.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
        yield line


def _parsed(line: bytes) -> Any:
    if len(line) > _LONGEST_ROW:
        return Unreadable(f"is longer than {_LONGEST_ROW // 1_000_000} MB")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Unreadable(f"is not valid JSON: {error.msg.split(':')[0]}")


def _name_in(data: Any, key: str) -> str | None:
    """The value of a field that names something; None if it is neither text nor a whole number."""
    value = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)[:_MOST_NAME]


def _kind(value: Any) -> str:
    return "missing" if value is None else f"of type {type(value).__name__}"


def _names(fields: Mapping[Any, Any]) -> str:
    return _brief(", ".join(str(name) for name in list(fields)[:12])) or "nothing"


def _brief(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
