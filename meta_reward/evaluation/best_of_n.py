"""Best-of-N: how often the rollout with the highest reward succeeds, if N are drawn of each task.

The use to which a reward is put, and exact: the expectation over all subsets of size N of a task's
rollouts, ties broken at random. Knows no files and no randomness.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb
from statistics import fmean

from meta_reward.evaluation.statistics import Interval, difference_interval
from meta_reward.trajectory import Rollout

SIZES = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class BestOfN:
    """Success at one N, mean over the tasks that have at least N labelled rollouts.

    random: picking blindly; harness: picking the highest reward; oracle: a success wherever one was
    drawn. gain: harness minus random; low, high: its 95% interval by task, None for the reason in no_bounds.
    """

    n: int
    tasks: int
    random: float
    harness: float
    oracle: float
    gain: float
    low: float | None = None
    high: float | None = None
    no_bounds: str | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """What picking the best of n gains by one harness over another, in the same tasks."""

    n: int
    tasks: int
    difference: Interval
    """Of the shares of success, with its 95% interval by task."""


Rewards = Mapping[str, float | None]
"""By rollout id; a missing one ranks below all others."""
Ranked = Sequence[tuple[float, float]]
"""(reward, success) of the labelled rollouts of a task."""


def best_of_n(rollouts: Iterable[Rollout], rewards: Rewards) -> list[BestOfN]:
    """Best-of-N for each N that some task has enough labelled rollouts for; empty without labels."""
    return selection(_ranked(rollouts, rewards))


def selection(ranked: Mapping[str, Ranked], sizes: Sequence[int] = SIZES) -> list[BestOfN]:
    """Best-of-N of the rollouts of each task, for each of these N that some task has enough for."""
    return [_at(n, [task for task in ranked.values() if len(task) >= n]) for n in _sizes(ranked, sizes)]


def agreement_within(ranked: Mapping[str, Ranked]) -> float | None:
    """How often the better of two rollouts of a task has the higher reward, a tie counting one half.

    The mean over the tasks whose rollouts are not all equally good; None where there is none.
    """
    found = [_agreement(task) for task in ranked.values() if len({success for _, success in task}) > 1]
    return fmean(found) if found else None


def _agreement(task: Ranked) -> float:
    pairs = [(better, worse) for (better, good), (worse, bad) in product(task, repeat=2) if good > bad]
    return fmean(1.0 if better > worse else 0.5 if better == worse else 0.0 for better, worse in pairs)


def lifts(rollouts: Iterable[Rollout], before: Rewards, after: Rewards) -> list[Lift]:
    """What each N gains by the rewards after over those before; empty without labels."""
    listed = list(rollouts)
    first, second = _ranked(listed, before), _ranked(listed, after)
    found = []
    for n in _sizes(first):
        by_task = {
            task: [expected_success(second[task], n) - expected_success(first[task], n)]
            for task in first
            if len(first[task]) >= n
        }
        found.append(Lift(n, len(by_task), difference_interval(by_task) or Interval(0.0, None, None)))
    return found


def _ranked(rollouts: Iterable[Rollout], rewards: Rewards) -> dict[str, Ranked]:
    by_task: dict[str, list[tuple[float, float]]] = {}
    for rollout in rollouts:
        if rollout.success is not None:
            reward = rewards.get(rollout.id)
            ranked = float("-inf") if reward is None else reward
            by_task.setdefault(rollout.task, []).append((ranked, rollout.success))
    return {**by_task}


def _sizes(ranked: Mapping[str, Ranked], sizes: Sequence[int] = SIZES) -> list[int]:
    return [n for n in sizes if any(len(task) >= n for task in ranked.values())]


def expected_success(ranked: Ranked, n: int) -> float:
    """The chance that the best of n drawn rollouts succeeds. ranked: (reward, success) of a task's rollouts.

    Whether the best drawn reward is r depends only on how many rollouts have r and how many have
    less; given that, each rollout with reward r is picked alike.
    """
    expected = 0.0
    for reward in {r for r, _ in ranked}:
        tied = [success for r, success in ranked if r == reward]
        below = sum(r < reward for r, _ in ranked)
        ways = comb(below + len(tied), n) - comb(below, n)
        expected += ways / comb(len(ranked), n) * sum(tied) / len(tied)
    return expected


def _at(n: int, tasks: Sequence[Ranked]) -> BestOfN:
    random = [expected_success([(0.0, success) for _, success in task], n) for task in tasks]
    harness = [expected_success(task, n) for task in tasks]
    oracle = [expected_success([(float(success), success) for _, success in task], n) for task in tasks]
    gains = {str(at): [h - r] for at, (h, r) in enumerate(zip(harness, random, strict=True))}
    bounds = difference_interval(gains) or Interval(0.0, None, None)
    return BestOfN(
        n=n,
        tasks=len(tasks),
        random=_mean(random),
        harness=_mean(harness),
        oracle=_mean(oracle),
        gain=_mean(harness) - _mean(random),
        low=bounds.low,
        high=bounds.high,
        no_bounds=bounds.no_bounds,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
