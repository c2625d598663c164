"""What a run's task set held when the run was made, so that a changed one can be told by what changed.

Digests of its parts, below the sealed folder: they name the tasks of every split. What compares them speaks to
the user alone, never to a proposer.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from meta_reward import files
from meta_reward.run.layout import Layout
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Rollout

SCHEMA = 1
_MOST_NAMED = 3
_Parts = Mapping[str, Mapping[str, str]]


def save_parts(layout: Layout, taskset: TaskSet, splits: Mapping[str, Collection[str]]) -> None:
    """Put the parts of a task set, and how it is divided, on the sealed record."""
    files.write_json(layout.sealed_taskset, {"schema": SCHEMA, **_parts_of(taskset, splits)})


def what_changed(layout: Layout, taskset: TaskSet, splits: Mapping[str, Collection[str]]) -> str:
    """What a task set holds now that it did not when the run was made, and the other way round, in a few words."""
    if not layout.sealed_taskset.exists():
        return "what changed is not on record"
    before: _Parts = files.load_json(layout.sealed_taskset)
    with files.reading(layout.sealed_taskset):
        changes = list(_changes(before, _parts_of(taskset, splits)))
    return "; ".join(changes) or "its files are written in another way, and hold the same"


def _parts_of(taskset: TaskSet, splits: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    split_of = {task: split for split, tasks in splits.items() for task in tasks}
    tasks = sorted({rollout.task for rollout in taskset.rollouts.values()})
    return {
        "about": {name: _digest(value) for name, value in files.as_dict(taskset.about).items()},
        "shared": {"policy": _digest(taskset.policy), "tools": _digest(taskset.tools)},
        "tasks": {task: split_of.get(task, "no split") for task in tasks},
        "trajectories": {id: _digest(_own(rollout, taskset)) for id, rollout in sorted(taskset.rollouts.items())},
        "pairs": {pair.id: _digest(files.as_dict(pair)) for pair in taskset.pairs},
    }


def _own(rollout: Rollout, taskset: TaskSet) -> list[Any]:
    """A rollout without what it shares with the others, so that a changed policy changes no trajectory."""
    own = rollout.trajectory
    policy = None if own.policy == taskset.policy else own.policy
    tools = None if own.tools == taskset.tools else own.tools
    return [rollout.task, rollout.success, own.messages, policy, tools]


def _digest(value: Any) -> str:
    return files.digest(value)[:16]


def _changes(before: _Parts, after: _Parts) -> Iterator[str]:
    for kind in ("tasks", "trajectories", "pairs"):
        old, new = before[kind], after[kind]
        yield from _counted(kind, "added", [name for name in new if name not in old])
        yield from _counted(kind, "removed", [name for name in old if name not in new])
        changed = [name for name in new if name in old and new[name] != old[name]]
        if kind == "tasks":
            yield from _counted(kind, "moved", [f"{task}: {old[task]} to {new[task]}" for task in changed])
        else:
            yield from _counted(kind, "changed", changed)
    for kind in ("shared", "about"):
        yield from (f"{name} changed" for name in after[kind] if before[kind].get(name) != after[kind][name])


def _counted(kind: str, what: str, names: list[str]) -> Iterator[str]:
    if names:
        more = ", ..." if len(names) > _MOST_NAMED else ""
        noun = kind if len(names) > 1 else {"tasks": "task", "trajectories": "trajectory", "pairs": "pair"}[kind]
        yield f"{len(names)} {noun} {what} ({', '.join(sorted(names)[:_MOST_NAMED])}{more})"
