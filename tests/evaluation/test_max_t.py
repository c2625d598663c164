"""The joint sign-flip test: against brute force, and what must hold for any numbers."""

import itertools
import math
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.old_gate import sign_flip_p
from meta_reward.evaluation.max_t import EXACT_TASKS, adjusted_p

TOTALS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 3.0])
ROWS = st.integers(1, 7).flatmap(
    lambda tasks: st.lists(st.lists(TOTALS, min_size=tasks, max_size=tasks), min_size=1, max_size=3)
)


def by_brute_force(sums: list[list[float]]) -> list[float]:
    """Straight from the definition: T under every choice of signs, the largest against each observed T."""

    def t_of(row: list[float]) -> float:
        root = math.sqrt(sum(value**2 for value in row))
        return sum(row) / root if root else 0.0

    flips = itertools.product((1, -1), repeat=len(sums[0]))
    largest = [max(t_of([s * v for s, v in zip(signs, row, strict=True)]) for row in sums) for signs in flips]
    return [sum(value >= t_of(row) - 1e-9 for value in largest) / len(largest) for row in sums]


@given(ROWS)
def test_adjusted_p_is_the_share_of_all_flips_whose_largest_t_reaches_the_observed(sums: list[list[float]]) -> None:
    assert adjusted_p(sums) == by_brute_force(sums)


@given(st.lists(TOTALS, min_size=1, max_size=10))
def test_a_single_candidate_has_the_p_of_the_plain_sign_flip_test(row: list[float]) -> None:
    assert adjusted_p([row]) == [sign_flip_p(row)]


@given(ROWS)
def test_adjusted_p_is_at_least_the_plain_one_and_at_most_the_sum_of_all(sums: list[list[float]]) -> None:
    plain = [adjusted_p([row])[0] for row in sums]
    for alone, joint in zip(plain, adjusted_p(sums), strict=True):
        assert 0 < alone <= joint <= 1


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_candidates_and_tasks_does_not_matter(sums: list[list[float]], rng: random.Random) -> None:
    rows, columns = list(range(len(sums))), list(range(len(sums[0])))
    rng.shuffle(rows)
    rng.shuffle(columns)
    shuffled = adjusted_p([[sums[row][column] for column in columns] for row in rows])
    assert shuffled == [adjusted_p(sums)[row] for row in rows]


@given(ROWS, st.floats(0.001, 1000))
def test_scale_of_the_totals_does_not_matter(sums: list[list[float]], scale: float) -> None:
    assert adjusted_p([[scale * value for value in row] for row in sums]) == adjusted_p(sums)


@given(ROWS)
def test_a_larger_t_never_has_a_larger_p(sums: list[list[float]]) -> None:
    t_values = [sum(row) / (math.hypot(*row) or 1.0) for row in sums]
    found = sorted(zip(t_values, adjusted_p(sums), strict=True), reverse=True)
    for (t, p), (lower_t, larger_p) in itertools.pairwise(found):
        assert p <= larger_p or t - lower_t < 1e-9


@pytest.mark.parametrize(
    ("sums", "p"),
    [
        ([], []),
        ([[0.0] * 9], [1.0]),
        ([[1.0] * 12], [2**-12]),
        ([[1.0] * 6 + [0.0] * 30], [2**-6]),
        ([[1.0] * 6, [1.0] * 6, [0.0] * 6], [2**-6, 2**-6, 1.0]),
        ([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]], [15 / 64, 15 / 64]),
        ([[1.0] * 14], [2**-14]),
        ([[1.0] * 16], [1 / 20_001]),
    ],
)
def test_adjusted_p_of_known_cases(sums: list[list[float]], p: list[float]) -> None:
    assert adjusted_p(sums, seed=3) == p


def test_ties_count_in_full_where_thirds_do_not_add_up_exactly() -> None:
    thirds = [1 / 3, 1 / 3, 1 / 3, 0.1, 0.2, 0.3, -0.6, 1 / 3]
    whole = [10.0, 10.0, 10.0, 3.0, 6.0, 9.0, -18.0, 10.0]
    assert adjusted_p([thirds]) == [sign_flip_p([value / 2 for value in whole])]


def test_random_draws_come_close_to_the_exact_p_and_depend_on_the_seed_alone() -> None:
    rng = random.Random(5)
    row = [rng.choice([-1.0, 0.5, 1.0, 1.5]) for _ in range(40)]
    drawn = adjusted_p([row])[0]
    assert len(row) > EXACT_TASKS
    assert drawn == pytest.approx(sign_flip_p(row), abs=4 * math.sqrt(drawn / 20_000))
    assert adjusted_p([row]) == [drawn]
    assert adjusted_p([row], seed=1) != [drawn]


def test_many_tasks_take_well_under_a_second() -> None:
    rng = random.Random(0)
    sums = [[rng.gauss(0.1, 1) for _ in range(50)] for _ in range(3)]
    start = time.process_time()
    adjusted_p(sums)
    adjusted_p([row[:EXACT_TASKS] for row in sums])
    assert time.process_time() - start < 1
