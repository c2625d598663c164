"""Groups of several trajectories: how often rewards order a whole group right. Reads no files and asks no judge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from meta_reward.evaluation.statistics import by_task, share_interval
from meta_reward.tasks.groups import RankedGroup


@dataclass(frozen=True, slots=True)
class GroupScore:
    """How often groups of one size are ordered right."""

    size: int
    """Trajectories per group; groups of 2 are the pairs."""
    groups: int
    """How many groups of this size there are."""
    right: float
    """Share of groups in which each trajectory has a higher reward than all trajectories of lower ranks; ties lose."""
    low: float | None
    high: float | None
    """`low` to `high` is the 95% interval of `right`, by task; None for the reason in `no_bounds`."""
    no_bounds: str | None
    chance: float
    """The value of `right` that random rewards reach on average."""


def group_scores(groups: Iterable[RankedGroup], rewards: Mapping[str, float | None]) -> list[GroupScore]:
    """One score per size, smallest first. rewards: by trajectory id; a group with a missing reward is lost."""
    return scores_by_size((group, float(is_in_order(group, rewards))) for group in groups)


def scores_by_size(groups: Iterable[tuple[RankedGroup, float]]) -> list[GroupScore]:
    """One score per size, smallest first. groups: each with how far it is in order, from 0 to 1."""
    by_size: dict[int, list[tuple[RankedGroup, float]]] = {}
    for group, right in groups:
        by_size.setdefault(group.size, []).append((group, right))
    return [_score(size, by_size[size]) for size in sorted(by_size)]


def _score(size: int, groups: list[tuple[RankedGroup, float]]) -> GroupScore:
    interval = share_interval(by_task((group.task for group, _ in groups), (right for _, right in groups)))
    assert interval is not None  # there is a group
    chance = fmean(group.chance for group, _ in groups)
    return GroupScore(size, len(groups), interval.mean, interval.low, interval.high, interval.no_bounds, chance)


def is_in_order(group: RankedGroup, rewards: Mapping[str, float | None]) -> bool:
    """Whether every two trajectories of different ranks are ordered right, and no reward is missing."""
    known = [[reward for id in rank if (reward := rewards.get(id)) is not None] for rank in group.ranks]
    if sum(map(len, known)) < group.size:
        return False
    return all(min(better) > max(worse) for better, worse in combinations(known, 2))
