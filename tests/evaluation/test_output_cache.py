"""Rewards that are kept: a harness is not run again on what it has scored, and nothing is told from it but the same."""

import asyncio
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from meta_reward.errors import LimitReached
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.records import Evaluation
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.cache import Cache, clear, holdings
from meta_reward.models.gateway import Gateway
from meta_reward.models.usage import Spent
from tests.conftest import ASKING_HARNESS, LEVEL, WordJudge, make_rollouts

ROLLOUTS = make_rollouts(2)


class ClosedSandbox(Sandbox):
    """One in which nothing can be run."""

    async def run(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise AssertionError("the harness was run")


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(WordJudge(), Cache(tmp_path / "replies" / "word"))


def run(gateway: Gateway, source: str = ASKING_HARNESS, *, repeat: int = 0, budget: Budget | None = None) -> Evaluation:
    async def work() -> Evaluation:
        async with Sandbox(budget or Budget(active_s=5.0), level=LEVEL) as sandbox:
            return await evaluate(source, reward_examples(ROLLOUTS), gateway=gateway, sandbox=sandbox, repeat=repeat)

    return asyncio.run(work())


def recall(gateway: Gateway, source: str = ASKING_HARNESS, *, repeat: int = 0) -> Evaluation:
    """The same where no harness can be run."""
    sandbox = ClosedSandbox(Budget(active_s=5.0), level=LEVEL)
    return asyncio.run(evaluate(source, reward_examples(ROLLOUTS), gateway=gateway, sandbox=sandbox, repeat=repeat))


def as_cached(evaluation: Evaluation) -> list[dict[str, object]]:
    return [
        asdict(replace(r, costs=[replace(cost, cached=True, tries=0, seconds=0.0) for cost in r.costs]))
        for r in evaluation.results
    ]


def test_second_evaluation_runs_no_harness_and_tells_the_same(gateway: Gateway) -> None:
    first = run(gateway)
    spent = gateway.spent
    assert [asdict(result) for result in recall(gateway).results] == as_cached(first)
    assert gateway.spent == replace(spent, calls=2 * spent.calls, tokens=2 * spent.tokens)


def test_every_kind_of_question_is_read_back(gateway: Gateway) -> None:
    source = '''
"""Asks for everything at once."""
from meta_reward.harness import Reward

def look(place: str) -> str:
    """Look there.

    And say what you see.
    """
    return "nothing"

async def reward(trajectory, judge):
    shape = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x", "y"]}}, "required": ["a"]}
    for _ in range(2):
        reply = await judge.ask("one\\n\\ntwo", system="be\\nkind", tools=[look], schema=shape)
    return Reward(50.0, reply.text, {"all": [1, "a\\nb"]})
'''
    first = run(gateway, source)
    assert all(result.score == 50.0 and len(result.calls) == 2 for result in first.results)
    assert [asdict(result) for result in recall(gateway, source).results] == as_cached(first)


def test_what_a_harness_printed_is_kept_with_its_reward(gateway: Gateway) -> None:
    source = ASKING_HARNESS.replace("    reply =", '    print("looking\\nclosely")\n    reply =')
    assert {result.printed for result in run(gateway, source).results} == {"looking\nclosely\n"}
    assert {result.printed for result in recall(gateway, source).results} == {"looking\nclosely\n"}


def test_other_harness_budget_judge_and_repeat_are_run(gateway: Gateway) -> None:
    run(gateway)
    with pytest.raises(AssertionError, match="was run"):
        recall(gateway, ASKING_HARNESS + "\n# changed")
    with pytest.raises(AssertionError, match="was run"):
        recall(gateway, repeat=1)
    sandbox = ClosedSandbox(Budget(active_s=6.0), level=LEVEL)
    with pytest.raises(AssertionError, match="was run"):
        asyncio.run(evaluate(ASKING_HARNESS, reward_examples(ROLLOUTS), gateway=gateway, sandbox=sandbox))


def test_reward_whose_reply_is_gone_is_none(gateway: Gateway, tmp_path: Path) -> None:
    run(gateway)
    for path in (tmp_path / "replies" / "word").glob("??/*.json"):
        path.unlink()
    with pytest.raises(AssertionError, match="was run"):
        recall(gateway)


def test_reply_that_answers_something_else_is_none(gateway: Gateway, tmp_path: Path) -> None:
    run(gateway)
    first, second, *_ = sorted((tmp_path / "replies" / "word").glob("??/*.json"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(AssertionError, match="was run"):
        recall(gateway)


def test_harness_that_failed_once_is_run_again_everywhere(gateway: Gateway) -> None:
    source = ASKING_HARNESS.replace(
        "    reply", "    if 'BAD' in trajectory.transcript(): raise KeyError(5)\n    reply"
    )
    first = run(gateway, source)
    assert 0 < sum(result.error is not None for result in first.results) < len(first.results)
    with pytest.raises(AssertionError, match="was run"):
        recall(gateway, source)
    assert run(gateway, source).rewards == first.rewards


def test_limit_holds_for_rewards_that_are_kept_too(gateway: Gateway) -> None:
    run(gateway)

    def check(spent: Spent) -> None:
        if spent.calls >= 10:
            raise LimitReached("max_calls", 10, 10)

    gateway.limit(check)
    with pytest.raises(LimitReached):
        recall(gateway)
    assert gateway.spent.calls == 10


@pytest.mark.parametrize("content", ["no json\n", "{}\n[]\n", '{"example": [], "repeat": 0}\n', '{"torn'])
def test_file_that_cannot_be_read_is_a_miss_and_written_again(gateway: Gateway, tmp_path: Path, content: str) -> None:
    first = run(gateway)
    (path,) = (tmp_path / "replies" / "word" / "rewards").glob("*/*.jsonl")
    path.write_text(content)
    assert run(gateway).rewards == first.rewards
    assert recall(gateway).rewards == first.rewards


@pytest.mark.parametrize("reward", ["{}", '{"score": 500.0}', '{"score": null}', '{"score": 5.0, "reason": 5}', "[]"])
def test_line_that_holds_no_reward_is_a_miss(gateway: Gateway, tmp_path: Path, reward: str) -> None:
    first = run(gateway)
    (path,) = (tmp_path / "replies" / "word" / "rewards").glob("*/*.jsonl")
    path.write_text(re.sub(r'"output":\{.*?"findings":\{\}\}', f'"output":{reward}', path.read_text()))
    assert run(gateway).rewards == first.rewards
    assert recall(gateway).rewards == first.rewards


def test_clearing_the_cache_clears_rewards_too(gateway: Gateway, tmp_path: Path) -> None:
    run(gateway)
    (holding,) = clear(tmp_path)
    assert (holding.judge, holding.entries) == ("word", 8)
    assert holdings(tmp_path) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]  # but for a lock


def test_harness_that_has_failed_anywhere_is_run_again_on_everything(gateway: Gateway) -> None:
    first, second = (ROLLOUTS[index].trajectory.transcript() for index in (0, 1))
    shaky = ASKING_HARNESS.replace(
        "    reply", f"    if trajectory.transcript() == {second!r}: raise KeyError(5)\n    reply"
    )
    assert [result.error is not None for result in run(gateway, shaky).results].count(True) == 1
    assert first != second
    with pytest.raises(AssertionError, match="the harness was run"):
        recall(gateway, shaky)
    assert list(gateway.rewards_folder.rglob("*.jsonl")) == []  # type: ignore[union-attr]
