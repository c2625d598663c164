"""The decision that ends a search: who is tested, who passes, who is chosen."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.gate import (
    Candidate,
    Decision,
    Loss,
    Verdict,
    choose_finalists,
    decide,
    level_of_look,
    losses,
)
from meta_reward.evaluation.outcome import Outcome

VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def outcomes(prefix: str, values: Sequence[float], *, per_task: int = 1, weight: float = 1.0) -> list[Outcome]:
    return [
        Outcome(f"{prefix}{n:02d}", f"{prefix}-task{n // per_task:02d}", value, weight=weight)
        for n, value in enumerate(values)
    ]


def candidate(
    name: str, validation: Sequence[float] = (), *, search: Sequence[float] = (), tokens: int = 100, **more: Any
) -> Candidate:
    return Candidate(name, tokens, outcomes("s", search, **more), outcomes("v", validation, **more))


def decided(*finalists: Candidate, tasks: int = 8, **options: Any) -> Decision:
    """Against a baseline that gets nothing; a validation item a task, four search items."""
    return decide(candidate("c0001", [0.0] * tasks, search=[0.0] * 4), finalists, **options)


def test_finalist_that_passes_replaces_the_baseline() -> None:
    decision = decided(candidate("c0002", [1.0] * 6, search=[1.0, 0.0, 1.0, 1.0]))
    assert decision == Decision(
        chosen="c0002",
        baseline="c0001",
        untested=None,
        look=1,
        level=0.08,
        finalists=(Verdict("c0002", difference=0.75, p=2**-6, level=0.08, tasks=6, passed=True, mean=0.75),),
    )


def test_nobody_passes_and_the_baseline_stays() -> None:
    decision = decided(candidate("c0002", [0.0, 1.0, 0.0, 1.0]), candidate("c0003", [1.0, 0.0, 1.0, 0.0] * 2))
    assert (decision.chosen, [v.passed for v in decision.finalists]) == ("c0001", [False, False])


def test_without_finalists_the_baseline_stays() -> None:
    assert decided() == Decision("c0001", "c0001", None, 1, 0.08, ())


def test_fewer_than_six_tasks_with_a_difference_are_no_test_and_the_best_is_named_untested() -> None:
    decision = decided(
        candidate("c0002", [1.0] * 5, search=[1.0, 0.0, 0.0, 0.0]),
        candidate("c0003", [1.0] * 4, search=[1.0, 1.0, 1.0, 1.0]),
    )
    assert (decision.chosen, decision.untested) == ("c0001", "c0003")
    assert [(v.p, v.tasks, v.passed) for v in decision.finalists] == [(None, 5, False), (None, 4, False)]


def test_what_is_no_better_than_the_baseline_on_both_splits_is_not_named_untested() -> None:
    baseline = candidate("c0001", [0.5] * 8, search=[0.5] * 4)
    worse = candidate("c0002", [0.0] * 4 + [0.5] * 4, search=[1.0, 1.0, 0.5, 0.5])
    assert decide(baseline, [worse]).untested is None


def test_where_the_best_was_tested_in_vain_nothing_is_named_untested() -> None:
    decision = decided(candidate("c0002", [1.0] * 7 + [0.0]), candidate("c0003", [1.0] * 3), look=3)
    assert [(v.p, v.passed) for v in decision.finalists] == [(2**-7, False), (None, False)]
    assert (decision.chosen, decision.untested) == ("c0001", None)


def test_task_whose_differences_cancel_out_is_no_task_with_a_difference() -> None:
    thirds = {"per_task": 2, "weight": 1 / 3}
    baseline = candidate("c0001", [0.1, 0.3] * 7, **thirds)
    decision = decide(baseline, [candidate("c0002", [0.3, 0.1] + [1.0, 1.0] * 6, **thirds)])
    assert [(v.tasks, v.p) for v in decision.finalists] == [(6, 2**-6)]


def test_missing_items_count_as_zero() -> None:
    whole = candidate("c0002", [1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    missing = replace(whole, validation=[outcome for outcome in whole.validation if outcome.value])
    assert decided(missing) == decided(whole)


def test_best_on_both_splits_is_chosen_among_those_that_passed() -> None:
    on_validation = candidate("c0002", [1.0] * 8, search=[0.0] * 4)
    on_both = candidate("c0003", [1.0] * 7 + [0.0], search=[1.0] * 4)
    not_passed = candidate("c0004", [1.0] * 5, search=[1.0] * 4)
    assert decided(on_validation, on_both, not_passed).chosen == "c0003"


def test_where_splits_are_scored_differently_validation_alone_chooses() -> None:
    finalists = [candidate("c0002", [1.0] * 8), candidate("c0003", [1.0] * 7, search=[1.0] * 4)]
    decision = decided(*finalists, scored_alike=False)
    assert (decision.chosen, [v.mean for v in decision.finalists]) == ("c0002", [1.0, 0.875])


def test_ties_go_to_the_cheaper_then_to_the_lower_id() -> None:
    all_won = [1.0] * 8
    cheap, dear = candidate("c0004", all_won, tokens=50), candidate("c0002", all_won, tokens=90)
    assert decided(dear, cheap, candidate("c0003", all_won, tokens=50)).chosen == "c0003"
    assert decided(dear, cheap).chosen == "c0004"


def test_what_has_passed_stays_passed_and_is_tested_again_with_the_new_ones() -> None:
    old, new = candidate("c0002", [1.0] * 6), candidate("c0003", [1.0] * 8)
    decision = decided(old, new, look=2, passed={"c0002"})
    assert [(v.id, v.p, v.passed) for v in decision.finalists] == [("c0002", 4 / 256, True), ("c0003", 1 / 256, True)]
    assert decision.chosen == "c0003"
    assert decided(old, new, look=4, passed={"c0002"}).chosen == "c0002"


def test_levels_of_all_looks_together_stay_under_a_tenth() -> None:
    assert [level_of_look(look) for look in range(1, 6)] == [0.08, 0.01, 0.005, 0.0025, 0.00125]
    assert sum(level_of_look(look) for look in range(1, 40)) < 0.10 + 1e-12
    with pytest.raises(ValueError, match="counted from 1"):
        level_of_look(0)


def test_weights_decide_the_difference_and_the_test() -> None:
    winner = candidate("c0002", [1.0] * 7 + [0.0])
    light = candidate("c0001", [0.0] * 7 + [1.0])
    baseline = replace(light, validation=[*light.validation[:7], replace(light.validation[7], weight=3.0)])
    (verdict,) = decide(baseline, [winner]).finalists
    assert verdict.difference == 0.4
    # 4 of 10 is reached by the winner's flip itself, by all plus, and by heavy plus with up to three lost
    assert verdict.p == (1 + 1 + 7 + 21 + 35) / 256


@pytest.mark.parametrize(
    ("finalists", "options", "message"),
    [
        ([candidate("c0001", [1.0])], {}, "must differ: c0001, c0001"),
        ([candidate("c0002", [1.5])], {}, "item v00 under c0002 is 1.5, not in"),
        ([candidate("c0002", [float("nan")])], {}, "is nan, not in"),
        ([candidate("c0002", [1.0])], {"passed": {"c0003"}}, "is not a finalist now: c0003"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(
    finalists: list[Candidate], options: Mapping[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        decided(*finalists, **options)


def test_weight_that_is_no_positive_number_is_refused() -> None:
    with pytest.raises(ValueError, match="weight of item v00"):
        decide(candidate("c0001", [1.0], weight=0.0), [])


BASELINE = candidate("c0001", search=[1.0, 0.0, 0.0, 0.0])


def finalists_of(*candidates: Candidate, **options: int) -> list[str]:
    return [c.id for c in choose_finalists(BASELINE, candidates, **options)]


def test_finalists_are_the_three_best_on_search_above_the_baseline() -> None:
    wins = {"c0002": 2, "c0003": 1, "c0004": 4, "c0005": 3, "c0006": 0}
    assert finalists_of(*(candidate(n, search=[1.0] * w + [0.0] * (4 - w)) for n, w in wins.items())) == [
        "c0004",
        "c0005",
        "c0002",
    ]
    assert finalists_of(BASELINE, candidate("c0003", search=[0.0, 1.0, 0.0, 0.0])) == []


def test_one_finalist_for_each_distinct_vector_of_outcomes_the_cheapest() -> None:
    same = [candidate(f"c000{n}", search=[1.0, 1.0, 0.0, 0.0], tokens=tokens) for n, tokens in ((2, 9), (3, 5), (4, 5))]
    other = candidate("c0005", search=[1.0, 0.0, 1.0], tokens=7)
    assert finalists_of(*same, other) == ["c0003", "c0005"]
    assert finalists_of(*same, other, count=1) == ["c0003"]


def test_losses_are_named_by_task_or_category_worst_first() -> None:
    before = [
        Outcome("a", "t1", 1.0, ("x",)),
        Outcome("b", "t1", 1.0, ("x", "y")),
        Outcome("c", "t2", 1.0, ("y",)),
        Outcome("d", "t3", 0.0),
    ]
    after = [Outcome("a", "t1", 0.5), Outcome("c", "t2", 0.5), Outcome("d", "t3", 1.0)]
    assert losses(before, after) == [Loss("t1", -0.75, 2), Loss("t2", -0.5, 1)]
    assert losses(before, after, lambda item: item.categories) == [Loss("x", -0.75, 2), Loss("y", -0.75, 2)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Candidate, list[Candidate]]:
    """A baseline and finalists, of which some items may be missing."""
    sizes = draw(st.integers(1, 6)), draw(st.integers(1, 18))

    def scored(number: int, least: float) -> Candidate:
        lists = (st.lists(VALUES, min_size=int(least * size), max_size=size) for size in sizes)
        search, validation = map(draw, lists)
        tokens = draw(st.integers(0, 2))
        return candidate(f"c{number:04d}", validation, search=search, tokens=tokens, per_task=2)

    return scored(1, 1), [scored(number, 0) for number in range(2, 2 + draw(st.integers(0, 3)))]


@given(cases(), st.randoms(use_true_random=False))
def test_decision_does_not_depend_on_the_order_of_items_or_finalists(
    case: tuple[Candidate, list[Candidate]], rng: random.Random
) -> None:
    baseline, finalists = case
    search, validation = (rng.sample(part, len(part)) for part in (baseline.search, baseline.validation))
    turned = decide(replace(baseline, search=search, validation=validation), finalists[::-1])
    assert replace(turned, finalists=turned.finalists[::-1]) == decide(baseline, finalists)


@given(cases(), st.sampled_from([0.001, 0.3, 7.0]))
def test_scale_of_the_weights_does_not_matter(case: tuple[Candidate, list[Candidate]], scale: float) -> None:
    baseline, finalists = case
    search, validation = ([replace(o, weight=scale) for o in part] for part in (baseline.search, baseline.validation))
    scaled = replace(baseline, search=search, validation=validation)
    assert decide(scaled, finalists) == decide(baseline, finalists)


@given(cases(), st.integers(1, 5))
def test_chosen_has_passed_or_is_the_baseline_and_a_stricter_look_passes_no_more(
    case: tuple[Candidate, list[Candidate]], look: int
) -> None:
    now, later = (decide(*case, look=at) for at in (look, look + 1))
    passed = {v.id for v in now.finalists if v.passed}
    assert now.chosen in (passed or {"c0001"})
    assert {v.id for v in later.finalists if v.passed} <= passed
    assert all(v.p is None or 0 < v.p <= 1 for v in now.finalists)
    assert all((v.p is None) == (v.tasks < 6) for v in now.finalists)
    assert all(v.difference > 0 for v in now.finalists if v.passed)
    assert now.untested is None or (now.chosen == "c0001" and passed == set())
