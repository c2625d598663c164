"""Statistics: against brute force and tables, and what must hold for any numbers."""

import itertools
import math
import random
from statistics import mean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_reward.evaluation.statistics import Interval, _expanded_tail, interval_by_task, sign_flip_p, standard_error

AGREEMENT = st.sampled_from([0.0, 0.5, 1.0])
TASKS = st.dictionaries(st.text(max_size=2), st.lists(AGREEMENT, max_size=6), max_size=14)
SUMS = st.lists(st.integers(-6, 6).map(lambda halves: halves / 2), max_size=8)


@settings(max_examples=60)
@given(TASKS, st.integers(0, 5))
def test_interval_holds_the_mean_within_what_was_seen(values: dict[str, list[float]], seed: int) -> None:
    interval = interval_by_task(values, draws=200, seed=seed)
    every = [value for part in values.values() for value in part]
    if not every:
        assert interval is None
        return
    assert interval is not None
    assert interval.mean == pytest.approx(mean(every))
    if interval.low is not None:
        assert interval.high is not None
        assert min(every) <= interval.low <= interval.mean <= interval.high <= max(every)


def test_few_tasks_or_equal_values_carry_no_bounds() -> None:
    seven = {str(n): [n % 2, 1.0] for n in range(7)}
    assert interval_by_task(seven) == Interval(10 / 14, None, None)
    assert interval_by_task({**seven, "empty": []}) == Interval(10 / 14, None, None)
    assert interval_by_task({str(n): [1.0] for n in range(50)}) == Interval(1.0, None, None)


def test_interval_depends_on_the_seed_and_on_nothing_else() -> None:
    values = {str(n): [(n % 3) / 2, n % 2] for n in range(20)}
    turned = dict(reversed(values.items()))
    assert interval_by_task(values) == interval_by_task(turned)
    assert interval_by_task(values) != interval_by_task(values, seed=1)


def test_pairs_of_one_task_widen_the_interval() -> None:
    rng = random.Random(0)
    tasks = [rng.choice([0.0, 1.0]) for _ in range(40)]
    together = interval_by_task({str(n): [value] * 10 for n, value in enumerate(tasks)})
    apart = interval_by_task({f"{n}-{m}": [value] for n, value in enumerate(tasks) for m in range(10)})
    assert together is not None
    assert apart is not None
    assert together.high - together.low > 2.5 * (apart.high - apart.low)  # type: ignore[operator]


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(1)
    covered = 0
    for trial in range(150):
        chances = [rng.betavariate(3, 2) for _ in range(25)]
        values = {str(n): [float(rng.random() < p) for _ in range(4)] for n, p in enumerate(chances)}
        interval = interval_by_task(values, draws=300, seed=trial)
        assert interval is not None
        covered += interval.low <= 0.6 <= interval.high  # type: ignore[operator]
    assert 0.89 <= covered / 150 <= 0.99


@pytest.mark.parametrize(("tasks", "quantile"), [(8, 2.364624), (12, 2.200985), (30, 2.045230), (100, 1.984217)])
def test_few_tasks_widen_the_tails_as_students_quantile_does(tasks: int, quantile: float) -> None:
    wanted = math.erfc(quantile * math.sqrt(tasks / (tasks - 1)) / math.sqrt(2)) / 2
    assert _expanded_tail(tasks) == pytest.approx(wanted, rel=0.01)


@given(SUMS)
def test_sign_flip_p_is_the_share_of_all_sign_choices_that_reach_the_total(sums: list[float]) -> None:
    choices = list(itertools.product((1, -1), repeat=len(sums)))
    reached = sum(sum(s * v for s, v in zip(signs, sums, strict=True)) >= sum(sums) for signs in choices)
    assert sign_flip_p(sums) == reached / len(choices)


@given(SUMS)
def test_both_sides_of_a_sign_flip_test_overlap_in_the_observed_total(sums: list[float]) -> None:
    p, other = sign_flip_p(sums), sign_flip_p([-value for value in sums])
    assert 0 < p <= 1
    assert p + other >= 1
    assert sign_flip_p([*sums, 0.0]) == p


@pytest.mark.parametrize(
    ("sums", "p"),
    [([], 1.0), ([0.0] * 9, 1.0), ([1.0] * 12, 2**-12), ([0.5] * 4 + [-0.5], 6 / 32), ([-1.0] * 5, 1.0)],
)
def test_sign_flip_p_of_known_cases(sums: list[float], p: float) -> None:
    assert sign_flip_p(sums) == p


def test_two_thousand_tasks_are_exact_still() -> None:
    assert sign_flip_p([0.5] * 2000) == 2.0**-2000 == 0.0
    assert sign_flip_p([0.5, -0.5] * 1000) == pytest.approx(0.5, abs=0.01)


def test_standard_error_of_one_pair_a_task_is_that_of_a_mean() -> None:
    values = [0.0, 1.0, 0.5, -1.0, 1.0]
    error = standard_error({str(n): [value] for n, value in enumerate(values)})
    assert error == pytest.approx(stdev(values) / math.sqrt(5))


def test_standard_error_of_uneven_tasks_follows_the_ratio_estimator() -> None:
    # totals 3, 0 and 1 of sizes 3, 1 and 2: mean 2/3, deviations 1, -2/3 and -1/3
    error = standard_error({"a": [1, 1, 1], "b": [0], "c": [1, 0]})
    assert error == pytest.approx(math.sqrt(3 / 2 * (1 + 4 / 9 + 1 / 9)) / 6)


def test_standard_error_wants_two_tasks_that_have_pairs() -> None:
    assert standard_error({}) is None
    assert standard_error({"a": [1, 0], "b": []}) is None
    assert standard_error({"a": [1], "b": [1]}) == 0.0
