"""Statistics: against brute force and tables, and what must hold for any numbers."""

import random
from collections.abc import Callable
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_reward.evaluation.statistics import (
    FEW_TASKS,
    NO_SPREAD,
    Interval,
    _student_quantile,
    difference_interval,
    share_interval,
)

AGREEMENT = st.sampled_from([0.0, 0.5, 1.0])
TASKS = st.dictionaries(st.text(max_size=2), st.lists(AGREEMENT, max_size=6), max_size=14)
INTERVALS = [share_interval, difference_interval]
SUMS = st.lists(st.integers(-6, 6).map(lambda halves: halves / 2), max_size=8)


@settings(max_examples=60)
@given(TASKS)
def test_interval_holds_the_mean_within_what_may_be(values: dict[str, list[float]]) -> None:
    interval = share_interval(values)
    every = [value for part in values.values() for value in part]
    if not every:
        assert interval is None
        return
    assert interval is not None
    assert interval.mean == pytest.approx(mean(every))
    if interval.low is not None:
        assert interval.high is not None
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1


@pytest.mark.parametrize("interval", INTERVALS)
def test_few_tasks_or_no_spread_carry_no_bounds_and_it_says_which(interval: Callable[..., Interval | None]) -> None:
    seven = {str(n): [n % 2, 1.0] for n in range(7)}
    assert interval(seven) == Interval(10 / 14, None, None, FEW_TASKS)
    assert interval({**seven, "empty": []}) == Interval(10 / 14, None, None, FEW_TASKS)
    assert interval({str(n): [1.0] for n in range(50)}) == Interval(1.0, None, None, NO_SPREAD)
    assert interval({"empty": []}) is None


@pytest.mark.parametrize("interval", [share_interval, difference_interval])
def test_tasks_that_are_all_alike_show_no_spread_whatever_their_pairs(
    interval: Callable[..., Interval | None],
) -> None:
    assert interval({str(n): [1 / 3, 0.5, 0.1] for n in range(9)}) == Interval(
        pytest.approx(14 / 45),  # type: ignore[arg-type]
        None,
        None,
        NO_SPREAD,
    )


@pytest.mark.parametrize("interval", [share_interval, difference_interval])
def test_one_task_with_nearly_all_pairs_is_too_few_tasks(interval: Callable[..., Interval | None]) -> None:
    values = {"most": [1.0, 0.0] * 50} | {str(n): [n % 2] for n in range(11)}
    found = interval(values)
    assert found is not None
    assert found.no_bounds == FEW_TASKS


def test_student_got_this_interval_for_ten_sleepers() -> None:
    # extra hours of sleep, Cushny and Peebles (1905), in tens: 1.58 [0.70, 2.46] hours
    hours = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]
    found = difference_interval({str(n): [value / 10] for n, value in enumerate(hours)})
    assert found == Interval(*(pytest.approx(value, abs=1e-4) for value in (0.158, 0.0700, 0.2460)))  # type: ignore[arg-type]


def test_wilson_has_this_interval_for_six_hundred_of_a_thousand() -> None:
    found = share_interval({str(n): [float(n < 600)] for n in range(1000)})
    assert found == Interval(*(pytest.approx(value, abs=2e-4) for value in (0.6, 0.5693, 0.6299)))  # type: ignore[arg-type]


def test_share_near_one_has_a_lopsided_interval_inside_the_unit() -> None:
    found = share_interval({str(n): [1.0] * 3 + [float(n > 0)] for n in range(12)})
    assert found is not None
    assert 0 < found.low < found.mean < found.high < 1  # type: ignore[operator]
    assert found.mean - found.low > 2 * (found.high - found.mean)  # type: ignore[operator]


@given(TASKS)
def test_weights_of_two_are_pairs_that_stand_there_twice(values: dict[str, list[float]]) -> None:
    twice = {task: [v for v in part for _ in range(2)] for task, part in values.items()}
    doubled = {task: [2.0] * len(part) for task, part in values.items()}
    for interval in (share_interval, difference_interval):
        assert interval(values, doubled) == interval(twice) == interval(values)


@given(TASKS, st.sampled_from([share_interval, difference_interval]))
def test_interval_holds_the_mean_and_does_not_depend_on_the_order(
    values: dict[str, list[float]], interval: Callable[..., Interval | None]
) -> None:
    found, every = interval(values), [value for part in values.values() for value in part]
    assert interval({task: part[::-1] for task, part in reversed(values.items())}) == found
    if found is None:
        assert every == []
        return
    assert found.mean == pytest.approx(mean(every))
    assert (found.no_bounds is None) == (found.low is not None) == (found.high is not None)
    if found.low is not None:
        assert -1 <= found.low <= found.mean <= found.high <= 1  # type: ignore[operator]


@pytest.mark.parametrize("interval", [share_interval, difference_interval])
@pytest.mark.parametrize("sizes", [[4] * 10, [1, 2, 3, 6, 12] * 2])
def test_new_intervals_cover_the_truth_about_as_often_as_they_say(
    interval: Callable[..., Interval | None], sizes: list[int]
) -> None:
    rng, covered = random.Random(2), 0
    for _ in range(400):
        chances = [rng.betavariate(3, 2) for _ in sizes]
        values = {str(n): [float(rng.random() < chances[n]) for _ in range(m)] for n, m in enumerate(sizes)}
        found = interval(values)
        assert found is not None
        covered += found.low <= 0.6 <= found.high  # type: ignore[operator]
    assert 0.92 <= covered / 400 <= 0.98


def test_pairs_of_one_task_widen_the_interval() -> None:
    rng = random.Random(0)
    tasks = [rng.choice([0.0, 1.0]) for _ in range(40)]
    together = share_interval({str(n): [value] * 10 for n, value in enumerate(tasks)})
    apart = share_interval({f"{n}-{m}": [value] for n, value in enumerate(tasks) for m in range(10)})
    assert together is not None
    assert apart is not None
    assert together.high - together.low > 2.5 * (apart.high - apart.low)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(2, 4.302653), (3, 3.182446), (5, 2.570582), (7, 2.364624), (30, 2.042272), (1e9, 1.959964)],
)
def test_students_quantile_follows_the_table(freedom: float, quantile: float) -> None:
    assert _student_quantile(1.9599640, freedom) == pytest.approx(quantile, rel=0.01 if freedom < 3 else 0.002)
