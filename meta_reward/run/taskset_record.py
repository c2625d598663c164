"""What a run's task set contained when the run was created, so that errors can say what has changed since.

Digests of its parts are in the sealed folder, because they name the tasks of every split. The comparison is shown only
to the user, never to a proposer.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from meta_reward import files
from meta_reward.kinds.registry import kind_of
from meta_reward.run.layout import Layout
from meta_reward.tasks.about import REWARD
from meta_reward.tasks.base import AnyTaskSet

SCHEMA = 1
_MOST_NAMED = 3
_BY_NAME = ("shared", "about")
"""The parts whose changed entries are named rather than counted."""
_SINGULAR = {"trajectories": "trajectory"}
_Parts = Mapping[str, Mapping[str, str]]


def save_parts(layout: Layout, taskset: AnyTaskSet, splits: Mapping[str, Collection[str]]) -> None:
    """Store digests of the parts of a task set, and how it is divided, in the sealed folder."""
    files.write_json(layout.sealed_taskset, {"schema": SCHEMA, **_parts_of(taskset, splits)})


def what_changed(layout: Layout, taskset: AnyTaskSet, splits: Mapping[str, Collection[str]]) -> str:
    """What has changed in a task set since the run was created, in a few words."""
    if not layout.sealed_taskset.exists():
        return "what changed is not on record"
    before: _Parts = files.load_json(layout.sealed_taskset)
    with files.reading(layout.sealed_taskset):
        changes = list(_changes(before, _parts_of(taskset, splits)))
    return "; ".join(changes) or "its files are written in another way, but have the same content"


def _parts_of(taskset: AnyTaskSet, splits: Mapping[str, Collection[str]]) -> dict[str, dict[str, str]]:
    split_of = {task: split for split, tasks in splits.items() for task in tasks}
    about = files.as_dict(taskset.about)
    if about["kind"] == REWARD:
        del about["kind"]
    parts = kind_of(taskset).parts(taskset)
    return {
        "about": {name: _digest(value) for name, value in about.items()},
        "tasks": {task: split_of.get(task, "no split") for task in sorted(taskset.tasks)},
        **{name: {id: _digest(value) for id, value in part.items()} for name, part in parts.items()},
    }


def _digest(value: Any) -> str:
    return files.digest(value)[:16]


def _changes(before: _Parts, after: _Parts) -> Iterator[str]:
    for part in (name for name in after if name not in _BY_NAME):
        old, new = before.get(part, {}), after[part]
        yield from _counted(part, "added", [name for name in new if name not in old])
        yield from _counted(part, "removed", [name for name in old if name not in new])
        changed = [name for name in new if name in old and new[name] != old[name]]
        if part == "tasks":
            yield from _counted(part, "moved", [f"{task}: {old[task]} to {new[task]}" for task in changed])
        else:
            yield from _counted(part, "changed", changed)
    for part in (name for name in _BY_NAME if name in after):
        yield from (f"{name} changed" for name in after[part] if before[part].get(name) != after[part][name])


def _counted(part: str, what: str, names: list[str]) -> Iterator[str]:
    """A phrase such as `2 trajectories added (a, b)`. part: a plural, such as `trajectories`."""
    if names:
        more = ", ..." if len(names) > _MOST_NAMED else ""
        noun = part if len(names) > 1 else _SINGULAR.get(part, part.removesuffix("s"))
        yield f"{len(names)} {noun} {what} ({', '.join(sorted(names)[:_MOST_NAMED])}{more})"
