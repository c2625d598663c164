"""Many trajectories at once: none is lost on the way to its process."""

import asyncio

import pytest

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from tests.conftest import LEVEL, make_rollouts

HARNESS = "async def reward(trajectory, judge):\n    return 72.0\n"


@pytest.mark.slow
def test_hundreds_of_trajectories_at_once_all_have_their_reward() -> None:
    async def work() -> list[float | None]:
        gateway = Gateway(make_backend("simulated", {}), None, concurrency=600)
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            done = await evaluate(HARNESS, reward_examples(make_rollouts(1, 600)), gateway=gateway, sandbox=sandbox)
        return [result.score for result in done.results]

    assert asyncio.run(work()) == [72.0] * 600
