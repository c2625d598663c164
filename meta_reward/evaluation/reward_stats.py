"""What a training run would get from the rewards: how well they separate trajectories, and what they correlate with.

An RL run learns nothing from a group of rollouts with equal rewards. A reward that follows length teaches it to talk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, pstdev

from meta_reward.evaluation.statistics import by_task
from meta_reward.tasks.features import count_calls, count_characters
from meta_reward.trajectory import Rollout

_BINS = 10


@dataclass(frozen=True, slots=True)
class RewardStats:
    """How rewards are distributed. A trajectory without a reward is left out, except for auc."""

    levels: int
    """Distinct rewards."""
    spread: float | None
    """Standard deviation of the rewards within a task, in points; the mean over tasks with at least two rewards."""
    flat_tasks: float | None
    """Share of these tasks in which all rewards are equal."""
    length_correlation: float | None
    """Spearman's correlation of the reward with the characters of all messages; None if either is constant."""
    calls_correlation: float | None
    """The same with the number of tool calls."""
    auc: float | None
    """The probability that a success has a higher reward than a failure. A tie counts one half, a missing reward is
    the lowest. None without labels of both kinds."""
    calibration_error: float | None
    """The calibration error of reward / 100 as the probability of success, from 0 to 1; None without labels."""


def reward_stats(rollouts: Iterable[Rollout], rewards: Mapping[str, float | None]) -> RewardStats:
    """How rewards are distributed over rollouts. rewards: by rollout id, from 0 to 100."""
    every = [(rollout, rewards.get(rollout.id)) for rollout in rollouts]
    found = [(rollout, reward) for rollout, reward in every if reward is not None]
    values = [reward for _, reward in found]
    groups = [group for group in by_task((r.task for r, _ in found), values).values() if len(group) > 1]
    return RewardStats(
        levels=len(set(values)),
        spread=fmean(map(pstdev, groups)) if groups else None,
        flat_tasks=fmean(min(group) == max(group) for group in groups) if groups else None,
        length_correlation=_spearman(values, [count_characters(r.trajectory) for r, _ in found]),
        calls_correlation=_spearman(values, [count_calls(r.trajectory) for r, _ in found]),
        auc=_auc([(reward, r.success) for r, reward in every if r.success is not None]),
        calibration_error=_calibration_error([(reward, r.success) for r, reward in found if r.success is not None]),
    )


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1; equal values get their mean rank."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks


def _spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    try:
        return correlation(_ranks(first), _ranks(second))
    except StatisticsError:  # fewer than two, or all the same
        return None


def _auc(labelled: Sequence[tuple[float | None, int]]) -> float | None:
    """The AUC from the rank sum of the successes (Mann and Whitney 1947)."""
    ranks = _ranks([float("-inf") if reward is None else reward for reward, _ in labelled])
    successes = [rank for rank, (_, label) in zip(ranks, labelled, strict=True) if label == 1]
    won, failures = len(successes), len(labelled) - len(successes)
    if not won or not failures:
        return None
    return (sum(successes) - won * (won + 1) / 2) / (won * failures)


def _calibration_error(labelled: Sequence[tuple[float, int]]) -> float | None:
    """The absolute difference of mean reward and share of successes in ten bins of equal width, weighted by size.

    Source: the expected calibration error of Naeini, Cooper and Hauskrecht (2015).
    """
    if not labelled:
        return None
    bins: dict[int, list[tuple[float, int]]] = {}
    for reward, label in labelled:
        bins.setdefault(min(int(reward / 100 * _BINS), _BINS - 1), []).append((reward / 100, label))
    gaps = (abs(sum(reward - (label == 1) for reward, label in group)) for group in bins.values())
    return sum(gaps) / len(labelled)
