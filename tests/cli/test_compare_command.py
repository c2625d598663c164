"""Programs that compare, and single pairs, from the command line."""

import json
from pathlib import Path

import pytest

from meta_reward.trajectory import message_to_json
from tests.cli.conftest import MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.conftest import make_task_set

COMPARES = '''"""The longer one is better."""

from meta_reward.harness import Comparison, Judge, Trajectory


async def compare(trajectories: tuple[Trajectory, ...], judge: Judge) -> Comparison:
    reply = await judge.ask("Which is better?" + "\\n\\n".join(one.transcript() for one in trajectories))
    return Comparison([min(100, len(one.transcript()) / 10) for one in trajectories], reason=reply.text[:20])
'''
JUDGE = ("--judge", "simulated")


@pytest.fixture
def files(here: Path) -> list[str]:
    """A good and a bad run of a small task set, each in a file of its own."""
    taskset = make_task_set(here / "tasks" / "small", tasks=4)
    names = []
    for id in ("t01-r1", "t01-r2"):
        messages = [message_to_json(message) for message in taskset.rollouts[id].trajectory.messages]
        (here / f"{id}.json").write_text(json.dumps({"messages": messages}))
        names.append(f"{id}.json")
    (here / "compares.py").write_text(COMPARES)
    return names


def test_program_that_compares_is_evaluated_on_a_task_set_of_pairs(meta_reward: MetaReward, files: list[str]) -> None:
    told = json.loads(meta_reward("evaluate", "compares.py", "small", *JUDGE, "--json").out)
    assert (told["kind"], told["examples"], told["items"]) == ("compare", 16, 8)
    assert set(told["comparisons"]) == {"same", "first", "ties", "groups"}
    assert told["labels"] is None
    text = meta_reward("evaluate", "compares.py", "small", *JUDGE).out
    assert "same in each order" in text
    assert "group of" in text


def test_pair_is_judged_in_both_orders_with_what_the_judge_said(meta_reward: MetaReward, files: list[str]) -> None:
    ran = meta_reward("score", "compares.py", *JUDGE, "--pair", *files, "--show-chain")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("shown first") == 4
    assert "A is preferred" in ran.out
    assert "answer: " in ran.out
    told = json.loads(meta_reward("score", "compares.py", *JUDGE, "--pair", *files, "--json", "--show-chain").out)
    assert (told["kind"], told["preferred"], told["depends_on_order"]) == ("compare", "A", False)
    assert [(one["shown"], len(one["calls"])) for one in told["runs"]] == [(["A", "B"], 1), (["B", "A"], 1)]


def test_reward_scores_both_of_a_pair_by_themselves(meta_reward: MetaReward, files: list[str]) -> None:
    told = json.loads(meta_reward("score", "seed_harnesses/baseline.py", *JUDGE, "--pair", *files, "--json").out)
    assert (told["kind"], [one["shown"] for one in told["runs"]]) == ("reward", [["A"], ["B"]])
    assert "calls" not in told["runs"][0]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--pair", "a", "b"), "there is no file a"),
        (("--pair", "two.jsonl", "two.jsonl"), "two.jsonl holds 2 trajectories"),
        (("--pair", "pair.jsonl", "pair.jsonl"), "holds several trajectories"),
        (("two.jsonl", "--pair", "a", "b"), "--pair takes no FILE"),
        (("two.jsonl", "--show-chain"), "--show-chain and --json go with --pair"),
        ((), "Missing argument 'FILE...', or --pair"),
    ],
)
def test_what_is_no_pair_is_one_clear_line(
    meta_reward: MetaReward, here: Path, files: list[str], arguments: tuple[str, ...], what: str
) -> None:
    said = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}]
    (here / "two.jsonl").write_text(json.dumps({"messages": said}) + "\n" + json.dumps({"messages": said}))
    (here / "pair.jsonl").write_text(json.dumps({"chosen": said, "rejected": said[:1]}))
    ran = meta_reward("score", "compares.py", *JUDGE, *arguments)
    assert ran.code in (1, 2)
    assert what in ran.err


@pytest.mark.slow
def test_search_over_programs_that_compare_tells_one_story(
    meta_reward: MetaReward, here: Path, files: list[str]
) -> None:
    (here / "begin").mkdir()
    (here / "begin" / "baseline.py").write_text(COMPARES)
    search = ("search", "small", "--run", "pairs", "--kind", "compare", "--judge", "simulated:comparer")
    ran = meta_reward(*search, "--seeds", "begin", "--iterations", "1", "--candidates", "1")
    assert ran.code == 0, ran
    assert meta_reward("search", "pairs").code == 0
    assert "comparisons" in meta_reward("test", "pairs", "--no-controls").out
    task = sorted(path.name for path in (here / "runs/pairs/history/taskset/trajectories").iterdir())[0][:3]
    assert "comparison" in meta_reward("trace", "pairs", "c0001", f"{task}-p1").out
    assert "failed of 8" in meta_reward("failures", "pairs", "c0001").out
    assert meta_reward("score", "pairs", "--pair", f"{task}-r1", f"{task}-r2").code == 0
    sealed = next(f"t{n:02d}-r1" for n in range(1, 5) if f"t{n:02d}" != task)
    assert "in the search split of run pairs" in meta_reward("score", "pairs", "--pair", f"{task}-r1", sealed).err
    assert "run pairs is of kind compare, and this needs rewards" in meta_reward("score", "pairs", *files).err
    assert (here / "runs/pairs/report.html").exists()
    assert meta_reward("search", "pairs", "--kind", "reward").code == 1
