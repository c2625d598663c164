"""Transcripts beyond the judge's window: every seed shows what fits and scores them, in the real sandbox."""

import asyncio
from pathlib import Path

import pytest

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.gateway import Gateway
from meta_reward.offline.judge import simulated_judge
from meta_reward.trajectory import Message, Rollout, Trajectory
from tests.conftest import LEVEL, PROJECT, make_trajectory

SEEDS = sorted((PROJECT / "seed_harnesses").glob("*.py"))
WINDOW_TOKENS = 5000
TALK = " ".join(f"Then came point {n}." for n in range(25))


def long_run(policy: str = "Be kind.") -> Trajectory:
    """About eight windows long, also where a view cuts every message to 500 characters."""
    short = make_trajectory(policy=policy)
    middle = tuple(Message("assistant" if n % 2 else "user", f"{TALK} That was {n}.") for n in range(320))
    return Trajectory(policy, short.tools, (*short.messages, *middle, Message("user", "That was the last word.")))


def prompts(seed: Path, trajectory: Trajectory) -> list[str]:
    """What a seed asked of a trajectory that it gave a reward; what was refused is among it."""
    source, rollouts = seed.read_text(), [Rollout("r1", "t1", trajectory)]
    gateway = Gateway(simulated_judge(window_tokens=WINDOW_TOKENS), None)

    async def work() -> Evaluation:
        async with Sandbox(Budget(), level=LEVEL) as sandbox:
            return await evaluate(source, reward_examples(rollouts), gateway=gateway, sandbox=sandbox)

    (result,) = asyncio.run(work()).results
    assert result.error is None
    assert result.output is not None
    return [call.messages[0]["content"] for call in result.calls]


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_a_seed_shows_a_transcript_that_fits_as_it_is(seed: Path) -> None:
    (shown,) = prompts(seed, make_trajectory("That was all."))
    assert "left out" not in shown


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.stem)
def test_a_seed_scores_a_transcript_beyond_the_window_by_its_head_and_tail(seed: Path) -> None:
    *refused, shown = prompts(seed, long_run())
    assert len(refused) > 1
    assert len(shown) < 4 * WINDOW_TOKENS
    assert "Where is my order?" in shown
    assert "That was the last word." in shown
    assert "characters left out here" in shown


def test_a_policy_beyond_the_window_is_cut_as_well() -> None:
    policy = "Be kind. " + " ".join(f"Rule {n} stands." for n in range(4 * WINDOW_TOKENS)) + " Be brief."
    *_, shown = prompts(PROJECT / "seed_harnesses" / "policy.py", make_trajectory(policy=policy))
    assert "Be kind. Rule 0 stands." in shown
    assert "Be brief.\n\n## Run\n\n[1] user: Where is my order?" in shown
