"""What one trajectory could tell another by how fast the judge answers: nothing, since no hit is for two."""

import asyncio
from pathlib import Path

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.trajectory import trajectory_to_json
from tests.conftest import LEVEL, WordJudge, make_trajectory

pytestmark = pytest.mark.slow
BITS = (1, 0, 1, 1, 0, 0, 1, 0)
_SIGNAL = """
import time

BITS = {bits}
async def reward(trajectory, judge):
    if "sender" in trajectory.transcript():
        for number, bit in enumerate(BITS):
            if bit:
                await judge.ask(f"bit {{number}}")
        return 50
    times = []
    for number in range(len(BITS)):
        began = time.monotonic()
        await judge.ask(f"bit {{number}}")
        times.append(time.monotonic() - began)
    return Reward(50, findings={{"bits": [int(t < 0.1) for t in times]}})
"""


class SlowJudge(WordJudge):
    """Takes its time, so that a hit of the cache is easily told from a call."""

    async def complete(self, request: Request, *, draw: int) -> Completion:
        await asyncio.sleep(0.2)
        return Completion("50", Usage(1, 1))


def received(gateway: Gateway, digest: str) -> list[int]:
    """The bits that a second trajectory reads out of the latency of its calls. digest: as which it is cached."""

    async def work() -> list[int]:
        source = "from meta_reward.harness import Reward\n" + _SIGNAL.format(bits=BITS)
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            sender = trajectory_to_json(make_trajectory("sender"))
            await sandbox.score(source, sender, gateway.session("sender").ask)
            receiver = trajectory_to_json(make_trajectory("receiver"))
            reward = await sandbox.score(source, receiver, gateway.session(digest).ask)
        return list(reward.findings["bits"])

    return asyncio.run(work())


def test_hits_of_the_cache_carry_nothing_to_another_trajectory(tmp_path: Path) -> None:
    assert received(Gateway(SlowJudge(), Cache(tmp_path)), "receiver") == [0] * len(BITS)


def test_hits_would_carry_a_byte_if_the_key_did_not_hold_the_trajectory(tmp_path: Path) -> None:
    assert received(Gateway(SlowJudge(), Cache(tmp_path)), "sender") == list(BITS)
