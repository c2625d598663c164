"""Best-of-N against brute force over all subsets."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.best_of_n import best_of_n, expected_success
from meta_reward.trajectory import Rollout
from tests.conftest import make_trajectory

RANKED = st.lists(st.tuples(st.sampled_from([0.0, 50.0, 50.5, 100.0]), st.integers(0, 1)), min_size=1, max_size=7)


def by_brute_force(ranked: list[tuple[float, int]], n: int) -> float:
    picked = []
    for subset in combinations(ranked, n):
        best = [success for reward, success in subset if reward == max(r for r, _ in subset)]
        picked.append(sum(best) / len(best))
    return sum(picked) / len(picked)


@given(RANKED, st.integers(1, 7))
def test_expectation_equals_brute_force_over_all_subsets(ranked: list[tuple[float, int]], n: int) -> None:
    if n <= len(ranked):
        assert expected_success(ranked, n) == pytest.approx(by_brute_force(ranked, n))


def rollouts(*labels: int | None) -> list[Rollout]:
    return [Rollout(f"r{i}", "t", make_trajectory(), label) for i, label in enumerate(labels)]


def test_perfect_rewards_pick_as_the_oracle_does() -> None:
    table = best_of_n(rollouts(1, 0, 0, 0), {"r0": 90.0, "r1": 10.0, "r2": 10.0, "r3": 10.0})
    assert [(b.n, b.tasks, b.random, b.harness, b.oracle) for b in table] == [
        (1, 1, 0.25, 0.25, 0.25),
        (2, 1, 0.25, 0.5, 0.5),
        (4, 1, 0.25, 1.0, 1.0),
    ]


def test_missing_reward_is_picked_last() -> None:
    assert [b.harness for b in best_of_n(rollouts(1, 0), {"r0": None, "r1": 0.0})] == [0.5, 0.0]


def test_without_labels_there_is_no_table() -> None:
    assert best_of_n(rollouts(None, None), {"r0": 1.0, "r1": 2.0}) == []
