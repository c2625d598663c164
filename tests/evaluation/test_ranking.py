"""Groups: one counts when all its pairs are ordered right, and a tie or a missing reward is not right."""

import random

import pytest

from meta_reward.evaluation.ranking import GroupScore, group_scores
from meta_reward.tasks.groups import RankedGroup

STRICT = RankedGroup("g1", "a", (("x",), ("y",), ("z",)))
ONE_GOOD = RankedGroup("g2", "b", (("x",), ("y", "z")))


@pytest.mark.parametrize(
    ("rewards", "strict", "one_good"),
    [
        ({"x": 3.0, "y": 2.0, "z": 1.0}, 1.0, 1.0),
        ({"x": 3.0, "y": 1.0, "z": 2.0}, 0.0, 1.0),
        ({"x": 3.0, "y": 1.0, "z": 1.0}, 0.0, 1.0),
        ({"x": 3.0, "y": 3.0, "z": 1.0}, 0.0, 0.0),
        ({"x": 3.0, "y": 2.0, "z": None}, 0.0, 0.0),
        ({"x": 3.0, "y": 2.0}, 0.0, 0.0),
    ],
)
def test_group_counts_when_all_its_pairs_are_ordered_right(
    rewards: dict[str, float | None], strict: float, one_good: float
) -> None:
    assert [group_scores([group], rewards)[0].right for group in (STRICT, ONE_GOOD)] == [strict, one_good]


def test_groups_are_told_by_size_with_the_mean_of_their_chances() -> None:
    pair = RankedGroup("p1", "a", (("x",), ("y",)))
    assert group_scores([STRICT, ONE_GOOD, pair], {"x": 3.0, "y": 1.0, "z": 2.0}) == [
        GroupScore(2, 1, 1.0, None, None, "few tasks", 1 / 2),
        GroupScore(3, 2, 0.5, None, None, "few tasks", (1 / 6 + 1 / 3) / 2),
    ]


def test_random_rewards_reach_the_chance_that_is_told() -> None:
    draw = random.Random(0)
    ids = [f"r{n}" for n in range(4)]
    for group in (
        RankedGroup("g", "t", tuple((id,) for id in ids)),
        RankedGroup("g", "t", ((ids[0],), tuple(ids[1:]))),
    ):
        shares = [group_scores([group], {id: draw.random() for id in ids})[0].right for _ in range(4_000)]
        assert sum(shares) / len(shares) == pytest.approx(group.chance, abs=0.02)
