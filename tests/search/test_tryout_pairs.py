"""Which pairs a draft is tried on."""

from collections import Counter

import pytest

from meta_reward.errors import ProposerError
from meta_reward.search.tryout.pairs import DEFAULT_ITEMS, MAX_ITEMS, choose_items, sample
from meta_reward.trajectory import Pair

KINDS = ("", "bias", "claim", "claim")
PAIRS = [
    Pair(f"t{task:02d}-p{n}", f"t{task:02d}", "a", "b", (KINDS[n],) if KINDS[n] else ())
    for task in range(20)
    for n in range(4)
]


def ids(pairs: list[Pair]) -> list[str]:
    return [pair.id for pair in pairs]


def test_sample_covers_categories_evenly_and_takes_each_task_once_if_it_can() -> None:
    chosen = choose_items(PAIRS, [], seed=0)
    assert Counter(pair.categories for pair in chosen) == {(): 4, ("bias",): 4, ("claim",): 4}
    assert len({pair.task for pair in chosen}) == len(chosen) == DEFAULT_ITEMS


def test_sample_is_the_same_for_the_same_seed_whatever_the_order() -> None:
    assert ids(sample(PAIRS, 9, seed=3)) == ids(sample(PAIRS[::-1], 9, seed=3)) != ids(sample(PAIRS, 9, seed=4))


def test_small_set_is_taken_whole() -> None:
    assert ids(sample(PAIRS[:5], 12, seed=0)) == ids(PAIRS[:5])
    assert sample([], 12, seed=0) == []


def test_names_are_pairs_tasks_or_categories() -> None:
    assert ids(choose_items(PAIRS, ["t03-p1"], seed=0)) == ["t03-p1"]
    assert ids(choose_items(PAIRS, ["t03", "t03-p1"], seed=0)) == ["t03-p0", "t03-p1", "t03-p2", "t03-p3"]
    assert {pair.categories for pair in choose_items(PAIRS, ["bias"], seed=0)} == {("bias",)}


def test_too_many_are_sampled() -> None:
    assert len(choose_items(PAIRS, [pair.task for pair in PAIRS], seed=0)) == MAX_ITEMS


def test_unknown_name_is_one_line_with_what_comes_close() -> None:
    with pytest.raises(
        ProposerError, match=r"no pair, task or category 'claims' in the search split: did you mean claim"
    ):
        choose_items(PAIRS, ["t03", "claims"], seed=0)
    with pytest.raises(ProposerError, match=r"'§' in the search split: there are bias, claim, t00, t00-p0, \.\.\."):
        choose_items(PAIRS, ["§"], seed=0)
