"""The simulated judge knows nobody's wording: say the same otherwise, and agreement stays where it was."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from meta_reward.completion import Request
from meta_reward.evaluation.metrics import outcomes
from meta_reward.harness import Reply
from meta_reward.simulated.judge import simulated_judge
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Message
from tests.conftest import PROJECT

PARAPHRASES = {
    "## Policy": "# Rules the agent works under",
    "## Run": "# What happened",
    "## Verified by code": "# Facts established by a program",
    "## Criteria": "# What to look at",
    "- yes: just before": "- TRUE: right before",
    "- NO: just before": "- FALSE: right before",
    "the user agreed to it": "the customer gave their consent",
    "- yes: the agent changed nothing": "- TRUE: no record was altered",
    "how well the agent handled the conversation, from 0 (badly) to 100 (perfectly)": (
        "to what degree the assistant dealt properly with this contact; zero is terrible, one hundred flawless"
    ),
    "Rate the agent's quality from 0 to 100. Answer with one line, `Score: <number>`.": (
        "Put a figure between 0 and 100 on the assistant's quality. Reply in a single line: `Score: <figure>`."
    ),
    "Go through quality: for each, say what speaks against the agent and what for it, and quote the numbers of the "
    "messages you rely on. Only then decide, and end with a line `Score: <number from 0 to 100>`.": (
        "Consider quality. First set out the arguments against the assistant, then those in its favour, citing "
        "messages by number. Make up your mind after that, and close with a line `Score: <0 to 100>`."
    ),
}


class DirectJudge:
    """A harness's judge without sandbox or gateway; rewords prompts on their way."""

    def __init__(self, reword: Callable[[str], str]) -> None:
        self._backend, self._reword = simulated_judge(), reword

    async def ask(self, prompt: str, **_: Any) -> Reply:
        request = Request((Message("user", self._reword(prompt)),))
        return Reply((await self._backend.complete(request, draw=0)).text)


def paraphrased(prompt: str) -> str:
    for ours, other in PARAPHRASES.items():
        prompt = prompt.replace(ours, other)
    return prompt


def load_seed(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"seed_{name}", PROJECT / "seed_harnesses" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # as dataclasses want it
    spec.loader.exec_module(module)
    return module


def agreement(seed: ModuleType, taskset: TaskSet, reword: Callable[[str], str]) -> float:
    async def rewards() -> dict[str, float | None]:
        judge = DirectJudge(reword)
        return {id: (await seed.reward(r.trajectory, judge)).score for id, r in taskset.rollouts.items()}

    agreed = [o.agreement for o in outcomes(taskset.pairs, asyncio.run(rewards()))]
    return sum(agreed) / len(agreed)


@pytest.fixture(scope="module")
def skyways() -> TaskSet:
    return load_task_set(PROJECT / "tasks" / "skyways")


@pytest.mark.parametrize("name", ["baseline", "policy", "evidence"])
def test_paraphrasing_every_prompt_of_a_seed_moves_agreement_by_less_than_three_points(
    skyways: TaskSet, name: str
) -> None:
    seed = load_seed(name)
    assert abs(agreement(seed, skyways, str) - agreement(seed, skyways, paraphrased)) < 0.03


def test_every_paraphrase_replaces_something_that_a_seed_says(skyways: TaskSet) -> None:
    said: set[str] = set()

    def remember(prompt: str) -> str:
        said.update(ours for ours in PARAPHRASES if ours in prompt)
        return prompt

    for name in ("baseline", "policy", "evidence"):
        agreement(load_seed(name), skyways, remember)
    assert said == set(PARAPHRASES)
