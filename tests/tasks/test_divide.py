"""Splits: by task, complete, and the same wherever they are made."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.tasks.divide import SPLITS, SplitShares, check_splits, divide

TASKS = st.lists(st.text(max_size=4), min_size=3, max_size=40, unique=True)
SHARES = st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50)).map(
    lambda parts: SplitShares(parts[0] / sum(parts), parts[1] / sum(parts), parts[2] / sum(parts))
)


@given(TASKS, SHARES)
def test_every_task_is_in_one_split_and_none_is_empty(tasks: list[str], shares: SplitShares) -> None:
    splits = divide("desk", tasks, shares)
    assert tuple(splits) == SPLITS
    assert sorted(task for part in splits.values() for task in part) == sorted(tasks)
    assert all(part and list(part) == sorted(part) for part in splits.values())
    check_splits(splits, tasks)


@given(TASKS.flatmap(lambda tasks: st.tuples(st.just(tasks), st.permutations(tasks))))
def test_division_does_not_depend_on_the_order_of_the_tasks(orders: tuple[list[str], list[str]]) -> None:
    assert divide("desk", orders[0]) == divide("desk", orders[1])


@pytest.mark.parametrize(
    ("tasks", "sizes"), [(3, [1, 1, 1]), (5, [1, 2, 2]), (10, [4, 3, 3]), (14, [6, 4, 4]), (90, [36, 27, 27])]
)
def test_shares_are_40_30_30(tasks: int, sizes: list[int]) -> None:
    assert [len(part) for part in divide("desk", [f"t{n}" for n in range(tasks)]).values()] == sizes


def test_division_stays_as_it_is_from_version_to_version() -> None:
    assert divide("desk", [f"t{n}" for n in range(6)]) == {
        "search": ("t1", "t2"),
        "validation": ("t0", "t5"),
        "test": ("t3", "t4"),
    }


def test_name_and_seed_each_give_another_division() -> None:
    tasks = [f"t{n}" for n in range(20)]
    made = [divide("desk", tasks), divide("shop", tasks), divide("desk", tasks, SplitShares(seed=1))]
    assert all(made.count(one) == 1 for one in made)


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5, 0.0), (0.5, 0.3, 0.3), (-0.2, 0.6, 0.6), (math.nan, 0.5, 0.5), (math.inf, 1, 1)]
)
def test_shares_that_are_no_shares_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="are not three positive numbers that sum to 1"):
        divide("desk", ["a", "b", "c"], SplitShares(*shares))


def test_two_tasks_are_too_few() -> None:
    with pytest.raises(ValueError, match=r"too few tasks to divide into three splits: 2, at least 3 are needed"):
        divide("desk", ["a", "b"])


def test_splits_that_share_a_task_or_hold_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="task 'a' is in search and in test"):
        check_splits({"search": ["a"], "test": ["a"]}, ["a"])
    with pytest.raises(ValueError, match="no task of split test has pairs"):
        check_splits({"search": ["a"], "test": ["b"]}, ["a"])
