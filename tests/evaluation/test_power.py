"""What a number of validation tasks can find."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.max_t import adjusted_p
from meta_reward.evaluation.power import Power, chance_to_pass, power_of, tasks_needed

ITEMS = st.lists(st.integers(1, 12), min_size=6, max_size=40)


def test_twenty_seven_tasks_of_seven_pairs_find_seventeen_points() -> None:
    assert power_of([7] * 27) == Power(27, smallest_p=1 / 20_001, gain=pytest.approx(0.174, abs=0.001))  # type: ignore[arg-type]


@pytest.mark.parametrize(("tasks", "p"), [(5, None), (6, 1 / 64), (8, 1 / 256), (14, 2**-14), (15, 1 / 20_001)])
def test_smallest_p_is_that_of_all_tasks_won(tasks: int, p: float | None) -> None:
    assert power_of([3] * tasks).smallest_p == p
    assert p is None or adjusted_p([[1.0] * tasks]) == [p]


def test_fewer_than_six_tasks_find_nothing() -> None:
    assert power_of([10] * 5) == Power(5, None, None)
    assert power_of([]) == Power(0, None, None)
    assert chance_to_pass(0.9, [10] * 5) == 0.0


def test_what_no_gain_could_reach_is_not_named() -> None:
    assert power_of([1] * 6, variance=1.0).gain is None


def test_ten_points_need_about_three_times_the_tasks_of_seventeen() -> None:
    assert tasks_needed(0.175, [7] * 27) == 27
    assert tasks_needed(0.10, [7] * 27) == 79
    assert tasks_needed(0.9, [7]) == 6


def test_gain_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        tasks_needed(0.0, [7])
    with pytest.raises(ValueError, match="needs an item"):
        tasks_needed(0.1, [])


@given(st.integers(1, 12), st.floats(0.02, 0.9))
def test_tasks_needed_are_the_fewest_that_find_the_gain(items: int, gain: float) -> None:
    tasks = tasks_needed(gain, [items])
    enough, fewer = (power_of([items] * n).gain for n in (tasks, tasks - 1))
    assert enough is not None
    assert enough <= gain
    assert fewer is None or fewer > gain


@given(ITEMS)
def test_gain_found_has_the_chance_it_is_said_to_have_and_falls_with_more_tasks(items: list[int]) -> None:
    found, more = power_of(items).gain, power_of(items * 2).gain
    if found is not None:
        assert chance_to_pass(found, items) == pytest.approx(0.8)
        assert more is not None
        assert more < found


@given(ITEMS, st.floats(0, 0.9))
def test_larger_gains_and_more_tasks_pass_more_often(items: list[int], gain: float) -> None:
    chance = chance_to_pass(gain, items)
    assert 0 <= chance <= chance_to_pass(gain + 0.1, items) <= 1


def test_chance_is_what_simulated_searches_come_to() -> None:
    rng, sizes, passed = random.Random(0), [4] * 12, 0
    for _ in range(150):
        task = [rng.gauss(0, 1) for _ in sizes]
        sums = [
            [m * gain + (rng.gauss(0, 1) + t) * 0.987 for m, t in zip(sizes, task, strict=True)]
            for gain in (0.25, 0, 0)
        ]
        passed += adjusted_p(sums)[0] <= 0.08
    assert passed / 150 == pytest.approx(chance_to_pass(0.25, sizes, variance=0.3045), abs=0.12)
