"""What counts as a reward, and nothing else does."""

import math
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.harness import Reply, Reward
from meta_reward.harness.runtime import check_reward


@given(st.floats(0, 100) | st.integers(0, 100))
def test_number_from_0_to_100_is_a_reward(score: float) -> None:
    assert check_reward(score) == check_reward(Reward(score)) == Reward(float(score), "", {})


def test_reason_and_findings_are_kept() -> None:
    reward = check_reward(Reward(7, "because", MappingProxyType({"a": 1})))
    assert (reward, type(reward.score), type(reward.findings)) == (Reward(7.0, "because", {"a": 1}), float, dict)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, r"reward\(\) returned NoneType, not a Reward or a number"),
        ("90", r"reward\(\) returned str"),
        (True, r"reward\(\) returned bool"),
        (Reward(False), r"reward\(\) returned bool"),
        (math.nan, "score nan lies outside 0 to 100"),
        (math.inf, "score inf lies outside"),
        (-1e-9, "score -1e-09 lies outside"),
        (100.0000001, r"score 100\.0000001 lies outside"),
        (10**400, "score 1000000.* lies outside"),
        (Reward(5, reason=None), "reason is NoneType, not text"),  # type: ignore[arg-type]
        (Reward(5, findings=["a"]), "findings is list, not a mapping"),  # type: ignore[arg-type]
    ],
)
def test_anything_else_is_refused_by_name(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        check_reward(value)


def test_reply_reads_as_its_text() -> None:
    assert f"{Reply('90 of 100', stop_reason='length')}" == "90 of 100"
