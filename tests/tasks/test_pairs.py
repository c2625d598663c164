"""Pairs from labels: a success against a failure of the same task, bounded and drawn alike every time."""

from hypothesis import given
from hypothesis import strategies as st

from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.trajectory import Pair, Rollout
from tests.conftest import make_trajectory

RUN = make_trajectory()
LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, None])), max_size=20)


def rollouts_of(labels: list[tuple[str, int | None]]) -> list[Rollout]:
    return [Rollout(f"r{n:02d}", task, RUN, success) for n, (task, success) in enumerate(labels)]


def test_every_success_meets_every_failure_of_its_task() -> None:
    rollouts = rollouts_of([("b", 1), ("a", 1), ("a", 0), ("a", None), ("a", 0), ("b", 1)])
    assert pairs_from_labels(rollouts, categories={"r04": ["refusal"]}) == [
        Pair("a-p1", "a", "r01", "r02"),
        Pair("a-p2", "a", "r01", "r04", ("refusal",)),
    ]


@given(LABELS, st.integers(1, 5), st.integers(0, 3))
def test_pairs_are_bounded_unique_and_prefer_success(
    labels: list[tuple[str, int | None]], most: int, seed: int
) -> None:
    rollouts = {rollout.id: rollout for rollout in rollouts_of(labels)}
    pairs = pairs_from_labels(rollouts.values(), per_task=most, seed=seed)
    every = pairs_from_labels(rollouts.values(), per_task=1000)
    assert len({(p.preferred, p.other) for p in pairs}) == len({p.id for p in pairs}) == len(pairs)
    assert all((rollouts[p.preferred].success, rollouts[p.other].success) == (1, 0) for p in pairs)
    assert all(rollouts[p.preferred].task == rollouts[p.other].task == p.task for p in pairs)
    for task in "abc":
        assert sum(p.task == task for p in pairs) == min(most, sum(p.task == task for p in every))


def test_seed_decides_which_pairs_are_drawn() -> None:
    rollouts = rollouts_of([("a", n % 2) for n in range(20)])
    drawn = [pairs_from_labels(rollouts, seed=seed) for seed in (0, 0, 1)]
    assert [len(pairs) for pairs in drawn] == [10, 10, 10]
    assert drawn[0] == drawn[1] != drawn[2]


def test_every_task_draws_for_itself() -> None:
    pairs = pairs_from_labels(rollouts_of([(task, n % 2) for task in "ab" for n in range(20)]))
    drawn = {
        task: [(int(p.preferred[1:]) % 20, int(p.other[1:]) % 20) for p in pairs if p.task == task] for task in "ab"
    }
    assert drawn["a"] != drawn["b"]


def test_drawing_in_one_task_does_not_depend_on_the_others() -> None:
    labels: list[tuple[str, int | None]] = [("b", n % 2) for n in range(20)]
    alone = pairs_from_labels(rollouts_of(labels))
    beside = pairs_from_labels([*rollouts_of(labels), Rollout("x", "a", RUN, 1), Rollout("y", "a", RUN, 0)])
    assert [pair for pair in beside if pair.task == "b"] == alone
