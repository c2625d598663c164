"""Which failure is worth another try, and how long it is waited for."""

import pytest

from meta_reward.errors import JudgeTransient, JudgeUnavailable
from meta_reward.models.retry import RetryPolicy

RETRIES = RetryPolicy(again=5, first_s=1.0, longest_s=6.0, retry_after_s=60.0)


def test_wait_is_drawn_below_a_bound_that_doubles_up_to_a_cap() -> None:
    failure = JudgeTransient("overloaded")
    assert [RETRIES.wait_s(failure, tries=n, chance=1.0) for n in (1, 2, 3, 4, 5)] == [1, 2, 4, 6, 6]
    assert [RETRIES.wait_s(failure, tries=n, chance=0.25) for n in (1, 2, 3)] == [0.25, 0.5, 1]
    assert RETRIES.wait_s(failure, tries=5, chance=0.0) == 0


@pytest.mark.parametrize(("asked", "chance", "wait"), [(30.0, 0.0, 30.0), (30.0, 0.5, 30.5), (60.0, 0.0, 60.0)])
def test_wait_that_the_endpoint_asks_for_is_obeyed(asked: float, chance: float, wait: float) -> None:
    assert RETRIES.wait_s(JudgeTransient("busy", retry_after_s=asked), tries=1, chance=chance) == wait


def test_wait_beyond_the_bound_is_an_outage_that_says_how_long() -> None:
    with pytest.raises(JudgeUnavailable, match=r"asks to wait 3600 s, more than the 60 s of judge\.retry_after_s"):
        RETRIES.wait_s(JudgeTransient("busy", retry_after_s=3600), tries=1, chance=0.0)


def test_failure_beyond_all_retries_is_an_outage_that_names_the_last_one() -> None:
    with pytest.raises(JudgeUnavailable, match="failed 6 times in a row, at last with: HTTP 503"):
        RETRIES.wait_s(JudgeTransient("HTTP 503"), tries=6, chance=0.0)
