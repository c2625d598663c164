"""What all judges behind an endpoint share: identity for cache keys, price, context window, key."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from meta_reward.completion import Usage
from meta_reward.models.endpoint import Provider, find_endpoint
from meta_reward.models.prices import cost_usd, window_tokens
from meta_reward.models.settings import identity, parse_settings


class EndpointJudge:
    """A `Model` at an endpoint, but for `complete`."""

    kind: ClassVar[str]
    provider: ClassVar[Provider]
    without: ClassVar[Collection[str]] = ()
    """Settings that it does not accept."""
    simulated = False

    def __init__(self, spec: str, given: Mapping[str, Any]) -> None:
        """spec: `KIND:MODEL`, with `@ADDRESS` if the user named one. Raises UsageError."""
        self._given = parse_settings(self.kind, given, without=self.without)
        self._endpoint = endpoint = find_endpoint(self.provider, spec, self._given)
        self.settings: Mapping[str, Any] = {
            "kind": self.kind,
            "model": endpoint.model,
            **endpoint.about,
            **identity(self._given),
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
