"""The files of a task set: rollouts, pairs and tools.

Reading raises DataError that names the file, and the line or entry in it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.trajectory import (
    Message,
    Pair,
    Rollout,
    Tool,
    Trajectory,
    message_to_json,
    parse_messages,
    parse_tool,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_name(text: str) -> bool:
    """Whether `text` is a safe file name for a task set, a run or a rollout."""
    return _NAME.fullmatch(text) is not None


def save_rollout(path: Path, rollout: Rollout, *, policy: str, tools: Sequence[Tool]) -> None:
    """Write one rollout; its policy and its tools only if they differ from the task set's."""
    files.write_json(path, stored_rollout(rollout, policy=policy, tools=tools))


def stored_rollout(rollout: Rollout, *, policy: str, tools: Sequence[Tool]) -> dict[str, object]:
    """The stored form of a rollout. Its policy and tools are included only if they differ from the task set's."""
    data: dict[str, object] = {"id": rollout.id, "task": rollout.task, "success": rollout.success}
    if rollout.trajectory.policy != policy:
        data["policy"] = files.as_lines(rollout.trajectory.policy)
    if rollout.trajectory.tools != tuple(tools):
        data["tools"] = rollout.trajectory.tools
    data["messages"] = [stored_message(m) for m in rollout.trajectory.messages]
    return data


def stored_message(message: Message) -> dict[str, object]:
    """The stored form of a message: multi-line text as a list of lines."""
    data = message_to_json(message)
    return {**data, "content": files.as_lines(data["content"])}


def parse_tools(data: Any, path: Path) -> tuple[Tool, ...]:
    """The tools in a JSON list read from `path`. Raises DataError that names the tool by its number, from 1."""
    if not isinstance(data, list):
        raise DataError(path, "is not a list of tools")
    tools = []
    for number, item in enumerate(data, 1):
        try:
            tools.append(parse_tool(item))
        except ValueError as error:
            raise DataError(path, str(error), place=f"tool {number}") from None
    return tuple(tools)


def load_rollouts(folder: Path, policy: str, tools: tuple[Tool, ...]) -> dict[str, Rollout]:
    """The rollouts in a folder, by id. policy, tools: the task set's, for rollouts without their own."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise DataError(folder, "holds no trajectories")
    return {path.stem: _load_rollout(path, policy, tools) for path in paths}


def _load_rollout(path: Path, policy: str, tools: tuple[Tool, ...]) -> Rollout:
    data = files.load_json(path)
    if not isinstance(data, dict):
        raise DataError(path, "is not a trajectory")
    if files.is_too_deep(data):
        raise DataError(path, "is nested too deeply")
    if not is_name(path.stem) or data.get("id") != path.stem:
        raise DataError(path, f"id {data.get('id')!r} does not match the file's name")
    if not isinstance(data.get("task"), str):
        raise DataError(path, "has no task")
    success = data.get("success")
    if success not in (None, 0, 1) or isinstance(success, bool):
        raise DataError(path, f"success is {success!r}, not 1, 0 or null")
    stored = data.get("messages")
    try:
        messages = parse_messages([_joined(m) for m in stored] if isinstance(stored, list) else stored)
    except ValueError as error:
        raise DataError(path, str(error)) from None
    if not messages:
        raise DataError(path, "has no messages")
    own_policy = files.as_text(data.get("policy", policy))
    if not isinstance(own_policy, str):
        raise DataError(path, f"policy is of type {type(own_policy).__name__}, not text")
    own_tools = parse_tools(data["tools"], path) if "tools" in data else tools
    return Rollout(path.stem, data["task"], Trajectory(own_policy, own_tools, messages), success)


def _joined(message: Any) -> Any:
    if not isinstance(message, dict) or "content" not in message:
        return message
    return {**message, "content": files.as_text(message["content"])}


def load_pairs(path: Path, rollouts: dict[str, Rollout]) -> tuple[Pair, ...]:
    """The pairs in a JSON-lines file, each checked against the rollouts."""
    pairs: dict[str, Pair] = {}
    for number, item in files.numbered_lines(path):
        pair = _parse_pair(item, path, number, rollouts)
        if pair.id in pairs:
            raise DataError(path, f"pair id {pair.id!r} occurs twice", place=f"line {number}")
        pairs[pair.id] = pair
    if not pairs:
        raise DataError(path, "holds no pairs")
    return tuple(pairs.values())


def _parse_pair(data: Any, path: Path, number: int, rollouts: dict[str, Rollout]) -> Pair:
    place = f"line {number}"
    fields = data if isinstance(data, dict) else {}
    texts = [text for key in ("id", "task", "preferred", "other") if isinstance(text := fields.get(key), str)]
    if len(texts) < 4:
        raise DataError(path, "is not a pair: needs id, task, preferred and other", place=place)
    categories = fields.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(category, str) for category in categories):
        raise DataError(path, "categories are not a list of texts", place=place)
    id, task, preferred, other = texts
    pair = Pair(id, task, preferred, other, tuple(categories))
    for side in (pair.preferred, pair.other):
        if side not in rollouts:
            raise DataError(path, f"names trajectory {side!r}, which does not exist", place=place)
        if rollouts[side].task != pair.task:
            raise DataError(path, f"trajectory {side!r} belongs to task {rollouts[side].task!r}", place=place)
    if pair.preferred == pair.other:
        raise DataError(path, f"pairs {pair.other!r} with itself", place=place)
    return pair
