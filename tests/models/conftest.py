"""A clock that nobody waits for, and judges that fail in the order they are told to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.models.rate_limit import Clock


class Hours:
    """Time that passes when somebody sleeps. slept: how long, in the order of waking."""

    def __init__(self) -> None:
        self.now_s, self.slept = 1000.0, list[float]()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)

    def clock(self, chance: float = 1.0) -> Clock:
        """This time as a clock on which every draw of chance is the same."""
        return Clock(lambda: self.now_s, self.sleep, lambda: chance)


@pytest.fixture
def hours() -> Hours:
    return Hours()


@dataclass(slots=True)
class FaultyJudge:
    """Raises the faults it is given, each once and in their order, and then answers with the prompt."""

    faults: list[Exception] = field(default_factory=list)
    price: float | None = 1.0
    simulated: bool = False
    settings: Mapping[str, Any] = field(default_factory=lambda: {"kind": "faulty"})
    asked: int = 0

    async def complete(self, request: Request, *, draw: int) -> Completion:
        self.asked += 1
        await asyncio.sleep(0)
        if self.faults:
            raise self.faults.pop(0)
        return Completion(request.messages[0].content, Usage(100, 10))

    def cost_usd(self, usage: Usage) -> float | None:
        return None if self.price is None else self.price * (usage.input_tokens + usage.output_tokens) / 1000
