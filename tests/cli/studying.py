"""A finished run to study, and its judge `word`, which takes money; as a process of its own it can be killed.

    python -m tests.cli.studying study ablate night --max-usd 9     `meta-reward ...` with that judge, and slow

A run is GOOD or BAD. Shown the policy, the judge tells them apart, but for the fourth run of two tasks of the test
split, which it overrates; without it, it has no opinion. `word:blind` never has one, `word:sharp` is never fooled.
Each call is noted in asked.txt the moment it arrives.
"""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage
from meta_reward.models import registry
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.search.create import create
from meta_reward.search.loop import run_search
from meta_reward.search.open import open_search
from meta_reward.search.test_split import open_test
from meta_reward.tasks.about import About
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.splits import division_of_new
from meta_reward.tasks.taskset import load_task_set, save_task_set
from meta_reward.trajectory import Pair
from tests.conftest import PROJECT, make_rollouts
from tests.search.conftest import Quiet

TRICKY = "tricky"
HOSTILE = "a|b <b>*x*\x1b[31m"
SLOW_S = 0.05


@dataclass(slots=True)
class PricedJudge:
    """The judge; see above."""

    spec: str
    delay_s: float = 0.0
    simulated: bool = False
    window_tokens: int | None = None
    settings: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.settings = {"kind": "word", "model": self.spec}

    def check(self) -> None:
        pass

    async def complete(self, request: Request, *, draw: int) -> Completion:
        prompt = request.messages[0].content
        files.append_line(Path("asked.txt"), self.spec)
        await asyncio.sleep(self.delay_s)
        return Completion(f"Score: {self._score(prompt)}", Usage(1000, 10))

    def cost_usd(self, usage: Usage) -> float | None:
        return usage.input_tokens / 1e6

    def _score(self, prompt: str) -> int:
        if "Be kind." not in prompt or self.spec == "word:blind":
            return 50
        if self.spec != "word:sharp" and re.search(r"Case (5|10)-4", prompt):
            return 95
        return 90 if "GOOD" in prompt else 10


def install(delay_s: float = 0.0) -> None:
    """Make the judge one that the user can name, as if it were among the providers."""
    provider = ModuleType("word")
    provider.Judge = lambda spec, settings: PricedJudge(spec, delay_s)  # type: ignore[attr-defined]
    sys.modules["meta_reward.models.providers.word"] = provider
    registry._KINDS["word"] = ("word", "Judge")


def make_tasks(path: Path, tasks: int = 20) -> None:
    """A task set whose pairs have categories, one of them hostile."""
    made = make_rollouts(tasks)
    pairs = [replace(pair, categories=(_category(pair),)) for pair in pairs_from_labels(made)]
    division = division_of_new(path, path.name, made, pairs)
    tools = made[0].trajectory.tools
    about = About(path.name)
    save_task_set(path, about, policy="Be kind.", tools=tools, rollouts=made, pairs=pairs, division=division)


def _category(pair: Pair) -> str:
    return TRICKY if pair.other.endswith("-r4") and pair.task in ("t05", "t10") else HOSTILE


def make_night(folder: Path) -> None:
    """tasks/small, and runs/night: a search that chose the seed `policy`, and was tested."""
    install()
    make_tasks(folder / "tasks" / "small")
    sources = [(PROJECT / "seed_harnesses" / f"{name}.py").read_text() for name in ("baseline", "policy")]
    seeds = [Seed(name, source) for name, source in zip(("baseline", "policy"), sources, strict=True)]
    layout, requested = Layout(folder / "runs" / "night"), {"limits": {"iterations": 0, "max_usd": 9.0}}
    before = Path.cwd()
    os.chdir(folder)
    try:
        taskset = load_task_set(folder / "tasks" / "small")
        asyncio.run(create(layout, requested, taskset, judge="word", seeds=seeds))
        asyncio.run(run_search(open_search(layout, Quiet())))
        asyncio.run(open_test(open_search(layout, Quiet())))
    finally:
        os.chdir(before)


if __name__ == "__main__":
    from meta_reward.cli import main

    install(SLOW_S)
    sys.argv[0] = "meta-reward"
    main()
