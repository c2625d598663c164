"""Prices: from the tables or the user's own; what is not known is None, never zero."""

import pytest

from meta_reward.completion import Usage
from meta_reward.models.registry import make_backend

MILLION = 1_000_000


def test_each_kind_of_token_has_its_own_rate() -> None:
    judge = make_backend("anthropic:claude-haiku-4-5", {})
    fresh, read = judge.cost_usd(Usage(MILLION, 0)), judge.cost_usd(Usage(MILLION, 0, cache_read_tokens=MILLION))
    written, out = judge.cost_usd(Usage(MILLION, 0, cache_write_tokens=MILLION)), judge.cost_usd(Usage(0, MILLION))
    assert (fresh, read, written, out) == pytest.approx((1.0, 0.1, 1.25, 5.0))


@pytest.mark.parametrize(
    "spec",
    [
        "openai:no-such-model",
        "openai:gpt-5.5@http://localhost:8000/v1",
        "anthropic:claude-haiku-4-5@http://127.0.0.1:1",
        "anthropic:no-such-model",
    ],
)
def test_price_that_is_not_known_is_none(spec: str) -> None:
    assert make_backend(spec, {}).cost_usd(Usage(MILLION, MILLION)) is None


def test_known_address_has_the_prices_of_who_sells_there() -> None:
    cost = make_backend("openai:anthropic/claude-haiku-4.5@https://openrouter.ai/api/v1", {}).cost_usd(
        Usage(MILLION, 0)
    )
    assert cost is not None
    assert cost > 0


def test_own_prices_win_and_cached_tokens_have_theirs() -> None:
    prices = {"price_input": 2.0, "price_output": 4, "price_cached": 0.5}
    judge = make_backend("openai:m@http://localhost:8000/v1", prices)
    assert judge.cost_usd(Usage(3 * MILLION, MILLION, cache_read_tokens=MILLION)) == pytest.approx(8.5)
    assert make_backend("anthropic:claude-haiku-4-5", {**prices, "price_input": 0}).cost_usd(Usage(MILLION, 0)) == 0.0


def test_subscription_counts_at_list_price() -> None:
    usage = Usage(MILLION, MILLION)
    judges = [make_backend(f"{kind}:claude-haiku-4-5", {}) for kind in ("anthropic", "claude-code")]
    assert judges[0].cost_usd(usage) == judges[1].cost_usd(usage) == pytest.approx(6.0)


def test_window_is_that_of_the_model_or_as_the_settings_say_or_not_known() -> None:
    assert make_backend("anthropic:claude-haiku-4-5", {}).window_tokens == 200_000
    assert make_backend("claude-code:claude-haiku-4-5", {}).window_tokens == 200_000
    assert make_backend("openai:gpt-4o", {}).window_tokens == 128_000
    assert make_backend("openai:gpt-4o", {"window_tokens": 9000}).window_tokens == 9000
    assert make_backend("openai:m@http://localhost:8000/v1", {}).window_tokens is None
