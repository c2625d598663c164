"""`meta-reward import --kind agent` as its user meets it: tasks, what they share, their worlds, and what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from meta_reward.tasks.agents import AgentSet, load_agent_set
from tests.cli.conftest import MetaReward

WORLD = "command:python3 worlds/shop.py --all"
REFUND = {"name": "refund", "description": "Pay back.", "parameters": {"type": "object"}}


def row(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"t{n}", "prompt": f"Refund order {n}.", "world": WORLD, "arguments": {"order": n}, **more}


def write(path: Path, *rows: Any) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def refused(meta_reward: MetaReward, command: str) -> str:
    ran = meta_reward(*f"import {command} --name shop --kind agent".split())
    assert (ran.code, ran.out) == (1, "")
    return ran.err.removeprefix("meta-reward: ").removesuffix("\n")


def imported(meta_reward: MetaReward, here: Path, command: str) -> tuple[str, AgentSet]:
    ran = meta_reward(*f"import {command} --name shop --kind agent".split())
    assert (ran.code, ran.err) == (0, "")
    return ran.out, load_agent_set(here / "tasks" / "shop")


def test_tasks_come_in_with_what_they_share_and_the_files_of_their_worlds(meta_reward: MetaReward, here: Path) -> None:
    folder = here / "mine"
    (folder / "worlds").mkdir(parents=True)
    (folder / "worlds" / "shop.py").write_text("print()")
    (folder / "policy.md").write_text("Be kind.\n")
    first = row(1, policy="Be unkind.", tools=[{"type": "function", "function": REFUND}])
    write(folder / "rows.jsonl", first, row(2, trials=3, categories=["refund"]), row(3, id=3, world="skyways"))
    out, taskset = imported(meta_reward, here, "mine/rows.jsonl --policy mine/policy.md")
    assert (
        out
        == """\
3 tasks, 5 trials: search 1, validation 1, test 1
a policy of 9 characters; 1 tool
worlds: command:python3 worlds/shop.py --all 2 tasks, skyways 1 task
files of the worlds, kept in the set: worlds/shop.py
categories: refund 1
too few for a tested decision; about 189 tasks find a gain of 20 points
written to tasks/shop
"""
    )
    assert [task.id for task in taskset.agent_tasks] == ["t1", "t2", "3"]
    assert (taskset.policy, taskset.tools[0].name, taskset.about.source) == ("Be kind.\n", "refund", "mine/rows.jsonl")
    assert (here / "tasks" / "shop" / "worlds" / "shop.py").read_text() == "print()"


def test_a_json_list_comes_in_and_a_world_that_is_elsewhere_is_told(meta_reward: MetaReward, here: Path) -> None:
    (here / "rows.json").write_text(json.dumps([row(n, policy="Be kind.") for n in range(4)]))
    out, taskset = imported(meta_reward, here, "rows.json")
    wanted = "look at: world python3 worlds/shop.py --all names no file beside the rows: put its program there, or a "
    assert wanted + "change of it goes unnoticed\n" in out
    assert taskset.policy == "Be kind."
    (here / "tasks" / "shop" / "worlds").mkdir()
    (here / "tasks" / "shop" / "worlds" / "shop.py").write_text("print()")
    out, again = imported(meta_reward, here, "rows.json --force")
    assert "kept in the set: worlds/shop.py" in out
    assert (again.division, again.digest != taskset.digest) == (taskset.division, True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "a b"}, "id 'a b' is not 1 to 100 letters, digits, dots, dashes and underscores"),
        ({"id": "t1"}, "id: 't1' occurs twice, first in rows.jsonl, line 1"),
        ({"prompt": ["Hi"]}, "prompt is missing or not text"),
        ({"world": "shop.py"}, "world 'shop.py' is unknown: known are skyways and command:PROGRAM"),
        ({"world": "command:python3 'shop.py"}, "has an unclosed quotation mark"),
        ({"world": "command:python3 \0"}, "has a character that is not allowed in a command"),
        ({"arguments": "order 7"}, "arguments is not an object"),
        ({"arguments": {"a": json.loads("[" * 900 + "]" * 900)}}, "arguments is nested too deeply"),
        ({"trials": 1.5}, "trials is 1.5, not a whole number from 1 to 100"),
        ({"categories": [1]}, "categories is not a list of texts"),
        (
            {"policy": "Be quick."},
            "policy: differs from rows.jsonl, line 1: all tasks of a set share one; give it",
        ),
        ({"tools": [REFUND, {}]}, "tool 2: "),
        ({"tools": []}, "tools: differs from rows.jsonl, line 1: all tasks of a set share one; give it with --tools"),
    ],
)
def test_each_bad_row_is_one_clear_line(meta_reward: MetaReward, here: Path, change: dict[str, Any], told: str) -> None:
    shared = {"policy": "Be kind.", "tools": [REFUND]}
    write(here / "rows.jsonl", row(1, **shared), {**row(2, **shared), **change}, row(3), row(4))
    said = refused(meta_reward, "rows.jsonl")
    assert said.startswith("rows.jsonl, line 2")
    assert told in said
    assert "\n" not in said


def test_fields_that_mean_nothing_are_told(meta_reward: MetaReward, here: Path) -> None:
    write(here / "rows.jsonl", row(1, trails=3), row(2, trails=3, note="\x1b[2J"), row(3), row(4))
    out, _ = imported(meta_reward, here, "rows.jsonl")
    assert "look at: unknown fields were ignored: note (1 row), trails (2 rows)\n" in out


def test_all_bad_rows_are_told_at_once_or_left_out(meta_reward: MetaReward, here: Path) -> None:
    (here / "rows.jsonl").write_text("".join(json.dumps(row(n)) + "\n" for n in range(4)) + "[]\n{\n")
    assert refused(meta_reward, "rows.jsonl").splitlines()[1:] == [
        "  rows.jsonl, line 5: is a list, not an object",
        "  rows.jsonl, line 6: is not valid JSON: unexpected end of data",
        "  correct the rows, or leave them out with --skip-errors",
    ]
    out, taskset = imported(meta_reward, here, "rows.jsonl --skip-errors")
    assert "skipped 2 of 6: line 5: is a list, not an object" in out
    assert len(taskset.agent_tasks) == 4


def test_too_few_tasks_and_options_of_other_kinds_are_refused(meta_reward: MetaReward, here: Path) -> None:
    write(here / "rows.jsonl", row(1), row(2))
    said = "rows.jsonl: holds too few tasks to divide into three splits: 2, at least 3 are needed"
    assert refused(meta_reward, "rows.jsonl").startswith(said)
    assert "--labels means nothing to --kind agent" in refused(meta_reward, "rows.jsonl --labels rows.jsonl")
    assert not (here / "tasks").exists()


def test_task_with_the_name_of_another_ones_trial_is_refused(meta_reward: MetaReward, here: Path) -> None:
    write(Path("rows.jsonl"), row(1, trials=2), row(2), row(3, id="t1-2", tools=[], policy=""))
    told = refused(meta_reward, "rows.jsonl")
    assert told == "rows.jsonl: task 't1-2' has the same name as a trial of task 't1' (rename one of them)"
