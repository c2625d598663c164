"""Noise: what repeats of the same harness on the same trajectories say of the judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.evaluation.noise import Noise, noise_of
from meta_reward.trajectory import Pair

PAIRS = [Pair("p1", "t1", "a", "b"), Pair("p2", "t1", "a", "c")]
scores = st.none() | st.sampled_from([0.0, 10.0, 50.0, 100.0])


def test_spread_of_scores_and_flips_of_pairs() -> None:
    repeats = [{"a": 60.0, "b": 40.0, "c": 60.0}, {"a": 60.0, "b": 70.0, "c": 60.0}, {"a": 60.0, "b": 40.0, "c": None}]
    assert noise_of(repeats, PAIRS) == Noise(
        repeats=3,
        trajectories=3,
        pairs=2,
        failures=1,
        agreement=[0.75, 0.25, 0.5],
        agreement_sd=0.25,
        score_sd_mean=pytest.approx(8.6602540378),  # type: ignore[arg-type]
        score_sd_max=pytest.approx(17.3205080757),  # type: ignore[arg-type]
        score_range_max=30.0,
        unchanged=0.5,
        flips=1.0,
        disagreement=pytest.approx(2 / 3),  # type: ignore[arg-type]
    )


@given(st.fixed_dictionaries({"a": scores, "b": scores, "c": scores}), st.integers(2, 5))
def test_judge_that_repeats_itself_has_no_noise(rewards: dict[str, float | None], repeats: int) -> None:
    noise = noise_of([rewards] * repeats, PAIRS)
    assert (noise.flips, noise.disagreement, noise.score_sd_max, noise.agreement_sd) == (0, 0, 0, 0)
    assert noise.unchanged == (1.0 if any(score is not None for score in rewards.values()) else 0.0)


@given(st.lists(st.fixed_dictionaries({"a": scores, "b": scores, "c": scores}), min_size=2, max_size=6))
def test_shares_are_shares_and_no_repeat_is_special(repeats: list[dict[str, float | None]]) -> None:
    noise, turned = noise_of(repeats, PAIRS), noise_of(repeats[::-1], PAIRS)
    assert all(0 <= share <= 1 for share in (noise.unchanged, noise.flips, noise.disagreement, *noise.agreement))
    assert noise.disagreement <= noise.flips
    assert (noise.flips, noise.score_range_max) == (turned.flips, turned.score_range_max)


def test_one_repeat_says_nothing() -> None:
    with pytest.raises(ValueError, match="at least two repeats"):
        noise_of([{"a": 1.0, "b": 2.0, "c": 3.0}], PAIRS)
