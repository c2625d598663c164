"""Episodes of verifiers 0.4: `{env, task, traces[]}`, a trace for each agent that took part.

A trace is a graph of messages, of which the last branch is read. The task is the episode's, with the agent's name
where there are several; the label is the weighted sum of the rewards, as verifiers has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meta_reward.tasks.importers import fields
from meta_reward.tasks.importers.fields import as_object, number_of, text_field, value_at, word
from meta_reward.tasks.importers.record import Options, Place, Record, RowError, brief


@dataclass(frozen=True, slots=True)
class Trace:
    """One agent's part of an episode."""

    data: Any
    agent: str
    """Its name; "" where it is the only one."""


def is_episode(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("traces"), list) and "env" in row


def traces_of(place: Place, episode: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """The traces of an episode, a RowError where it has none."""
    traces = episode["traces"]
    if not traces:
        yield place, RowError("", "ended before an agent began", skip=True)
    names = [word(value_at(trace, "agent.name")) if isinstance(trace, dict) else "" for trace in traces]
    for number, (trace, name) in enumerate(zip(traces, names, strict=True), 1):
        yield Place(place.path, f"{place.row}, trace {number}"), Trace(trace, name if len(set(names)) > 1 else "")


def record_of(place: Place, trace: Trace, options: Options) -> Record:
    whole = as_object(trace.data)
    if whole.get("ok") is False:
        raise RowError("", "ended in an error of the environment", skip=True)
    return Record(
        place,
        fields.run_of({"messages": _messages(whole), "tools": whole.get("tools") or None}, keep_unparsed=True),
        fields.task_of(whole, options.task_key) if options.task_key else _task(whole, trace.agent),
        _label(whole, options.label_key),
        text_field(whole, "id"),
    )


def _task(whole: dict[str, Any], agent: str) -> str:
    """The name or the id of the task and a digest of its data, which are the same in all its episodes."""
    data = as_object(value_at(whole, "task.data") or {})
    named = next((str(data[key]) for key in ("name", "id", "idx") if isinstance(data.get(key), str | int)), "task")
    return fields.request_name(f"{named} {agent}".strip(), data)


def _label(whole: dict[str, Any], key: str | None) -> float | None:
    """The reward that `key` names, else a metric or a field of that name; without a key, the sum of all rewards."""
    rewards = {name: as_object(reward) for name, reward in as_object(whole.get("rewards") or {}).items() if reward}
    if key:
        named = rewards[key].get("score") if key in rewards else value_at(whole, key)
        return number_of(value_at(whole, f"metrics.{key}") if named is None else named, key)
    parts = [(number_of(r.get("score"), "rewards"), number_of(r.get("weight"), "rewards")) for r in rewards.values()]
    return sum((score or 0.0) * (1.0 if weight is None else weight) for score, weight in parts) if parts else None


def _messages(whole: dict[str, Any]) -> list[Any]:
    """The messages from a root to the last node. A node comes after its parent."""
    nodes, at = whole.get("nodes"), -1
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise RowError("nodes", f"is {brief(nodes)}, not a list of messages")
    branch, at = list[Any](), len(nodes) - 1
    while isinstance(at, int) and 0 <= at < len(nodes):
        branch.append(nodes[at].get("message"))
        parent = nodes[at].get("parent")
        at = parent if isinstance(parent, int) and parent < at else -1
    return branch[::-1]
