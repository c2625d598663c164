"""How rewards are spread, and what they go along with."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.trajectory import Message, Rollout, ToolCall, Trajectory
from tests.conftest import make_trajectory


def rollout(id: str, *, success: int | None = None, task: str = "t1", characters: int = 5, calls: int = 0) -> Rollout:
    made = tuple(ToolCall(f"c{n}", "look", {}) for n in range(calls))
    said = Message("assistant", "x" * characters, tool_calls=made)
    return Rollout(id, task, Trajectory(policy="", tools=(), messages=(said,)), success)


def test_levels_and_spread_are_those_within_tasks() -> None:
    rollouts = [rollout("a", task="t1"), rollout("b", task="t1"), rollout("c", task="t2"), rollout("d", task="t2")]
    found = reward_stats(rollouts, {"a": 20.0, "b": 40.0, "c": 70.0, "d": 70.0})
    assert (found.levels, found.spread, found.flat_tasks) == (3, 5.0, 0.5)


def test_task_with_a_single_reward_says_nothing_about_spread() -> None:
    found = reward_stats([rollout("a"), rollout("b")], {"a": 20.0, "b": None})
    assert (found.levels, found.spread, found.flat_tasks) == (1, None, None)


def test_reward_that_grows_with_length_and_falls_with_calls_is_found_out() -> None:
    rollouts = [rollout(f"r{n}", characters=10**n, calls=5 - n) for n in range(1, 5)]
    found = reward_stats(rollouts, {f"r{n}": 10.0 + n for n in range(1, 5)})
    assert (found.length_correlation, found.calls_correlation) == (pytest.approx(1.0), pytest.approx(-1.0))


def test_constant_reward_correlates_with_nothing() -> None:
    found = reward_stats([rollout("a", characters=1), rollout("b", characters=2)], {"a": 50.0, "b": 50.0})
    assert (found.length_correlation, found.calls_correlation) == (None, None)


REWARDS = st.lists(st.tuples(st.sampled_from([None, 0.0, 30.0, 50.0, 100.0]), st.integers(0, 1)), max_size=8)


@given(REWARDS)
def test_auc_is_the_share_of_successes_above_failures(
    labelled: list[tuple[float | None, int]],
) -> None:
    rollouts = [Rollout(f"r{n}", "t", make_trajectory(), label) for n, (_, label) in enumerate(labelled)]
    found = reward_stats(rollouts, {f"r{n}": reward for n, (reward, _) in enumerate(labelled)})
    won, lost = ([-1.0 if r is None else r for r, label in labelled if label == side] for side in (1, 0))
    couples = [(a > b) + (a == b) / 2 for a, b in product(won, lost)]
    assert found.auc == (pytest.approx(sum(couples) / len(couples)) if couples else None)


def test_calibration_error_is_zero_where_rewards_are_the_shares_of_success() -> None:
    rollouts = [rollout(f"r{n}", success=int(n < 3)) for n in range(4)]
    assert reward_stats(rollouts, dict.fromkeys(["r0", "r1", "r2", "r3"], 75.0)).calibration_error == 0.0
    assert reward_stats(rollouts, dict.fromkeys(["r0", "r1", "r2", "r3"], 25.0)).calibration_error == 0.5
    assert reward_stats(rollouts, {"r0": 100.0, "r1": 100.0, "r2": 100.0, "r3": 100.0}).calibration_error == 0.25


def test_without_labels_there_is_neither_auc_nor_calibration() -> None:
    found = reward_stats([rollout("a"), rollout("b")], {"a": 20.0, "b": 30.0})
    assert (found.auc, found.calibration_error) == (None, None)
