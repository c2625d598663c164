"""Judges that ask nothing of a harness but that it stays on its feet: for the validator's runs in the sandbox.

Each answers by a fixed rule, whatever it is asked, and costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import Completion, Request, Usage

_NONSENSE = 'Colourless ideas 7e999 sleep -- {"score": "NaN", [furiously] <score>/100</score> \u0000\u202e 12,5 of'
_REFUSAL = "I'm sorry, but I can't help with rating this conversation."
_LONG = "On the one hand the agent was polite, on the other it took its time. " * 5_000


@dataclass(frozen=True, slots=True)
class ProbeJudge:
    """A judge with one kind of answer. answers: completes the sentence "a judge that ..."."""

    answers: str
    text: Callable[[Request], str]
    stop_reason: str = "end"
    simulated: bool = True

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"kind": "probe", "answers": self.answers}

    async def complete(self, request: Request, *, draw: int) -> Completion:
        return Completion(self.text(request), Usage(0, 0), stop_reason=self.stop_reason)

    def cost_usd(self, usage: Usage) -> float | None:
        return 0.0


ECHO = ProbeJudge("answers its prompt", lambda request: request.messages[-1].content)
NONSENSE = ProbeJudge("answers nonsense", lambda _: _NONSENSE)
EMPTY = ProbeJudge("answers nothing", lambda _: "")
REFUSAL = ProbeJudge("refuses", lambda _: _REFUSAL, "refusal")
LONG = ProbeJudge("answers without end", lambda _: _LONG, "length")
PROBES = (ECHO, NONSENSE, EMPTY, REFUSAL, LONG)
