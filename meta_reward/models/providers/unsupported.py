"""What an endpoint turned out not to take: asked for once, then done without.

Servers that speak a provider's protocol speak it in part. A feature is dropped only when a request
without it succeeds, so that a request that is bad for another reason teaches nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from meta_reward.errors import JudgeError, JudgeMisconfigured, PromptTooLong
from meta_reward.files import canonical_json

T = TypeVar("T")


class UnsupportedFeatures:
    """The features that one endpoint has refused so far."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    async def ask(self, features: Mapping[str, str], send: Callable[[frozenset[str]], Awaitable[T]]) -> T:
        """What `send` returns, given the features to do without.

        features: names of those a request uses, each with a pattern that an error about it matches; an
        empty pattern also fits errors that name nothing. Raises the first error when nothing helps.
        """
        dropped = self._refused & features.keys()
        first: JudgeError | None = None
        while True:
            try:
                reply = await send(frozenset(dropped))
            except JudgeError as error:
                first = first or error
                culprit = _feature_to_drop(error, {name: features[name] for name in features if name not in dropped})
                if culprit is None:
                    raise first from None
                dropped = {*dropped, culprit}
            else:
                self._refused |= dropped
                return reply


def schema_feature(schema: Mapping[str, Any]) -> str:
    """The name of one schema asked for natively: a server may take one and refuse another."""
    return f"schema {canonical_json(schema).decode()}"


def _feature_to_drop(error: JudgeError, features: Mapping[str, str]) -> str | None:
    """The feature to try without: one that the error speaks of, else one that any error may be about."""
    if isinstance(error, PromptTooLong):
        return None
    named = [name for name, words in features.items() if words and re.search(words, str(error), re.IGNORECASE)]
    vague = [name for name, words in features.items() if not words and not isinstance(error, JudgeMisconfigured)]
    return next(iter([*named, *vague]), None)
