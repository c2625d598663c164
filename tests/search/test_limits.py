"""Limits: when one is reached, and which judge is refused without one."""

from typing import Any

import pytest

from meta_reward.errors import LimitReached, UsageError
from meta_reward.models.usage import Spent
from meta_reward.run.settings import Limits
from meta_reward.run.usage import spent_on_disk
from meta_reward.search.limits import limit_check, require_limit
from tests.conftest import WordJudge
from tests.models.conftest import FaultyJudge
from tests.search.conftest import World

LIMITS = Limits(max_calls=10, max_tokens=1000, max_usd=2.0, max_hours=1.0)


@pytest.mark.parametrize(
    ("spent", "minutes", "reached"),
    [
        (Spent(calls=9, tokens=999, cost_usd=1.99), 59, None),
        (Spent(calls=10), 0, "max-calls 10 of 10"),
        (Spent(calls=4, pending_calls=6), 0, "max-calls 10 of 10"),
        (Spent(tokens=600, pending_tokens=450), 0, "max-tokens 1050 of 1000, 450 of it expected of calls under way"),
        (Spent(cost_usd=1.5, pending_usd=0.5), 0, "max-usd 2 of 2, 0.5 of it expected of calls under way"),
        (Spent(), 61, "max-hours 1.0167 of 1"),
    ],
)
def test_limit_is_reached_when_what_was_used_and_what_is_under_way_add_up_to_it(
    spent: Spent, minutes: int, reached: str | None
) -> None:
    time = iter([0.0, 60.0 * minutes])
    check = limit_check(LIMITS, lambda: next(time))
    if reached is None:
        check(spent)
    else:
        with pytest.raises(LimitReached, match=f"limit reached: {reached}; raise it to go on"):
            check(spent)


def test_without_limits_nothing_is_reached() -> None:
    limit_check(Limits())(Spent(calls=10**9, tokens=10**12, cost_usd=1e6))


@pytest.mark.parametrize(
    ("price", "said", "refusal"),
    [
        (1.0, {}, "costs money, and no limit is set: set one with --max-usd 20, or lift it with --max-usd none"),
        (1.0, {"max_calls": 5}, "costs money, and no limit is set"),
        (1.0, {"max_usd": 20.0}, None),
        (1.0, {"max_usd": 0.0}, None),
        (0.0, {}, None),
        (None, {}, "is not known, and nothing limits what may be spent: limit it with --max-tokens N or --max-c"),
        (None, {"max_tokens": 5}, None),
        (None, {"max_calls": 5}, None),
        (None, {"max_usd": 0.0}, None),
        (None, {"max_usd": 20.0}, "so a limit in dollars cannot be enforced: limit it with --max-tokens N or --max-c"),
    ],
)
def test_judge_that_may_cost_money_is_refused_without_a_limit(
    price: float | None, said: dict[str, Any], refusal: str | None
) -> None:
    if refusal is None:
        require_limit(FaultyJudge(price=price), "openai:m", said)
    else:
        with pytest.raises(UsageError, match=refusal):
            require_limit(FaultyJudge(price=price), "openai:m", said)


def test_simulated_judge_needs_no_limit() -> None:
    require_limit(WordJudge(), "simulated", {})


def test_calls_that_no_result_counts_are_told_apart_from_those_that_are_on_record(world: World) -> None:
    world.create(limits={"iterations": 0, "max_calls": 15})
    stop = world.search()
    assert stop.reason.startswith("limit reached: max-calls 15")
    on_record = spent_on_disk(world.layout).calls
    assert on_record > 0
    assert on_record + stop.cut_off_calls == 15
    assert (stop.cut_off_tokens > 0) == (stop.cut_off_calls > 0)
