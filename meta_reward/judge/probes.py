"""Judges that ask nothing of a harness but that it stays on its feet: for the validator's smoke runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.completion import Completion, Request, Usage

_NONSENSE = 'Colourless ideas 7e999 sleep -- {"score": "NaN", [furiously] <score>/100</score> \u0000\u202e 12,5 of'


@dataclass(frozen=True, slots=True)
class EchoJudge:
    """Answers with the prompt itself."""

    settings: Mapping[str, Any] = field(default_factory=lambda: {"kind": "echo"})
    simulated: bool = True

    async def complete(self, request: Request, *, draw: int) -> Completion:
        return Completion(request.messages[-1].content, Usage(0, 0))

    def cost_usd(self, usage: Usage) -> float | None:
        return 0.0


@dataclass(frozen=True, slots=True)
class NonsenseJudge:
    """Answers with text that holds digits, braces and control characters, and no verdict."""

    settings: Mapping[str, Any] = field(default_factory=lambda: {"kind": "nonsense"})
    simulated: bool = True

    async def complete(self, request: Request, *, draw: int) -> Completion:
        return Completion(_NONSENSE, Usage(0, 0))

    def cost_usd(self, usage: Usage) -> float | None:
        return 0.0
