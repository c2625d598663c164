"""What the simulated policies share: their state on disk, their draws, and how an update changes them."""

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, UsageError
from meta_reward.offline.mpo.softmax import (
    Decision,
    Weights,
    add,
    divergence,
    divergence_gradient,
    draw,
    entropy,
    group_gradient,
)
from meta_reward.search.mpo.policy import Sample, UpdateStats
from meta_reward.settings import BadSetting, parse_table, setting
from meta_reward.trajectory import Trajectory

_STATE = "policy.json"


@dataclass(frozen=True, slots=True)
class Rates:
    """The table `[mpo.policy_settings]` of a simulated policy."""

    learning_rate: float = setting(1.0, above=0.0)
    """How far a group of samples moves the weights, for rewards from 0 to 1."""
    kl: float = 0.05
    """How strongly the policy is held at its beginning, in reward from 0 to 1 for each nat."""
    variants: int = setting(4, least=1)
    """In how many wordings a move is acted out."""


def rates_of(settings: Mapping[str, Any]) -> Rates:
    """The settings of a simulated policy. Raises UsageError for others."""
    try:
        return parse_table(Rates, settings, table="mpo.policy_settings")
    except BadSetting as error:
        raise UsageError(f"{error.key} {error.what}", hint=error.hint) from None


@dataclass(slots=True)
class SoftmaxPolicy:
    """A policy that chooses moves by softmax. Its state is its weights and how often it was updated."""

    seed: int
    rates: Rates
    weights: Weights = field(default_factory=dict)
    updates: int = 0

    simulated = True

    @abstractmethod
    def decisions(self, task: str) -> Sequence[Decision]:
        """What is chosen on a task, independently of each other."""

    @abstractmethod
    def act(self, task: str, moves: Sequence[str], variant: int) -> tuple[Trajectory, float]:
        """What comes of these moves on a task, and what is true of it, from 0 to 1. The same each time."""

    def sample(self, tasks: Sequence[str], n: int) -> list[Sample]:
        return [sample for task in tasks for sample in self._group(task, n)]

    def _group(self, task: str, n: int) -> list[Sample]:
        rng = random.Random(f"{self.seed}/{self.updates}/{task}")
        samples = []
        for number in range(n):
            moves = [draw(decision, self.weights, rng) for decision in self.decisions(task)]
            trajectory, official = self.act(task, moves, rng.randrange(self.rates.variants))
            samples.append(Sample(f"{task}-s{number}", task, trajectory, " ".join(moves), official))
        return samples

    def update(self, samples: Sequence[Sample], rewards: Sequence[float | None]) -> UpdateStats:
        by_task = [
            (task, list(group))
            for task, group in groupby(zip(samples, rewards, strict=True), key=lambda pair: pair[0].task)
        ]
        entropies = [sum(entropy(one, self.weights) for one in self.decisions(task)) for task, _ in by_task]
        moved = [sum(divergence(one, self.weights) for one in self.decisions(task)) for task, _ in by_task]
        gradient: Weights = {}
        for task, group in by_task:
            add(gradient, self._gradient(task, group), 1.0)
        add(self.weights, gradient, self.rates.learning_rate)
        self.updates += 1
        size = sum(value * value for value in gradient.values()) ** 0.5
        return UpdateStats(fmean(entropies), fmean(moved), {"gradient": size}) if by_task else UpdateStats()

    def _gradient(self, task: str, group: Sequence[tuple[Sample, float | None]]) -> Weights:
        """Of the expected reward from 0 to 1, less the divergence; samples without a reward are left out."""
        decisions = self.decisions(task)
        given = [(sample, reward) for sample, reward in group if reward is not None]
        chosen = [list(zip(decisions, sample.move.split(), strict=True)) for sample, _ in given]
        gradient = group_gradient(chosen, [reward / 100 for _, reward in given], self.weights)
        for decision in decisions:
            add(gradient, divergence_gradient(decision, self.weights), -self.rates.kl)
        return gradient

    def success(self, tasks: Sequence[str]) -> float:
        """What is true of this policy on some tasks, from 0 to 1: exact over its moves and their wordings."""
        return fmean(self._success(task) for task in tasks)

    def _success(self, task: str) -> float:
        ways: list[tuple[float, list[str]]] = [(1.0, [])]
        for decision in self.decisions(task):
            found = decision.probabilities(self.weights)
            ways = [(p * q, [*moves, move]) for p, moves in ways for move, q in found.items()]
        variants = range(self.rates.variants)
        return sum(p * fmean(self.act(task, moves, variant)[1] for variant in variants) for p, moves in ways)

    def save(self, folder: Path) -> None:
        files.write_json(folder / _STATE, {"schema": 1, "updates": self.updates, "weights": self.weights})

    def load(self, folder: Path) -> None:
        path = folder / _STATE
        data = files.load_json(path)
        if not isinstance(data, dict) or data.get("schema") != 1:
            raise DataError(path, "is not the state of a simulated policy")
        with files.reading(path):
            self.weights = {str(key): float(value) for key, value in data["weights"].items()}
            self.updates = int(data["updates"])
