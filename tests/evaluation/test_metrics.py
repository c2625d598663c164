"""Metrics: ties count one half, failures lose, and no number hides another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.metrics import (
    Group,
    Metrics,
    PairOutcome,
    Tokens,
    differences,
    outcomes,
    preferences_of,
    summarize,
)
from meta_reward.evaluation.reward_stats import reward_stats
from meta_reward.trajectory import Pair

NO_REWARDS = reward_stats([], {})
PAIRS = [
    Pair("p1", "a", "a1", "a2", ("refusal",)),
    Pair("p2", "a", "a1", "a3", ("refusal", "amount")),
    Pair("p3", "b", "b1", "b2"),
    Pair("p4", "b", "b1", "b3", ("amount",)),
]
REWARD = st.none() | st.sampled_from([0.0, 50.0, 100.0])
REWARDS = st.fixed_dictionaries(dict.fromkeys(("a1", "a2", "a3", "b1", "b2", "b3"), REWARD))


def summarized(results: list[PairOutcome], tokens: Tokens | None = None) -> Metrics:
    told = preferences_of(results, rewards=NO_REWARDS)
    return summarize(results, examples=6, tokens=tokens or Tokens(), preferences=told)


def test_higher_reward_wins_equal_ones_tie_and_a_missing_one_loses() -> None:
    results = outcomes(PAIRS, {"a1": 60.0, "a2": 40.0, "a3": 60.0, "b1": 10.0, "b2": 30.0, "b3": None})
    assert [(r.id, r.margin, r.score) for r in results] == [
        ("p1", 20.0, 1.0),
        ("p2", 0.0, 0.5),
        ("p3", -20.0, 0.0),
        ("p4", None, 0.0),
    ]
    assert results[0] == PairOutcome("p1", "a", ("refusal",), "a1", "a2", 60.0, 40.0, 20.0, 1.0)
    assert outcomes(PAIRS[3:], {"b1": 10.0}) == results[3:]


def test_summary_tells_ties_failures_coverage_and_margin_apart() -> None:
    results = outcomes(PAIRS, {"a1": 60.0, "a2": 40.0, "a3": 60.0, "b1": 10.0, "b2": 30.0})
    metrics = summarized(results, Tokens(7, 100, 20, None))
    told = metrics.preferences
    assert (metrics.score, metrics.low, metrics.high, told.strict_agreement) == (0.375, None, None, 0.25)
    assert (metrics.items, told.ties, metrics.failures, metrics.coverage) == (4, 1, 1, 0.75)
    assert (told.mean_margin, metrics.examples) == (0.0, 6)
    assert (metrics.judge_calls, metrics.judge_tokens, metrics.cost_usd) == (7, 120, None)
    assert metrics.by_category == {"amount": Group(2, 0.25), "refusal": Group(2, 0.75)}
    assert metrics.by_task == {"a": Group(2, 0.75), "b": Group(2, 0.0)}


def test_candidate_that_fails_everywhere_has_no_margin_and_no_agreement() -> None:
    metrics = summarized(outcomes(PAIRS, {}))
    assert (metrics.score, metrics.coverage, metrics.preferences.mean_margin, metrics.failures) == (0.0, 0.0, None, 4)


def test_no_pairs_are_no_metrics() -> None:
    with pytest.raises(ValueError, match="no items to summarize"):
        summarized([])


@given(REWARDS)
def test_numbers_add_up_whatever_the_rewards(rewards: dict[str, float | None]) -> None:
    metrics = summarized(outcomes(PAIRS, rewards))
    assert metrics.score == metrics.preferences.strict_agreement + metrics.preferences.ties / 2 / metrics.items
    assert metrics.coverage == 1 - metrics.failures / metrics.items
    assert sum(g.items * g.score for g in metrics.by_task.values()) == metrics.items * metrics.score


@given(REWARDS)
def test_swapping_all_labels_mirrors_agreement_where_nothing_failed(rewards: dict[str, float | None]) -> None:
    turned = [Pair(p.id, p.task, p.other, p.preferred) for p in PAIRS]
    whole = {key: reward or 0.0 for key, reward in rewards.items()}
    assert [r.score for r in outcomes(turned, whole)] == [1 - r.score for r in outcomes(PAIRS, whole)]


@given(REWARDS, st.sampled_from(["a1", "b3"]))
def test_failing_on_a_trajectory_never_helps(rewards: dict[str, float | None], failed: str) -> None:
    before, after = (outcomes(PAIRS, r) for r in (rewards, {**rewards, failed: None}))
    assert all(b.score >= a.score for b, a in zip(before, after, strict=True))


def test_differences_are_taken_pair_by_pair_whatever_their_order() -> None:
    before, after = (
        [pair.outcome for pair in outcomes(PAIRS, rewards)]
        for rewards in (
            {"a1": 1.0, "a2": 2.0, "a3": 1.0, "b1": 2.0, "b2": 1.0, "b3": 1.0},
            {"a1": 2.0, "a2": 1.0, "a3": 1.0, "b1": 2.0, "b2": 3.0},
        )
    )
    assert differences(before, after[::-1]) == {"b": [-1.0, -1.0], "a": [0.5, 1.0]}


@pytest.mark.parametrize(("preferred", "other", "score"), [(50.0, 50.1, 0.0), (50.1, 50.0, 1.0), (0.0, 0.0, 0.5)])
def test_any_difference_however_small_decides_a_pair(preferred: float, other: float, score: float) -> None:
    (result,) = outcomes(PAIRS[:1], {"a1": preferred, "a2": other})
    assert result.score == score
