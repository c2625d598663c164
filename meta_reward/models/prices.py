"""A model's prices and context window: from the user's settings, else from genai-prices.

An unknown price is None, never zero. Cached tokens have their own rate.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from meta_reward.completion import Usage
from meta_reward.models.settings import ModelSettings

if TYPE_CHECKING:
    from genai_prices import Usage as Tokens
    from genai_prices.types import PriceCalculation


@dataclass(frozen=True, slots=True)
class PriceKey:
    """A model and who sells it."""

    provider: str
    """The provider's name in genai-prices, "" if only the address is known."""
    model: str
    address: str = ""


def cost_usd(usage: Usage, price_key: PriceKey, settings: ModelSettings) -> float | None:
    """US dollars for a completion, None if the price is not known."""
    if settings.price_input is not None and settings.price_output is not None:
        return _own_price(usage, settings)
    if not _is_known(price_key):
        return None
    from genai_prices import Usage as Tokens

    tokens = Tokens(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    try:
        return float(_calculate(tokens, price_key).total_price)
    except (LookupError, ValueError):
        return None


def window_tokens(price_key: PriceKey, settings: ModelSettings) -> int | None:
    """How many tokens a request and its reply may have together, None if that is not known."""
    if settings.window_tokens is not None or not _is_known(price_key):
        return settings.window_tokens
    from genai_prices.data_snapshot import get_snapshot

    _, model = get_snapshot().find_provider_model(
        price_key.model, None, price_key.provider or None, price_key.address or None
    )
    return model.context_window


def _own_price(usage: Usage, settings: ModelSettings) -> float:
    price_input, price_output = settings.price_input or 0.0, settings.price_output or 0.0
    price_cached = price_input if settings.price_cached is None else settings.price_cached
    fresh = usage.input_tokens - usage.cache_read_tokens
    millions = fresh * price_input + usage.cache_read_tokens * price_cached + usage.output_tokens * price_output
    return millions / 1e6


@cache
def _is_known(price_key: PriceKey) -> bool:
    try:
        from genai_prices import Usage as Tokens
    except ImportError:
        return False
    try:
        _calculate(Tokens(input_tokens=1, output_tokens=1), price_key)
    except LookupError:
        return False
    return True


def _calculate(tokens: "Tokens", price_key: PriceKey) -> "PriceCalculation":
    from genai_prices import calc_price

    if price_key.provider:
        return calc_price(tokens, price_key.model, provider_id=price_key.provider)
    return calc_price(tokens, price_key.model, provider_api_url=price_key.address)
