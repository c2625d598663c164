"""Groups of several trajectories of one task in a trusted order, from `groups.jsonl` or made from labels.

    {"id": "t01-g1", "task": "t01", "ranks": [["t01-r3"], ["t01-r0"], ["t01-r5"]]}

The best rank comes first. Trajectories of the same rank are not compared with each other. A group of two is a pair and
belongs in `pairs.jsonl`. Loading raises DataError that names the line.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import comb, factorial, prod
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.pairs import ids_beside
from meta_reward.trajectory import Pair, Rollout

NAME = "groups.jsonl"
DRAWN_SIZES = (3, 4)
"""The sizes of groups that are made from labels."""
GROUPS_PER_TASK = 10
"""The most groups per task and size that are made from labels."""
SMALLEST, LARGEST = 3, 10
"""The sizes that `groups.jsonl` may hold."""

Ranks = tuple[tuple[str, ...], ...]
"""Ids of trajectories by rank, the best rank first."""


@dataclass(frozen=True, slots=True)
class RankedGroup:
    """Trajectories of one task in a trusted order."""

    id: str
    task: str
    ranks: Ranks

    @property
    def size(self) -> int:
        """How many trajectories it has."""
        return sum(map(len, self.ranks))

    @property
    def chance(self) -> float:
        """The probability that random rewards without ties put it in order: 1 / size! with one trajectory per rank."""
        return prod(map(factorial, map(len, self.ranks))) / factorial(self.size)


def load_groups(folder: Path, rollouts: Mapping[str, Rollout]) -> tuple[RankedGroup, ...]:
    """The groups of a task set, checked against its rollouts; empty if there is no file. Raises DataError."""
    path = folder / NAME
    if not path.exists():
        return ()
    groups: dict[str, RankedGroup] = {}
    for number, data in files.numbered_lines(path):
        try:
            group = _parse(data, rollouts)
        except ValueError as error:
            raise DataError(path, str(error), place=f"line {number}") from None
        if group.id in groups:
            raise DataError(path, f"group id {group.id!r} occurs twice", place=f"line {number}")
        groups[group.id] = group
    return tuple(groups.values())


def group_of_pair(pair: Pair) -> RankedGroup:
    """A pair as a group of two."""
    return RankedGroup(pair.id, pair.task, ((pair.preferred,), (pair.other,)))


def groups_from_success(rollouts: Sequence[Rollout]) -> list[RankedGroup]:
    """Groups made from labels of success and failure; rollouts without such a label are left out."""
    labels = {rollout.id: float(rollout.success) for rollout in rollouts if rollout.success is not None}
    return groups_from_labels(rollouts, labels)


def groups_from_labels(
    rollouts: Iterable[Rollout],
    labels: Mapping[str, float],
    *,
    seed: int = 0,
    existing: Sequence[RankedGroup] = (),
) -> list[RankedGroup]:
    """New groups, drawn deterministically, in the order of tasks: at most GROUPS_PER_TASK per task and size.

    All labels in a group differ, if its task has enough different labels. If the task has only two, such as success
    and failure, a group has one trajectory with the better label, and otherwise worse ones.

    labels: by trajectory id; higher is better. existing: groups that the task set has already; they count towards the
    limit.
    """
    by_task: dict[str, dict[float, list[str]]] = {}
    for rollout in rollouts:
        if rollout.id in labels:
            by_task.setdefault(rollout.task, {}).setdefault(labels[rollout.id], []).append(rollout.id)
    there = Counter((group.task, group.size) for group in existing)
    drawn = (
        (task, ranks)
        for task, by_label in sorted(by_task.items())
        for size in DRAWN_SIZES
        for ranks in _drawn([by_label[label] for label in sorted(by_label, reverse=True)], size, f"{seed}\n{task}")[
            there[task, size] :
        ]
    )
    return new_groups(drawn, existing)


def new_groups(found: Iterable[tuple[str, Ranks]], existing: Sequence[RankedGroup]) -> list[RankedGroup]:
    """Groups with new ids; groups that exist already are left out. found: (task, ranks) of each."""
    known, taken = {(group.task, group.ranks) for group in existing}, dict[str, set[str]]()
    for group in existing:
        taken.setdefault(group.task, set()).add(group.id)
    made = []
    for task, ranks in found:
        if (task, ranks) not in known:
            known.add((task, ranks))
            id = next(ids_beside(f"{task}-g", taken.setdefault(task, set())))
            taken[task].add(id)
            made.append(RankedGroup(id, task, ranks))
    return made


def _drawn(by_label: Sequence[Sequence[str]], size: int, seed: str) -> list[Ranks]:
    """Distinct random groups of a task. by_label: the trajectories of each label, the best label first."""
    if len(by_label) >= size:
        total, draw = _ways([len(ids) for ids in by_label], size), _strict
    elif len(by_label) == 2:
        total, draw = len(by_label[0]) * comb(len(by_label[1]), size - 1), _one_good
    else:
        return []
    chance, drawn = random.Random(f"{seed}\n{size}"), set[Ranks]()
    while len(drawn) < min(GROUPS_PER_TASK, total):
        drawn.add(draw(by_label, size, chance))
    return sorted(drawn)


_Draw = Callable[[Sequence[Sequence[str]], int, random.Random], Ranks]


def _strict(by_label: Sequence[Sequence[str]], size: int, chance: random.Random) -> Ranks:
    levels = sorted(chance.sample(range(len(by_label)), size))
    return tuple((chance.choice(by_label[level]),) for level in levels)


def _one_good(by_label: Sequence[Sequence[str]], size: int, chance: random.Random) -> Ranks:
    good, bad = by_label
    return ((chance.choice(good),), tuple(sorted(chance.sample(bad, size - 1))))


def _ways(counts: Sequence[int], size: int) -> int:
    """In how many ways `size` trajectories of different labels can be drawn. counts: trajectories of each label."""

    def with_label(ways: list[int], count: int) -> list[int]:
        return [one + (ways[at - 1] * count if at else 0) for at, one in enumerate(ways)]

    return reduce(with_label, counts, [1] + [0] * size)[size]


def _parse(data: Any, rollouts: Mapping[str, Rollout]) -> RankedGroup:
    """A group from its JSON form. Raises ValueError."""
    fields = data if isinstance(data, dict) else {}
    id, task, ranks = fields.get("id"), fields.get("task"), fields.get("ranks")
    if not isinstance(id, str) or not isinstance(task, str) or not isinstance(ranks, list) or not _are_ids(ranks):
        raise ValueError("is not a group: it needs id, task, and ranks, which are lists of ids, the best first")
    group = RankedGroup(id, task, tuple(map(tuple, ranks)))
    members = [member for rank in group.ranks for member in rank]
    if len(group.ranks) < 2 or not SMALLEST <= group.size <= LARGEST:
        what = f"has {group.size} trajectories in {len(group.ranks)} ranks"
        raise ValueError(f"{what}, not {SMALLEST} to {LARGEST} in at least two; a group of two goes into pairs.jsonl")
    for member in members:
        if member not in rollouts or rollouts[member].task != task:
            raise ValueError(f"names trajectory {member!r}, which task {task!r} does not have")
    if len(set(members)) < len(members):
        raise ValueError("names a trajectory twice")
    return group


def _are_ids(ranks: list[Any]) -> bool:
    return all(isinstance(rank, list) and rank and all(isinstance(id, str) for id in rank) for rank in ranks)
