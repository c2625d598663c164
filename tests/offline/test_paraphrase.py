"""The simulated judge knows nobody's wording: say the same otherwise, and agreement stays where it was.

Every prompt of the seed harnesses is reworded in three quite different styles. Agreement is averaged
over several seeds of the judge and looked at on a part of the tasks, so that the test stays fast. That part
of its noise which any other wording rolls anew is switched off: it is luck, and no knowledge.
"""

import asyncio
import importlib.util
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.evaluation.metrics import outcomes
from meta_reward.harness import Reply
from meta_reward.offline.judge import simulated_judge
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Message
from tests.conftest import PROJECT

pytestmark = pytest.mark.slow

SEEDS = ("baseline", "policy", "evidence")
JUDGE_SEEDS = range(3)
EVERY = 12  # one task in so many is looked at

POLICY, RUN, FACTS, CRITERIA = "## Policy", "## Run", "## Verified by code", "## Criteria"
HOLDS, FAILS, AGREED = "- yes: just before", "- NO: just before", "the user agreed to it"
IDLE = "- yes: the agent changed nothing"
QUALITY = "- quality: how well the agent handled the conversation, from 0 (badly) to 100 (perfectly)"
NUMBER = "Rate the agent's quality from 0 to 100. Answer with one line, `Score: <number>`."
REASONS = (
    "Go through quality: for each, say what speaks against the agent and what for it, and quote the numbers of the "
    "messages you rely on. Only then decide, and end with a line `Score: <number from 0 to 100>`."
)

PARAPHRASES = {
    "formal": {
        POLICY: "# Rules the agent works under",
        RUN: "# What happened",
        FACTS: "# Facts established by a program",
        CRITERIA: "# What to look at",
        HOLDS: "- TRUE: right before",
        FAILS: "- FALSE: right before",
        AGREED: "the customer gave their consent",
        IDLE: "- TRUE: no record was altered",
        QUALITY: (
            "- quality: to what degree the assistant dealt properly with this contact; zero is terrible, one hundred "
            "flawless"
        ),
        NUMBER: (
            "Put a figure between 0 and 100 on the assistant's quality. Reply in a single line: `Score: <figure>`."
        ),
        REASONS: (
            "Consider quality. First set out the arguments against the assistant, then those in its favour, citing "
            "messages by number. Make up your mind after that, and close with a line `Score: <0 to 100>`."
        ),
    },
    "telegram": {
        POLICY: "RULEBOOK",
        RUN: "LOG",
        FACTS: "AUTOMATIC CHECKS",
        CRITERIA: "MARKING",
        HOLDS: "* [x] ahead of",
        FAILS: "* [ ] ahead of",
        AGREED: "caller said yes",
        IDLE: "* [x] nothing touched",
        QUALITY: "* quality -> job done well? 0 awful, 100 superb",
        NUMBER: "quality 0-100. one line only: `Score: <n>`",
        REASONS: "quality: cons, then pros, with message numbers. verdict after. last line: `Score: <0-100>`",
    },
    "tags": {
        POLICY: "<instructions_given_to_agent>",
        RUN: "</instructions_given_to_agent>\n<dialogue>",
        FACTS: "</dialogue>\n<established>",
        CRITERIA: "</dialogue>\n<task>",
        HOLDS: '<fact holds="true">immediately prior to',
        FAILS: '<fact holds="false">immediately prior to',
        AGREED: "approval was obtained from the person on the line</fact>",
        IDLE: '<fact holds="true">the representative left everything as it was</fact>',
        QUALITY: "<aspect>quality, meaning how good a job the representative did (0 = very poor, 100 = ideal)</aspect>",
        NUMBER: "What is the quality on a scale of 0 to 100?</task>\n\nWrite nothing but `Score: <value>`.",
        REASONS: (
            "Set down your thinking on quality: weaknesses, strengths, which numbered messages show them.</task>\n\n"
            "Conclude with `Score: <value from 0 to 100>`."
        ),
    },
}


class DirectJudge:
    """A harness's judge without sandbox or gateway; rewords prompts on their way."""

    def __init__(self, reword: Callable[[str], str], seed: int) -> None:
        self._backend, self._reword = simulated_judge(seed=seed, rewording=0.0), reword

    async def ask(self, prompt: str, **_: Any) -> Reply:
        request = Request((Message("user", self._reword(prompt)),))
        return Reply((await self._backend.complete(request, draw=0)).text)


def reworded(style: str) -> Callable[[str], str]:
    pairs = PARAPHRASES[style]
    return lambda prompt: re.sub("|".join(map(re.escape, pairs)), lambda found: pairs[found[0]], prompt)


@lru_cache
def load_seed(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"seed_{name}", PROJECT / "seed_harnesses" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # as dataclasses want it
    spec.loader.exec_module(module)
    return module


@lru_cache
def skyways() -> TaskSet:
    return load_task_set(PROJECT / "tasks" / "skyways")


@lru_cache
def agreement(name: str, style: str = "") -> float:
    pairs = [pair for pair in skyways().pairs if int(pair.task.strip("t")) % EVERY == 0]
    ids = sorted({id for pair in pairs for id in (pair.preferred, pair.other)})

    async def rewards(id: str) -> list[float | None]:
        trajectory = skyways().rollouts[id].trajectory
        return [(await load_seed(name).reward(trajectory, judge)).score for judge in judges]

    judges = [DirectJudge(reworded(style) if style else str, seed) for seed in JUDGE_SEEDS]
    scores = {id: asyncio.run(rewards(id)) for id in ids}
    by_judge = [{id: scores[id][seed] for id in ids} for seed in JUDGE_SEEDS]
    agreed = [outcome.score for scored in by_judge for outcome in outcomes(pairs, scored)]
    return sum(agreed) / len(agreed)


@pytest.mark.parametrize("style", PARAPHRASES)
@pytest.mark.parametrize("name", SEEDS)
def test_rewording_every_prompt_of_a_seed_moves_agreement_by_less_than_three_points(name: str, style: str) -> None:
    assert abs(agreement(name) - agreement(name, style)) < 0.03


def test_every_paraphrase_replaces_something_that_a_seed_says() -> None:
    said: list[str] = []

    class Listener:
        async def ask(self, prompt: str, **_: Any) -> Reply:
            said.append(prompt)
            return Reply("Score: 50")

    for name in SEEDS:
        for rollout in skyways().rollouts.values():
            asyncio.run(load_seed(name).reward(rollout.trajectory, Listener()))
    texts = {ours for pairs in PARAPHRASES.values() for ours in pairs}
    assert {ours for ours in texts if not any(ours in prompt for prompt in said)} == set()
