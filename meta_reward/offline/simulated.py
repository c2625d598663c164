"""What simulated models share: settings, a window, what they say as a `Completion`, and chance as a pure function."""

import hashlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from statistics import NormalDist
from typing import Any, ClassVar, Generic, TypeVar

from meta_reward.completion import CHARS_PER_TOKEN, Completion, Request, Usage, request_to_json
from meta_reward.errors import JudgeError, PromptTooLong, UsageError
from meta_reward.files import canonical_json
from meta_reward.trajectory import ToolCall

_NORMAL = NormalDist()
_CALL_TOKENS = 20
_Strengths = TypeVar("_Strengths", bound=Any)


@dataclass(frozen=True, slots=True)
class Dice:
    """Chance as a pure function: the same key always falls the same way."""

    seed: int

    def uniform(self, *key: object) -> float:
        """A number in (0, 1) for this key."""
        digest = hashlib.sha256("\x1f".join(map(str, (self.seed, *key))).encode()).digest()
        return (int.from_bytes(digest[:6], "big") + 0.5) / (1 << 48)

    def normal(self, *key: object) -> float:
        """A standard normal number for this key."""
        return _NORMAL.inv_cdf(self.uniform(*key))


class SimulatedModel(Generic[_Strengths]):
    """A `Model` that answers from the request alone, the same to the same request, draw and seed."""

    simulated = True
    who: ClassVar[str]
    """What it is called in an error, such as `judge`."""
    kind: ClassVar[str]
    """Its spec without a preset."""
    version: ClassVar[int]
    """Raised whenever it answers anything differently."""

    def __init__(self, strengths: _Strengths, *, seed: int, window_tokens: int, preset: str | None = None) -> None:
        """strengths: a dataclass of numbers. preset: where these come from, of models that have presets."""
        self.strengths, self.seed, self.window_tokens = strengths, seed, window_tokens
        self.dice = Dice(seed)
        self.settings: Mapping[str, Any] = {
            "kind": self.kind,
            "version": self.version,
            **({} if preset is None else {"preset": preset}),
            "seed": seed,
            "window_tokens": window_tokens,
            **asdict(strengths),
        }

    def check(self) -> None:
        """It needs no key."""

    def cost_usd(self, usage: Usage) -> float:
        """It costs nothing."""
        return 0.0

    async def complete(self, request: Request, *, draw: int) -> Completion:
        """Answer one turn. Raises PromptTooLong, and JudgeError for an invalid schema or tool."""
        content = canonical_json(request_to_json(request))
        tokens = len(content) // CHARS_PER_TOKEN
        if tokens > self.window_tokens:
            raise PromptTooLong(tokens, self.window_tokens)
        try:
            said = self.say(request, draw, hashlib.sha256(content).hexdigest())
        except Exception as error:  # a program may hand over anything as a schema, a tool or a conversation
            raise JudgeError(f"the {self.who} cannot make sense of the request: {error}") from None
        if isinstance(said, str):
            return Completion(said, Usage(tokens, len(said) // CHARS_PER_TOKEN + 1))
        return Completion("", Usage(tokens, _CALL_TOKENS * len(said)), tuple(said), "tool")

    @abstractmethod
    def say(self, request: Request, draw: int, digest: str) -> str | Sequence[ToolCall]:
        """A text, or at least one call of a tool. digest: of the request."""


def changed_strengths(
    preset: _Strengths, changed: Mapping[str, float], who: str, *, hint: str = "0 is none, 1 the default"
) -> _Strengths:
    """The strengths of a preset, a dataclass of numbers, with some of them changed. who: whose they are.

    Raises UsageError, which lists what is known, for others, and for what lies outside 0 to 10, with the hint.
    """
    names = [field.name for field in fields(preset)]
    unknown = sorted(set(changed) - set(names))
    if unknown:
        raise UsageError(
            f"unknown strength {unknown[0]!r} of the simulated {who}", hint=f"known are {', '.join(names)}"
        )
    if not all(0 <= value <= 10 for value in changed.values()):
        raise UsageError(f"a strength of the simulated {who} lies outside 0 to 10", hint=hint)
    return replace(preset, **{name: float(value) for name, value in changed.items()})
