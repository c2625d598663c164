"""Episodes of verifiers since version 0.4: `{env, task, traces[]}`, a trace for each agent that took part.

A trace is a graph of messages, of which the last branch is read. The task is the episode's, with the agent's name
where there are several; the label is the weighted sum of the rewards, as verifiers has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meta_reward.tasks.importers.fields import as_object, number_of, request_name, run_of, task_of, text_field, value_at
from meta_reward.tasks.importers.record import Options, Place, Record, RowError, brief


@dataclass(frozen=True, slots=True)
class Trace:
    """One agent's part of an episode."""

    fields: Any
    agent: str
    """Its name; "" where it is the only one."""


def is_episode(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("traces"), list) and "env" in row


def traces_of(place: Place, episode: dict[str, Any]) -> Iterator[tuple[Place, Trace]]:
    """The traces of an episode. One without any ended in an error before an agent spoke."""
    agents = [str(value_at(trace, "agent.name")) if isinstance(trace, dict) else "" for trace in episode["traces"]]
    for number, (fields, agent) in enumerate(zip(episode["traces"], agents, strict=True), 1):
        yield Place(place.path, f"{place.row}, trace {number}"), Trace(fields, agent if len(set(agents)) > 1 else "")


def record_of(place: Place, trace: Trace, options: Options) -> Record:
    fields = as_object(trace.fields)
    if fields.get("ok") is False:
        raise RowError("", "ended in an error of the environment", skip=True)
    return Record(
        place,
        run_of({"messages": _messages(fields), "tools": fields.get("tools") or None}, keep_unparsed=True),
        task_of(fields, options.task_key) if options.task_key else _task(fields, trace.agent),
        _label(fields, options.label_key),
        text_field(fields, "id"),
    )


def _task(fields: dict[str, Any], agent: str) -> str:
    """The name or the id of the task and a digest of its data, which are the same in all its episodes."""
    data = as_object(value_at(fields, "task.data") or {})
    named = next((str(data[key]) for key in ("name", "id", "idx") if isinstance(data.get(key), str | int)), "task")
    return request_name(f"{named} {agent}".strip(), data)


def _label(fields: dict[str, Any], key: str | None) -> float | None:
    """The reward that `key` names, else a metric or a field of that name; without a key, the sum of all rewards."""
    rewards = {name: as_object(reward) for name, reward in as_object(fields.get("rewards") or {}).items() if reward}
    if key:
        named = rewards[key].get("score") if key in rewards else value_at(fields, key)
        return number_of(value_at(fields, f"metrics.{key}") if named is None else named, key)
    parts = [(number_of(r.get("score"), "rewards"), number_of(r.get("weight"), "rewards")) for r in rewards.values()]
    return sum((score or 0.0) * (1.0 if weight is None else weight) for score, weight in parts) if parts else None


def _messages(fields: dict[str, Any]) -> list[Any]:
    """The messages from a root to the last node. A node comes after its parent."""
    nodes, at = fields.get("nodes"), -1
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise RowError("nodes", f"is {brief(nodes)}, not a list of messages")
    branch, at = list[Any](), len(nodes) - 1
    while isinstance(at, int) and 0 <= at < len(nodes):
        branch.append(nodes[at].get("message"))
        parent = nodes[at].get("parent")
        at = parent if isinstance(parent, int) and parent < at else -1
    return branch[::-1]
