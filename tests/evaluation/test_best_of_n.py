"""Best-of-N against brute force over all subsets."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.best_of_n import best_of_n, expected_success, lifts
from meta_reward.evaluation.statistics import Interval
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


def labelled(tasks: int) -> tuple[list[Rollout], dict[str, float | None]]:
    """A success and two failures a task; the reward finds the success in two tasks of three."""
    made = [Rollout(f"r{i}", f"t{i // 3:02d}", make_trajectory(), int(i % 3 == 0)) for i in range(3 * tasks)]
    return made, {r.id: float(r.success or 0) if i % 9 < 6 else 0.0 for i, r in enumerate(made)}


def test_gain_has_an_interval_by_task() -> None:
    single, pair = best_of_n(*labelled(9))
    assert (single.gain, single.low, single.high, single.no_bounds) == (0.0, None, None, "no spread")
    # gains of 1/3 in six tasks and 0 in three: standard error sqrt(2/81 * 9/8 / 9) = 1/18, Student's 2.306
    assert pair.gain == pytest.approx(2 / 9)
    assert (pair.low, pair.high) == (
        pytest.approx(2 / 9 - 2.306 / 18, abs=1e-4),
        pytest.approx(2 / 9 + 2.306 / 18, abs=1e-4),
    )


def test_lift_over_few_tasks_has_no_interval() -> None:
    assert [(row.low, row.high, row.no_bounds) for row in best_of_n(*labelled(7))] == [(None, None, "few tasks")] * 2


def test_lift_is_the_success_of_one_harness_minus_that_of_another_in_the_same_tasks() -> None:
    made, found = labelled(9)
    blind = dict.fromkeys(found, 0.0)
    none, pair = lifts(made, blind, found)
    assert (none.n, none.tasks, none.difference) == (1, 9, Interval(0.0, None, None, "no spread"))
    gain = best_of_n(made, found)[1]
    found_bounds = (pair.difference.mean, pair.difference.low, pair.difference.high)
    assert found_bounds == pytest.approx((gain.gain, gain.low, gain.high))  # equal rewards pick blindly
    assert lifts(made, found, found)[1].difference.mean == 0.0
    assert lifts(rollouts(None, None), {"r0": 1.0}, {"r1": 2.0}) == []
