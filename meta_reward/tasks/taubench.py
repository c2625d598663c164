"""τ-bench (v1) results as a task set.

Reads a JSON list of `{task_id, trial, reward, info, traj}`, where `traj` is a list of OpenAI
messages whose first, the system message, holds the policy. Only the messages are imported:
`info` holds the expected actions, which no harness may see. Runs that ended in an error of the
benchmark itself have no messages and are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.records import parse_tools
from meta_reward.trajectory import Message, Rollout, Tool, ToolCall, Trajectory

_FORMAT = "is not a τ-bench results file: wants a list of {task_id, trial, reward, traj}"


@dataclass(frozen=True, slots=True)
class Imported:
    """The rollouts of a results file, and the policy that most of them worked under. skipped: runs without messages."""

    policy: str
    rollouts: list[Rollout]
    skipped: int


def load_results(path: Path, *, policy: str | None, tools: Sequence[Tool] = ()) -> Imported:
    """The rollouts of a results file. policy: replaces the one in the system messages.

    Raises DataError that names the invalid entry.
    """
    entries = files.load_json(path)
    if not isinstance(entries, list) or not entries:
        raise DataError(path, _FORMAT)
    parsed = [_parse_entry(entry, path, f"entry {number}") for number, entry in enumerate(entries, 1)]
    kept = [entry for entry in parsed if entry.messages]
    if not kept:
        raise DataError(path, "holds no run with messages")
    systems = [_system_of(entry.messages) for entry in kept]
    shared = policy if policy is not None else max(set(systems), key=lambda text: (systems.count(text), text))
    if not shared:
        raise DataError(path, "holds no policy in its system messages", hint="pass --policy FILE")
    rollouts: dict[str, Rollout] = {}
    for entry, system in zip(kept, systems, strict=True):
        own = policy if policy is not None else system
        id = f"t{entry.task:03d}-r{entry.trial}"
        if id in rollouts:
            raise DataError(path, f"task {entry.task} has trial {entry.trial} twice", place=entry.place)
        trajectory = Trajectory(own, tuple(tools), _messages(entry, path))
        rollouts[id] = Rollout(id, f"t{entry.task:03d}", trajectory, entry.success)
    return Imported(shared, [rollouts[id] for id in sorted(rollouts)], len(parsed) - len(kept))


def load_tools(path: Path) -> list[Tool]:
    """Tools from a JSON list, in the form of OpenAI's `tools` or as plain `{name, description, parameters}`."""
    data = files.load_json(path)
    if isinstance(data, list):
        data = [item.get("function", item) if isinstance(item, dict) else item for item in data]
    return list(parse_tools(data, path))


@dataclass(frozen=True, slots=True)
class _Entry:
    place: str
    task: int
    trial: int
    success: int
    messages: Sequence[Mapping[str, Any]]


def _parse_entry(entry: Any, path: Path, place: str) -> _Entry:
    if not isinstance(entry, dict) or not {"task_id", "trial", "reward", "traj"} <= set(entry):
        raise DataError(path, _FORMAT, place=place)
    task, trial, reward, messages = (entry[key] for key in ("task_id", "trial", "reward", "traj"))
    if not isinstance(task, int) or not isinstance(trial, int) or task < 0 or trial < 0:
        raise DataError(path, f"task_id {task!r} and trial {trial!r} are not both numbers", place=place)
    if reward not in (0, 1):
        raise DataError(path, f"reward {reward!r} is neither 0 nor 1", place=place)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise DataError(path, "traj is not a list of messages", place=place)
    return _Entry(place, task, trial, int(reward), messages)


def _system_of(messages: Sequence[Mapping[str, Any]]) -> str:
    return str(messages[0].get("content") or "") if messages[0].get("role") == "system" else ""


def _messages(entry: _Entry, path: Path) -> tuple[Message, ...]:
    """The conversation without its system message; tool calls are renumbered, since their ids are random."""
    messages: list[Message] = []
    numbers: dict[str, str] = {}
    calls = 0
    for number, data in enumerate(entry.messages, 1):
        place = f"{entry.place}, message {number}"
        role, content = data.get("role"), data.get("content") or ""
        if number == 1 and role == "system":
            continue
        if role not in ("user", "assistant", "tool", "system") or not isinstance(content, str):
            raise DataError(path, f"is not a message: role {role!r}, content {type(content).__name__}", place=place)
        made = []
        called = data.get("tool_calls") or []
        if not isinstance(called, list):
            raise DataError(path, "tool_calls is not a list", place=place)
        for call in called:
            calls += 1
            made.append(_call(call, str(calls), path, place))
            numbers[str(call.get("id"))] = str(calls)
        answered = numbers.get(str(data.get("tool_call_id"))) if role == "tool" else None
        is_error = role == "tool" and content.startswith("Error")
        messages.append(Message(role, content, tuple(made), answered, is_error))
    return tuple(messages)


def _call(data: Any, id: str, path: Path, place: str) -> ToolCall:
    function = data.get("function") if isinstance(data, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise DataError(path, "has a tool call without a function name", place=place)
    raw = function.get("arguments") or "{}"
    try:
        arguments = orjson.loads(raw) if isinstance(raw, str) else raw
    except orjson.JSONDecodeError:
        arguments = None
    # Arguments that cannot be parsed are still evidence.
    return ToolCall(id, function["name"], arguments if isinstance(arguments, dict) else {"unparsed": str(raw)})
