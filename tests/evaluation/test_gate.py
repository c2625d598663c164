"""The gate: who may challenge, and what replaces the incumbent."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.gate import ALPHA, Challenge, Contender, Decision, choose_challenger, decide, level_of

HALVES = st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])
DIFFERENCES = st.dictionaries(st.text(max_size=2), st.lists(HALVES, min_size=1, max_size=4), min_size=1, max_size=16)
CONTENDERS = st.lists(
    st.builds(
        Contender,
        st.from_regex("c[0-9]{4}", fullmatch=True),
        st.integers(0, 200).map(lambda n: n / 200),
        st.integers(0, 50),
    ),
    max_size=6,
    unique_by=lambda c: c.id,
)
INCUMBENT = Contender("c0001", 0.7, 1000)


def chosen(*candidates: tuple[str, float, int]) -> Challenge | None:
    return choose_challenger(INCUMBENT, [Contender(*c) for c in candidates])


def test_best_candidate_above_the_incumbent_challenges() -> None:
    assert chosen(("c0002", 0.71, 5), ("c0003", 0.9, 9000), ("c0004", 0.2, 1)) == Challenge("c0003", "better")


def test_ties_go_to_fewer_tokens_then_to_the_lower_id() -> None:
    assert chosen(("c0004", 0.8, 20), ("c0003", 0.8, 10), ("c0002", 0.8, 10)) == Challenge("c0002", "better")
    assert chosen(("c0002", 0.8, 20), ("c0003", 0.8, 10)) == Challenge("c0003", "better")
    assert chosen(("c0003", 0.7, 10), ("c0002", 0.699, 10)) == Challenge("c0002", "cheaper")


def test_without_a_better_one_the_cheapest_of_the_equals_challenges() -> None:
    assert chosen(("c0002", 0.7, 900), ("c0003", 0.696, 800), ("c0004", 0.6, 1)) == Challenge("c0003", "cheaper")


@pytest.mark.parametrize("candidate", [("c0002", 0.694, 1), ("c0002", 0.7, 901), ("c0002", 0.7, 1000)])
def test_worse_or_hardly_cheaper_candidates_do_not_challenge(candidate: tuple[str, float, int]) -> None:
    assert chosen(candidate) is None
    assert chosen() is None


@given(CONTENDERS, st.integers(0, 50))
def test_challenger_is_better_or_truly_cheaper(candidates: list[Contender], tokens: int) -> None:
    incumbent = Contender("c0000", 0.5, tokens)
    challenge = choose_challenger(incumbent, candidates)
    if challenge is None:
        assert not any(c.agreement > incumbent.agreement for c in candidates)
        return
    challenger = next(c for c in candidates if c.id == challenge.challenger)
    if challenge.ground == "better":
        assert challenger.agreement == max(c.agreement for c in candidates) > incumbent.agreement
    else:
        assert incumbent.agreement - 0.005 <= challenger.agreement <= incumbent.agreement
        assert challenger.judge_tokens < incumbent.judge_tokens


@given(CONTENDERS.flatmap(lambda cs: st.tuples(st.just(cs), st.permutations(cs))))
def test_choice_does_not_depend_on_the_order(orders: tuple[list[Contender], list[Contender]]) -> None:
    assert choose_challenger(INCUMBENT, orders[0]) == choose_challenger(INCUMBENT, orders[1])


def test_where_the_incumbent_asks_no_judge_nothing_is_cheaper() -> None:
    free = Contender("c0001", 0.7, 0)
    assert choose_challenger(free, [Contender("c0002", 0.7, 0)]) is None
    assert choose_challenger(free, [Contender("c0002", 0.71, 0)]) == Challenge("c0002", "better")


def test_levels_of_all_challenges_sum_to_alpha() -> None:
    assert level_of(8) * 9 == pytest.approx(ALPHA)
    assert level_of(0) == ALPHA


def twelve(*sums: float) -> dict[str, list[float]]:
    return {f"t{n:02d}": [value] for n, value in enumerate((*sums, *[0.0] * (12 - len(sums))))}


def test_challenger_that_passes_the_test_is_accepted() -> None:
    assert decide(twelve(*[1.0] * 7), ground="better", level=0.0111) == Decision(
        accepted=True,
        ground="better",
        difference=7 / 12,
        standard_error=pytest.approx(0.1486, abs=1e-4),  # type: ignore[arg-type]
        p_value=2**-7,
        level=0.0111,
        tasks=12,
        provisional=False,
    )


@pytest.mark.parametrize(
    ("sums", "ground", "accepted"),
    [
        ([1.0] * 6, "better", False),  # p = 1/64
        ([1.0] * 7, "better", True),
        ([1.0] * 10 + [-1.0] * 2, "better", False),
        ([], "better", False),
        ([], "cheaper", True),
        ([1.0], "cheaper", True),
        ([-0.5], "cheaper", False),
        ([-1.0, 1.0], "cheaper", True),
    ],
)
def test_better_must_be_proven_and_cheaper_must_not_be_worse(sums: list[float], ground: str, accepted: bool) -> None:
    assert decide(twelve(*sums), ground=ground, level=0.0111).accepted is accepted


def test_cheaper_one_that_loses_a_single_half_point_of_hundreds_is_refused() -> None:
    values = {f"t{n:02d}": [0.0] * 20 for n in range(12)} | {"t12": [-0.5]}
    assert decide(values, ground="cheaper", level=0.01).accepted is False


def test_few_tasks_accept_beyond_one_standard_error_and_say_that_this_is_no_test() -> None:
    clear = decide({"a": [1.0], "b": [0.5], "c": [0.0]}, ground="better", level=0.01)
    vague = decide({"a": [1.0], "b": [0.0], "c": [-0.5]}, ground="better", level=0.01)
    single = decide({"a": [1.0, 1.0]}, ground="better", level=0.01)
    assert [(d.accepted, d.p_value, d.provisional) for d in (clear, vague, single)] == [
        (True, None, True),
        (False, None, True),
        (False, None, True),
    ]


@given(DIFFERENCES, st.sampled_from(["better", "cheaper"]), st.floats(0.001, 0.1))
def test_no_challenger_that_is_worse_is_ever_accepted(
    differences: dict[str, list[float]], ground: str, level: float
) -> None:
    decision = decide(differences, ground=ground, level=level)
    assert decision.accepted is False or decision.difference > 0 or (ground == "cheaper" and decision.difference == 0)
    assert decision.tasks == len(differences)


@given(DIFFERENCES, st.floats(0.001, 0.1))
def test_stricter_level_accepts_no_more(differences: dict[str, list[float]], level: float) -> None:
    strict, lax = (decide(differences, ground="better", level=at) for at in (level / 2, level))
    assert lax.accepted or not strict.accepted


def test_noise_is_accepted_no_more_often_than_the_level_says() -> None:
    rng = random.Random(0)
    accepted = 0
    for _ in range(1000):
        values = {str(task): [rng.choice([-1.0, 0.0, 1.0]) for _ in range(3)] for task in range(15)}
        accepted += decide(values, ground="better", level=0.05).accepted
    assert accepted <= 65  # 50 expected at most, and three standard deviations are 21
