"""Best-of-N: how often the rollout with the highest reward succeeds if N rollouts of a task are drawn.

This measures a reward in a way it is used. The numbers are exact: the expectation over all subsets of size N of a
task's rollouts, with ties broken at random. Reads no files and draws no random numbers.
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
    """The share of successes at one N, on average over the tasks that have at least N labelled rollouts.

    random: if the pick is random. harness: if the highest reward is picked. oracle: if a success is picked whenever
    one was drawn. gain: harness minus random. low, high: its 95% interval by task, None for the reason in no_bounds.
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
    """How much better best-of-n is with one harness than with another, on the same tasks."""

    n: int
    tasks: int
    difference: Interval
    """The difference of the shares of successes, with its 95% interval by task."""


Rewards = Mapping[str, float | None]
"""By rollout id; a missing one ranks below all others."""
Ranked = Sequence[tuple[float, float]]
"""(reward, success) of the labelled rollouts of a task."""


def best_of_n(rollouts: Iterable[Rollout], rewards: Rewards) -> list[BestOfN]:
    """Best-of-N for each N for which some task has enough labelled rollouts; empty without labels."""
    return selection(_ranked(rollouts, rewards))


def selection(ranked: Mapping[str, Ranked], sizes: Sequence[int] = SIZES) -> list[BestOfN]:
    """Best-of-N for each of these N for which some task has enough rollouts. ranked: the rollouts of each task."""
    return [_at(n, [task for task in ranked.values() if len(task) >= n]) for n in _sizes(ranked, sizes)]


def agreement_within(ranked: Mapping[str, Ranked]) -> float | None:
    """How often the better of two rollouts of a task has the higher reward, a tie counting one half.

    The mean over the tasks whose rollouts are not all equally good; None if there are no such tasks.
    """
    found = [_agreement(task) for task in ranked.values() if len({success for _, success in task}) > 1]
    return fmean(found) if found else None


def _agreement(task: Ranked) -> float:
    pairs = [(better, worse) for (better, good), (worse, bad) in product(task, repeat=2) if good > bad]
    return fmean(1.0 if better > worse else 0.5 if better == worse else 0.0 for better, worse in pairs)


def lifts(rollouts: Iterable[Rollout], before: Rewards, after: Rewards) -> list[Lift]:
    """How much better best-of-N is with the rewards `after` than `before`, for each N; empty without labels."""
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
    less; given that, each rollout with reward r is equally likely to be picked.
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
