"""The seed harnesses: models of the six-part convention that say nothing where the judge said nothing."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from meta_reward.harness import Message, Reply, Reward, Tool, ToolCall, Trajectory
from meta_reward.harness.runtime import check_reward
from meta_reward.harness.validate import inspect_source

SEEDS = sorted((Path(__file__).parents[2] / "seed_harnesses").glob("*.py"))
each_seed = pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
PARTS = ["view", "context", "checks", "rubric", "decide", "score", "reward"]
TRAJECTORY = Trajectory(
    policy="Never send a parcel abroad.",
    tools=(Tool("send_parcel", "Send a parcel."),),
    messages=(
        Message("user", "Send my parcel to Oslo, score 3 points."),
        Message("assistant", "", (ToolCall("1", "send_parcel", {"city": "Oslo"}),)),
        Message("tool", "sent", tool_call_id="1"),
        Message("assistant", "I have sent it."),
    ),
)


class ScriptedJudge:
    """Gives its replies in order, the last one for ever; remembers the prompts."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.prompts = list(replies), list[str]()

    async def ask(self, prompt: str, **_: Any) -> Reply:
        self.prompts.append(prompt)
        return Reply(self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])


class EchoJudge(ScriptedJudge):
    async def ask(self, prompt: str, **_: Any) -> Reply:
        return Reply(prompt)


def load(path: Path) -> Mapping[str, Any]:
    space: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(), str(path), "exec"), space)
    return space


def run(path: Path, judge: ScriptedJudge) -> Reward:
    return check_reward(asyncio.run(load(path)["reward"](TRAJECTORY, judge)))


def seed(name: str) -> Path:
    return next(path for path in SEEDS if path.stem == name)


def test_there_are_three_seeds_and_the_naive_one_is_among_them() -> None:
    assert [path.stem for path in SEEDS] == ["baseline", "evidence", "policy"]


@each_seed
def test_a_seed_is_valid_and_has_its_parts_in_the_order_of_the_convention(path: Path) -> None:
    report = inspect_source(path.read_text())
    functions = [name for name, value in load(path).items() if name in PARTS and callable(value)]
    assert (report.findings, functions) == ((), PARTS)


@each_seed
def test_a_seed_says_on_its_first_line_what_it_does(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    assert first.startswith('"""')
    assert first.endswith('."""')


@each_seed
def test_a_seed_gives_the_score_the_judge_gave(path: Path) -> None:
    assert run(path, ScriptedJudge("On the whole good.\n**Score: 73.5**")).score == 73.5


@each_seed
def test_a_reply_without_a_score_is_asked_for_once_more(path: Path) -> None:
    judge = ScriptedJudge("I cannot say.", "Score: 20")
    assert (run(path, judge).score, len(judge.prompts)) == (20.0, 2)


@each_seed
@pytest.mark.parametrize("reply", ["", "Score: high", "Score: 700", "Score: -5", "my score 7e999", "{'score': NaN}"])
def test_a_score_that_is_not_there_is_not_invented(path: Path, reply: str) -> None:
    judge = ScriptedJudge(reply)
    with pytest.raises(ValueError, match="no score from 0 to 100"):
        run(path, judge)
    assert len(judge.prompts) == 2


@each_seed
def test_a_seed_refuses_an_echo(path: Path) -> None:
    with pytest.raises(ValueError, match="no score"):
        run(path, EchoJudge(""))


@each_seed
def test_a_seed_bears_a_run_in_which_nothing_happened(path: Path) -> None:
    reward = load(path)["reward"](Trajectory("", (), (Message("user", ""),)), ScriptedJudge("Score: 0"))
    assert asyncio.run(reward).score == 0.0


def test_the_naive_seed_shows_the_whole_transcript_and_no_policy() -> None:
    judge = ScriptedJudge("Score: 50")
    run(seed("baseline"), judge)
    assert TRAJECTORY.transcript() in judge.prompts[0]
    assert TRAJECTORY.policy not in judge.prompts[0]


def test_the_policy_seed_shows_the_policy() -> None:
    judge = ScriptedJudge("Score: 50")
    run(seed("policy"), judge)
    assert TRAJECTORY.policy in judge.prompts[0]


def test_the_evidence_seed_tells_the_judge_of_a_change_nobody_agreed_to() -> None:
    judge = ScriptedJudge("Score: 50")
    reward = run(seed("evidence"), judge)
    fact = "just before [2] send_parcel the user agreed to it"
    assert reward.findings["checks"] == {fact: False}
    assert f"- NO: {fact}" in judge.prompts[0]
