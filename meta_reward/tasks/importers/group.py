"""The task of a pair whose file does not name one.

Pairs that share a trajectory or the user's opening message belong to the same task, so that no task is in two splits. A
pair that shares one of these with an existing task belongs to that task.
"""

from collections.abc import Iterable, Mapping, Sequence

from meta_reward.tasks.importers.fields import digest
from meta_reward.trajectory import Trajectory

Key = str
"""The digest of a trajectory or of an opening message."""


def keys_of(trajectory: Trajectory, whole: str) -> tuple[Key, ...]:
    """The keys that a trajectory shares with others of its task. whole: its digest."""
    opening = next((m.content.strip() for m in trajectory.messages if m.role == "user" and m.content.strip()), None)
    return (whole,) if opening is None else (whole, f"opening {digest(opening)}")


def group_pairs(pairs: Sequence[Iterable[Key]], known: Mapping[Key, str]) -> list[str]:
    """The task of each pair, given the keys of both its sides. known: the tasks of keys that have one.

    The name of a new task follows from the keys of its first pair.
    """
    parent: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    listed = [list(keys) for keys in pairs]
    for first, *others in listed:
        for other in others:
            parent[root(other)] = root(first)
    tasks: dict[Key, str] = {}
    for keys in listed:
        for key in keys:
            if key in known:
                tasks.setdefault(root(key), known[key])
    return [tasks.setdefault(root(keys[0]), f"opening-{digest(sorted(keys))[:10]}") for keys in listed]
