"""Groups of trajectories: read from a file, or made from labels, the same ones every time."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import DataError
from meta_reward.tasks.groups import GROUPS_PER_TASK, RankedGroup, groups_from_labels, groups_from_success, load_groups
from meta_reward.trajectory import Rollout
from tests.conftest import make_trajectory

RUN = make_trajectory()
LABELS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), max_size=12)


def rollouts_of(*success: int | None, task: str = "a") -> list[Rollout]:
    return [Rollout(f"{task}{n}", task, RUN, one) for n, one in enumerate(success)]


def test_success_and_failures_give_groups_of_one_success_and_otherwise_failures() -> None:
    assert groups_from_success(rollouts_of(0, 1, None, 0, 0)) == [
        RankedGroup("a-g1", "a", (("a1",), ("a0", "a3"))),
        RankedGroup("a-g2", "a", (("a1",), ("a0", "a4"))),
        RankedGroup("a-g3", "a", (("a1",), ("a3", "a4"))),
        RankedGroup("a-g4", "a", (("a1",), ("a0", "a3", "a4"))),
    ]


@given(LABELS, st.integers(0, 3))
def test_groups_from_labels_are_bounded_different_and_ordered_by_their_labels(values: list[float], seed: int) -> None:
    rollouts = rollouts_of(*[None] * len(values))
    labels = {rollout.id: value for rollout, value in zip(rollouts, values, strict=True)}
    groups = groups_from_labels(rollouts, labels, seed=seed)
    assert groups == groups_from_labels(rollouts, labels, seed=seed)
    assert len({group.id for group in groups}) == len({group.ranks for group in groups}) == len(groups)
    for group in groups:
        ranked = [{labels[id] for id in rank} for rank in group.ranks]
        assert all(len(level) == 1 for level in ranked)
        assert [level.pop() for level in ranked] == sorted({labels[id] for rank in group.ranks for id in rank})[::-1]
    for size in (3, 4):
        different = len(set(values)) >= size
        made = [group for group in groups if group.size == size]
        assert len(made) <= GROUPS_PER_TASK
        assert made or not different
        assert all(len(group.ranks) == (size if different else 2) for group in made)


@pytest.mark.parametrize(
    ("ranks", "chance"), [([1, 1], 1 / 2), ([1, 1, 1], 1 / 6), ([1, 1, 1, 1], 1 / 24), ([1, 2], 1 / 3), ([2, 2], 1 / 6)]
)
def test_chance_is_that_of_random_rewards(ranks: list[int], chance: float) -> None:
    group = RankedGroup("g", "t", tuple(tuple(f"{at}-{n}" for n in range(size)) for at, size in enumerate(ranks)))
    assert group.chance == pytest.approx(chance)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({"id": "g", "task": "a"}, "is not a group: it needs id, task, and ranks"),
        ({"id": "g", "task": "a", "ranks": ["a0", "a1"]}, "is not a group: it needs id, task, and ranks"),
        ({"id": "g", "task": "a", "ranks": [["a0"], ["a1"]]}, "a group of two goes into pairs.jsonl"),
        ({"id": "g", "task": "a", "ranks": [["a0", "a1", "a2"]]}, "in 1 ranks, not 3 to 10 in at least two"),
        ({"id": "g", "task": "a", "ranks": [["a0"], ["a1"], ["b0"]]}, "names trajectory 'b0', which task 'a' does not"),
        ({"id": "g", "task": "a", "ranks": [["a0"], ["a1", "a0"]]}, "names a trajectory twice"),
    ],
)
def test_line_that_is_no_group_is_named(tmp_path: Path, line: object, what: str) -> None:
    rollouts = {rollout.id: rollout for rollout in (*rollouts_of(1, 0, 0), *rollouts_of(1, task="b"))}
    good = {"id": "g0", "task": "a", "ranks": [["a0"], ["a1", "a2"]]}
    (tmp_path / "groups.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(line)}\n")
    with pytest.raises(DataError, match="line 2") as caught:
        load_groups(tmp_path, rollouts)
    assert what in str(caught.value)
