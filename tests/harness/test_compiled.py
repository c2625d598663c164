"""A candidate is compiled once for all its trajectories; what it does and how it fails stays as it was."""

import asyncio
from collections.abc import Sequence

import pytest

from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.runtime import Reward
from meta_reward.harness.sandbox import Sandbox
from meta_reward.models.session import Answer, Ask, RunTool
from meta_reward.trajectory import trajectory_to_json
from tests.conftest import LEVEL, make_trajectory

TRAJECTORY = trajectory_to_json(make_trajectory("Hello."))
FIXED = """
async def reward(trajectory, judge):
    return {value}
"""


async def no_judge(ask: Ask, run_tool: RunTool) -> Answer:
    raise AssertionError("nobody asks")


def scored(sources: Sequence[str]) -> list[Reward | CandidateError]:
    """What each source gives, one after the other in one sandbox."""

    async def work() -> list[Reward | CandidateError]:
        results: list[Reward | CandidateError] = []
        async with Sandbox(Budget(active_s=10.0), level=LEVEL) as sandbox:
            for source in sources:
                try:
                    results.append(await sandbox.score(source, TRAJECTORY, no_judge))
                except CandidateError as error:
                    results.append(error)
        return results

    return asyncio.run(work())


def test_many_harnesses_in_turn_are_not_mixed_up() -> None:
    values = [*range(12), *range(12)]  # more than are remembered
    rewards = scored([FIXED.format(value=value) for value in values])
    assert [reward.score for reward in rewards if isinstance(reward, Reward)] == values


def test_traceback_shows_the_lines_of_the_source_on_every_trajectory() -> None:
    first, again = scored([FIXED.format(value="1 / 0")] * 2)
    assert isinstance(first, CandidateError)
    assert isinstance(again, CandidateError)
    assert (first.kind, first.message) == ("ZeroDivisionError", "division by zero (line 3)")
    assert "return 1 / 0" in first.traceback
    assert first.traceback == again.traceback


def test_source_can_be_inspected() -> None:
    source = "import inspect\n" + FIXED.format(value="len(inspect.getsource(reward).splitlines())")
    assert scored([source]) == [Reward(2.0)]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def reward(:", "SyntaxError"),
        ("x = " + "-" * 100_000 + "1", "MemoryError|RecursionError"),
        ("x = '\0'", "SyntaxError|ValueError"),
        ("return 5", "SyntaxError"),
    ],
)
def test_what_does_not_compile_says_so_on_every_trajectory(source: str, kind: str) -> None:
    first, again = scored([source] * 2)
    assert isinstance(first, CandidateError)
    assert isinstance(again, CandidateError)
    assert first.kind in kind.split("|")
    assert first.message == again.message


def test_source_is_compiled_once_as_long_as_few_others_come_between() -> None:
    compiled = list[str]()

    class Counting(Sandbox):
        async def _compile(self, source: str) -> str:
            compiled.append(source)
            return await super()._compile(source)

    async def work() -> None:
        async with Counting(Budget(active_s=10.0), level=LEVEL) as sandbox:
            for source in [first, first, *others, first]:
                await sandbox.score(source, TRAJECTORY, no_judge)

    first, *others = (FIXED.format(value=value) for value in range(10))
    asyncio.run(work())
    assert compiled == [first, *others, first]
