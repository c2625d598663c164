"""What all judges behind an endpoint share: identity for cache keys, price, context window, key."""

from collections.abc import Mapping
from typing import Any

from meta_reward.completion import Usage
from meta_reward.models.endpoint import Endpoint
from meta_reward.models.prices import cost_usd, window_tokens
from meta_reward.models.settings import identity


class EndpointJudge:
    """A `Model` at an endpoint, but for `complete`."""

    simulated = False

    def __init__(self, kind: str, endpoint: Endpoint) -> None:
        self._endpoint, self._given = endpoint, endpoint.settings
        self.settings: Mapping[str, Any] = {
            "kind": kind,
            "model": endpoint.model,
            **endpoint.about,
            **identity(endpoint.settings),
        }

    @property
    def window_tokens(self) -> int | None:
        """From the settings, else from what is known of the model."""
        return window_tokens(self._endpoint.price_key, self._given)

    def cost_usd(self, usage: Usage) -> float | None:
        """At list price, even if a subscription covers it."""
        return cost_usd(usage, self._endpoint.price_key, self._given)

    def check(self) -> None:
        """Raise JudgeMisconfigured if the key is missing."""
        self._endpoint.check_key()
