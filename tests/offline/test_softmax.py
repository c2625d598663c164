"""The policy gradient of the simulated policies, against exact enumeration and finite differences."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_reward.offline.mpo.softmax import (
    Decision,
    Weights,
    add,
    advantages,
    divergence,
    divergence_gradient,
    entropy,
    group_gradient,
)

MOVES = ("a", "b", "c")
numbers = st.floats(-2, 2)
decisions = st.builds(
    lambda start: Decision(("every", "kind"), dict(zip(MOVES, start, strict=True))), st.tuples(*[numbers] * 3)
)
weights_of_moves = st.fixed_dictionaries({f"{key}/{move}": numbers for key in ("every", "kind") for move in MOVES})
rewards_of_moves = st.fixed_dictionaries({move: st.floats(0, 1) for move in MOVES})


def expected_reward(decision: Decision, weights: Weights, rewards: dict[str, float]) -> float:
    return sum(p * rewards[move] for move, p in decision.probabilities(weights).items())


def slope(of: object, weights: Weights, name: str) -> float:
    step = 1e-5
    up, down = ({**weights, name: weights[name] + by} for by in (step, -step))
    return (of(up) - of(down)) / (2 * step)  # type: ignore[operator]


@settings(max_examples=30)
@given(decisions, weights_of_moves, rewards_of_moves, st.integers(2, 3))
def test_estimate_is_on_average_the_gradient_of_the_expected_reward(
    decision: Decision, weights: Weights, rewards: dict[str, float], n: int
) -> None:
    chances = decision.probabilities(weights)
    mean: Weights = {}
    for moves in product(MOVES, repeat=n):
        group = [[(decision, move)] for move in moves]
        chance = math.prod(chances[move] for move in moves)
        add(mean, group_gradient(group, [rewards[move] for move in moves], weights), chance)
    for name in weights:
        assert mean[name] == pytest.approx(
            slope(lambda w: expected_reward(decision, w, rewards), weights, name), abs=1e-6
        )


@settings(max_examples=30)
@given(decisions, weights_of_moves)
def test_divergence_has_the_gradient_that_it_says(decision: Decision, weights: Weights) -> None:
    gradient = divergence_gradient(decision, weights)
    for name in weights:
        assert gradient[name] == pytest.approx(slope(lambda w: divergence(decision, w), weights, name), abs=1e-6)


@given(decisions, weights_of_moves)
def test_divergence_and_entropy_stay_within_their_bounds(decision: Decision, weights: Weights) -> None:
    assert divergence(decision, weights) >= -1e-12
    assert divergence(decision, {}) == pytest.approx(0, abs=1e-12)
    assert 0 <= entropy(decision, weights) <= math.log(len(MOVES)) + 1e-12


def test_equal_rewards_and_a_sample_alone_teach_nothing() -> None:
    assert advantages([70.0, 70.0, 70.0]) == [0.0, 0.0, 0.0]
    assert advantages([70.0]) == [0.0]
    assert advantages([100.0, 0.0]) == [100.0, -100.0]
