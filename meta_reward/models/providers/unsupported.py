"""Features that an endpoint does not support: tried once, then left out.

Many servers support a provider's protocol only in part. A feature counts as unsupported only once a request without
it succeeds, so a request that fails for another reason changes nothing.
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
        """What `send` returns, which is called with the features to leave out.

        features: those that a request uses, each with a pattern that matches errors about it; an empty pattern
        stands for errors that name no feature. Raises the first error if leaving out features does not help.
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
    """The name of a schema as a feature: a server may support one schema and refuse another."""
    return f"schema {canonical_json(schema).decode()}"


def _feature_to_drop(error: JudgeError, features: Mapping[str, str]) -> str | None:
    """The feature to leave out next: one that the error names, else one without a pattern."""
    if isinstance(error, PromptTooLong):
        return None
    named = [name for name, words in features.items() if words and re.search(words, str(error), re.IGNORECASE)]
    vague = [name for name, words in features.items() if not words and not isinstance(error, JudgeMisconfigured)]
    return next(iter([*named, *vague]), None)
