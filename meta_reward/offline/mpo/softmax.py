"""A softmax policy over named moves, with the exact gradient of its log-probability and of its divergence.

A decision has keys, such as the situation that it is made in, and moves. The logit of a move is its start value plus
a weight for each key; keys that decisions share let the policy learn from one for the other. An update is REINFORCE
with a leave-one-out baseline: the advantage of a sample is its reward minus the mean of the others in its group, so
that a group of equal rewards moves nothing and nothing is divided by a spread.
"""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Weights = dict[str, float]
"""By key and move, as `name` joins them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy chooses from."""

    keys: tuple[str, ...]
    start: Mapping[str, float]
    """The logit of each move at the beginning; its keys are the moves."""

    def probabilities(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Of each move."""
        logits = {move: at + sum(weights.get(name(key, move), 0.0) for key in self.keys) for move, at in self._start()}
        highest = max(logits.values())
        powers = {move: math.exp(logit - highest) for move, logit in logits.items()}
        total = sum(powers.values())
        return {move: power / total for move, power in powers.items()}

    def _start(self) -> Iterable[tuple[str, float]]:
        return self.start.items()


def name(key: str, move: str) -> str:
    """The name of a weight."""
    return f"{key}/{move}"


def draw(decision: Decision, weights: Mapping[str, float], rng: random.Random) -> str:
    """A move, drawn by its probability."""
    found = decision.probabilities(weights)
    return rng.choices(list(found), list(found.values()))[0]


def entropy(decision: Decision, weights: Mapping[str, float]) -> float:
    """Of a decision, in nats."""
    return -sum(p * math.log(p) for p in decision.probabilities(weights).values() if p > 0)


def divergence(decision: Decision, weights: Mapping[str, float]) -> float:
    """The Kullback-Leibler divergence of a decision from what it was at the beginning, in nats."""
    before = decision.probabilities({})
    return sum(p * math.log(p / before[move]) for move, p in decision.probabilities(weights).items() if p > 0)


def log_gradient(decision: Decision, weights: Mapping[str, float], move: str) -> Weights:
    """The gradient of the log-probability of a move."""
    by_move = {other: (other == move) - p for other, p in decision.probabilities(weights).items()}
    return _for_each_key(decision, by_move)


def divergence_gradient(decision: Decision, weights: Mapping[str, float]) -> Weights:
    """The gradient of the divergence from the beginning."""
    now, before, whole = decision.probabilities(weights), decision.probabilities({}), divergence(decision, weights)
    by_move = {move: p * (math.log(p / before[move]) - whole) if p > 0 else 0.0 for move, p in now.items()}
    return _for_each_key(decision, by_move)


def advantages(rewards: Sequence[float]) -> list[float]:
    """Each reward minus the mean of the others; 0 where there is no other."""
    others = len(rewards) - 1
    return [reward - (sum(rewards) - reward) / others if others else 0.0 for reward in rewards]


def group_gradient(
    moves: Sequence[Sequence[tuple[Decision, str]]], rewards: Sequence[float], weights: Mapping[str, float]
) -> Weights:
    """An unbiased estimate of the gradient of a group's expected reward.

    moves: of each sample, the decisions and what was chosen. rewards: of each sample.
    """
    total: Weights = {}
    for sample, advantage in zip(moves, advantages(rewards), strict=True):
        for decision, move in sample:
            add(total, log_gradient(decision, weights, move), advantage / len(rewards))
    return total


def add(weights: Weights, other: Mapping[str, float], times: float) -> None:
    """Add a multiple of other weights to weights."""
    for key, value in other.items():
        weights[key] = weights.get(key, 0.0) + times * value


def _for_each_key(decision: Decision, by_move: Mapping[str, float]) -> Weights:
    return {name(key, move): value for key in decision.keys for move, value in by_move.items()}
