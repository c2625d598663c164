"""Rewards compared with outcomes: bins of reward with the share of successes in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.report.page.collect import RunPage
from meta_reward.report.page.details import load_search_rollouts
from meta_reward.run.evaluations import load_rewards
from meta_reward.run.layout import Layout
from meta_reward.trajectory import Rollout

_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The labelled trajectories whose reward is in a range."""

    low: int
    high: int
    trajectories: int
    mean_reward: float
    success: float
    """Share of them that succeeded."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """Rewards compared with labels, by candidate: the baseline and the best."""

    bins: Mapping[str, Sequence[Bin]]


def collect_rewards(layout: Layout, run: RunPage) -> Rewards:
    """The rewards of the baseline and of the best candidate, from their traces on the search split."""
    rollouts = load_search_rollouts(layout)
    found = {id: load_rewards(layout.candidate(run.row(id).folder)) for id in run.compared if id in run.metrics}
    return Rewards({id: calibration(rewards, rollouts) for id, rewards in found.items()})


def calibration(rewards: Mapping[str, float | None], rollouts: Mapping[str, Rollout]) -> list[Bin]:
    """Bins of ten points with at least one trajectory; empty without labels."""
    bins: dict[int, list[tuple[float, int]]] = {}
    for id, reward in rewards.items():
        success = rollouts[id].success if id in rollouts else None
        if reward is not None and success is not None:
            bins.setdefault(min(int(reward // _WIDTH), 100 // _WIDTH - 1), []).append((reward, success))
    return [_bin(number, bins[number]) for number in sorted(bins)]


def _bin(number: int, found: list[tuple[float, int]]) -> Bin:
    count = len(found)
    mean, success = sum(reward for reward, _ in found) / count, sum(label == 1 for _, label in found) / count
    return Bin(number * _WIDTH, (number + 1) * _WIDTH, count, mean, success)
