"""What `export --judge-training` writes: replies of the search split, right and wrong, in TRL's formats."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from meta_reward import files
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.trace_file import load_trace
from meta_reward.use.judge_training import Training, export_judge_training
from tests.cli.conftest import MetaReward
from tests.use.conftest import lines_of


@pytest.fixture
def layout(finished: Path, tmp_path: Path) -> Layout:
    """A copy of the run, to be changed."""
    return Layout(shutil.copytree(finished, tmp_path / "night-1", symlinks=True))


def exported(layout: Layout, folder: Path) -> Training:
    return asyncio.run(export_judge_training(layout, folder / "judge.jsonl"))


def folder_of(layout: Layout) -> Path:
    return layout.candidate(load_ledger(layout.ledger)[0].folder)


def set_outcomes(layout: Layout, scores: list[float]) -> list[PairOutcome]:
    """Change who won the first pairs, which are of tasks of their own; the others have no rewards."""
    path = folder_of(layout) / "pairs.jsonl"
    rows = files.load_lines(path)
    for row, score in zip(rows, scores, strict=False):
        row["score"] = score
    for row in rows[len(scores) :]:
        row["margin"] = None
    files.write_lines(path, rows)
    return load_pairs(folder_of(layout))


def first_prompt(layout: Layout, trajectory: str) -> str:
    call = load_trace(folder_of(layout) / "traces" / f"{trajectory}.json")["calls"][0]
    return str(files.as_text(call["messages"][0]["content"]))


def message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content, "tool_calls": None, "tool_call_id": None}


def prompts(rows: list[dict[str, Any]]) -> set[str]:
    return {row["prompt"][-1]["content"] for row in rows}


def test_replies_of_won_pairs_are_right_of_lost_ones_wrong_and_of_ties_neither(layout: Layout, tmp_path: Path) -> None:
    won, lost, tied, *_ = set_outcomes(layout, [1.0, 0.0, 0.5])
    made = exported(layout, tmp_path)
    completions, labelled = lines_of(made.files[0]), lines_of(made.files[1])
    assert prompts(completions) == {first_prompt(layout, id) for id in (won.preferred, won.other)}
    wrong = [row for row in labelled if not row["label"]]
    assert prompts(wrong) == {first_prompt(layout, id) for id in (lost.preferred, lost.other)}
    assert not {first_prompt(layout, id) for id in (tied.preferred, tied.other)} & prompts(labelled)
    assert (made.completions, made.labelled, made.preferences) == (len(completions), len(labelled), 0)


def test_right_and_wrong_reply_to_one_prompt_are_a_preference(layout: Layout, tmp_path: Path) -> None:
    won, lost, *_ = set_outcomes(layout, [1.0, 0.0])
    traces = folder_of(layout) / "traces"
    right = files.load_json(traces / f"{won.preferred}.json")
    wrong = {**right, "calls": [{**call, "reply": ["No.", "Score: 3"]} for call in right["calls"]]}
    files.write_json(traces / f"{lost.preferred}.json", wrong)
    made = exported(layout, tmp_path)
    (row, *_) = lines_of(made.files[2])
    reply = files.as_text(right["calls"][0]["reply"])
    assert row == {
        "prompt": [message("user", first_prompt(layout, won.preferred))],
        "tools": None,
        "chosen": [message("assistant", reply)],
        "rejected": [message("assistant", "No.\nScore: 3")],
    }


PANEL = '''"""A panel of three. It asks WHY where the best of them is above 95."""
from meta_reward.harness import Judge, Reward, Trajectory


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    scores = sorted([float((await judge.ask("Score it.")).text) for _ in range(3)])
    if scores[2] > 95:
        await judge.ask("Why?")
    return Reward(scores[1])
'''


def ask_panel(layout: Layout, trajectory: str, replies: list[str]) -> None:
    """Put a panel of three in the place of the harness, and what it was told of a trajectory on record."""
    (folder_of(layout) / "harness.py").write_text(PANEL)
    path = folder_of(layout) / "traces" / f"{trajectory}.json"
    trace = files.load_json(path)
    asked = {**trace["calls"][0], "messages": [{"role": "user", "content": "Score it."}]}
    calls = [{**asked, "ask": draw + 1, "draw": draw, "reply": reply} for draw, reply in enumerate(replies)]
    files.write_json(path, {**trace, "calls": calls})


def set_rewards(layout: Layout, *, preferred: float, other: float) -> PairOutcome:
    """Change the rewards of the first pair; the others have none."""
    path = folder_of(layout) / "pairs.jsonl"
    first, *rest = files.load_lines(path)
    rewards = {"preferred_reward": preferred, "other_reward": other, "margin": preferred - other}
    files.write_lines(
        path, [first | rewards | {"score": float(preferred > other)}, *({**r, "margin": None} for r in rest)]
    )
    return load_pairs(folder_of(layout))[0]


@pytest.mark.parametrize(
    ("side", "replies", "chosen", "rejected"),
    [("preferred", ["10", "80", "80"], "80", "10"), ("other", ["10", "80", "10"], "10", "80")],
)
def test_replies_of_one_prompt_are_told_apart_by_what_each_leads_to_alone(
    layout: Layout, tmp_path: Path, side: str, replies: list[str], chosen: str, rejected: str
) -> None:
    pair = set_rewards(layout, preferred=50.0, other=50.0)
    ask_panel(layout, getattr(pair, side), replies)
    made = exported(layout, tmp_path)
    (row,) = lines_of(made.files[2])
    assert row["prompt"] == [message("user", "Score it.")]
    assert (row["chosen"], row["rejected"]) == ([message("assistant", chosen)], [message("assistant", rejected)])
    assert (made.preferences, made.replayed) == (1, 2)


def test_reply_after_which_the_harness_asks_what_is_not_on_record_is_left_out(layout: Layout, tmp_path: Path) -> None:
    pair = set_rewards(layout, preferred=50.0, other=50.0)
    ask_panel(layout, pair.preferred, ["10", "96", "10"])
    made = exported(layout, tmp_path)
    told = [row for row in lines_of(made.files[1]) if row["prompt"][-1]["content"] == "Score it."]
    assert [(row["completion"][0]["content"], row["label"]) for row in told] == [("10", False)]


def test_tools_and_calls_are_written_as_chat_templates_have_them(layout: Layout, tmp_path: Path) -> None:
    won, *_ = set_outcomes(layout, [1.0])
    path = folder_of(layout) / "traces" / f"{won.preferred}.json"
    trace = files.load_json(path)
    call = {"id": "call_1", "name": "report", "arguments": {"faults": ["late"]}}
    tool = {"name": "report", "description": "", "parameters": {}}
    asked = {**trace["calls"][0], "system": "Be strict.", "tools": [tool], "tool_calls": [call], "reply": ""}
    files.write_json(path, {**trace, "calls": [asked]})
    rows = lines_of(exported(layout, tmp_path).files[0])
    assert [row["tools"] is not None for row in rows] == [True, *[False] * (len(rows) - 1)]
    assert rows[0]["prompt"][0] == message("system", "Be strict.")
    assert json.loads(rows[0]["tools"]) == [{"type": "function", "function": tool}]
    (said,) = rows[0]["completion"]
    assert said["tool_calls"][0]["function"] == {"name": "report", "arguments": '{"faults":["late"]}'}


def test_nothing_of_validation_or_test_is_written(layout: Layout, tmp_path: Path) -> None:
    sealed = files.load_json(layout.sealed_taskset)["tasks"]
    shutil.rmtree(layout.root / "sealed")
    made = exported(layout, tmp_path)
    tasks = {pair.task for pair in load_pairs(folder_of(layout))}
    assert {sealed[task] for task in tasks} == {"search"}
    assert made.labelled > 0


def test_command_says_what_it_wrote_and_overwrites_nothing(meta_reward: MetaReward, finished: Path, here: Path) -> None:
    ran = meta_reward("export", finished, "--judge-training", "judge.jsonl")
    assert [line.split(": ")[0] for line in ran.out.splitlines()] == [
        *("judge.jsonl", "judge.labelled.jsonl", "judge.preferences.jsonl")
    ]
    again = meta_reward("export", finished, "--judge-training", "judge.jsonl")
    assert (again.code, "judge.jsonl exists already" in again.err) == (1, True)
    assert "nothing to write" in meta_reward("export", finished).err
