"""Task sets on disk: what is written is what is loaded, and what is broken is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError, UsageError
from meta_reward.tasks.about import About
from meta_reward.tasks.base import digest_of
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.records import is_name
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from meta_reward.trajectory import Pair, Rollout, Tool
from tests.conftest import make_rollouts, make_task_set, make_trajectory

PAIRS = [Pair("p1", "t01", "t01-r1", "t01-r2", ("refusal",)), Pair("p2", "t02", "t02-r3", "t02-r2")]


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_task_set_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    own = replace(make_trajectory("a\nb", policy="Be\nstrict."), tools=(Tool("refund", "Give back."),))
    rollouts = [*make_rollouts(2), Rollout("own", "t02", own, None), Rollout("none", "t02", replace(own, tools=()))]
    about = About("desk", "made up", "MIT", simulated=True, category_notes={"refusal": "says no"})
    tools = rollouts[0].trajectory.tools
    save_task_set(tmp_path / "desk", about, policy="Be kind.", tools=tools, rollouts=rollouts, pairs=PAIRS)
    loaded = load_task_set(tmp_path / "desk")
    assert (loaded.about, loaded.policy, loaded.tools) == (about, "Be kind.", tools)
    assert loaded.rollouts == {rollout.id: rollout for rollout in sorted(rollouts, key=lambda r: r.id)}
    assert (loaded.pairs, loaded.division, loaded.tasks_with_items) == (tuple(PAIRS), None, ("t01", "t02"))


def test_trajectory_file_is_made_for_grep(tmp_path: Path) -> None:
    make_task_set(tmp_path / "desk", tasks=1)
    text = (tmp_path / "desk" / "trajectories" / "t01-r2.json").read_text()
    assert text.startswith('{\n  "id": "t01-r2",\n  "task": "t01",\n  "success": 0,\n  "messages": [\n')
    assert '        "I did BAD."\n' in text


def test_saving_over_a_task_set_wants_to_be_told(tmp_path: Path) -> None:
    first = make_task_set(tmp_path / "desk", tasks=3)
    with pytest.raises(UsageError, match="desk exists"):
        make_task_set(tmp_path / "desk", tasks=5)
    assert load_task_set(tmp_path / "desk") == first


@pytest.mark.parametrize(
    "name",
    ["taskset.json", "policy.md", "tools.json", "pairs.jsonl", "trajectories/t01-r1.json", "trajectories/t03-r4.json"],
)
def test_digest_tells_any_change_of_what_a_search_depends_on(tmp_path: Path, name: str) -> None:
    before = make_task_set(tmp_path / "desk", tasks=3).digest
    with (tmp_path / "desk" / name).open("a") as file:
        file.write("\n")
    assert digest_of(tmp_path / "desk", TaskSet.content) != before


def test_digest_tells_a_renamed_trajectory_and_new_splits(tmp_path: Path) -> None:
    digests = {make_task_set(tmp_path / "desk", tasks=3).digest}
    (tmp_path / "desk" / "splits.json").write_text("{}")
    digests.add(digest_of(tmp_path / "desk", TaskSet.content))
    trajectory = tmp_path / "desk" / "trajectories" / "t01-r1.json"
    trajectory.rename(trajectory.with_name("t01-r9.json"))
    digests.add(digest_of(tmp_path / "desk", TaskSet.content))
    assert len(digests) == 3


def test_digest_does_not_depend_on_the_place_nor_on_other_files(tmp_path: Path) -> None:
    before = make_task_set(tmp_path / "desk", tasks=3).digest
    (tmp_path / "desk" / "openings.jsonl").write_text("{}\n")
    assert digest_of((tmp_path / "desk").rename(tmp_path / "elsewhere"), TaskSet.content) == before


def test_own_splits_are_taken_over(tmp_path: Path) -> None:
    make_task_set(tmp_path / "desk", tasks=4)
    splits = {"search": ["t01", "t04"], "validation": ["t02"], "test": ["t03"]}
    (tmp_path / "desk" / "splits.json").write_text(json.dumps(splits))
    division = load_task_set(tmp_path / "desk").division
    assert division == Division({name: tuple(tasks) for name, tasks in splits.items()}, SplitShares())


SPLITS = '{"search": ["t01"], "validation": [%s], "test": [%s]}'
TRAJECTORY = "trajectories/t01-r1.json"
FIRST_PAIR = {"id": "p", "task": "t01", "preferred": "t01-r1", "other": "t01-r2"}


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("taskset.json", "[]", "is not the description of a task set"),
        ("taskset.json", '{"schema": 9, "name": "desk"}', "has schema 9; this version reads 1"),
        ("taskset.json", '{"schema": 1, "name": "../desk"}', "name '../desk' is not letters"),
        ("tools.json", "{}", "is not a list of tools"),
        ("tools.json", '[{"name": "a"}, {}]', "tool 2: name is missing, not text"),
        (TRAJECTORY, "[]", "is not a trajectory"),
        (TRAJECTORY, '{"id": "t01-r1", "deep": ' + "[" * 250 + "]" * 250 + "}", "is nested too deeply"),
        (TRAJECTORY, '{"id": "t01-r2"}', "id 't01-r2' does not match the file's name"),
        (TRAJECTORY, '{"id": "t01-r1"}', "has no task"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01", "success": 0.5}', "success is 0.5, not 1, 0 or null"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01", "success": true}', "success is True"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01"}', "messages is missing"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01", "messages": []}', "has no messages"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01", "messages": [5]}', "message 1: message is of type int"),
        (TRAJECTORY, '{"id": "t01-r1", "task": "t01", "messages": [{"role": "user"}], "tools": [{}]}', "tool 1: name"),
        ("pairs.jsonl", "", "holds no pairs"),
        ("pairs.jsonl", "5", "line 1: is not a pair"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "other": None}), "line 1: is not a pair"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "other": "x"}), "line 1: names trajectory 'x', which does not exist"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "other": "t02-r2"}), "trajectory 't02-r2' belongs to task 't02'"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "other": "t01-r1"}), "line 1: pairs 't01-r1' with itself"),
        ("pairs.jsonl", f"{json.dumps(FIRST_PAIR)}\n" * 2, "line 2: pair id 'p' occurs twice"),
        ("pairs.jsonl", f"{json.dumps(FIRST_PAIR)}\n\n5\n", "line 3: is not a pair"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "categories": 5}), "line 1"),
        ("pairs.jsonl", json.dumps({**FIRST_PAIR, "categories": "refusal"}), "line 1"),
        ("splits.json", "[]", "needs a list of tasks for each of search, validation, test"),
        ("splits.json", SPLITS % ('"t02"', '"t03", "t01"'), "task 't01' is in search and in test"),
        ("splits.json", SPLITS % ('"t02", "t02"', '"t03"'), "task 't02' is in validation twice"),
        ("splits.json", SPLITS % ('"t02", "t03"', ""), "no task of split test has pairs"),
        (
            "splits.json",
            SPLITS % ('"t02", "x1"', '"t03", "x2"'),
            "names task 'x1' and 1 more, which this task set does",
        ),
        ("splits.json", SPLITS % ("5", '"t03"'), "needs a list of tasks for each of search, validation, test"),
        ("splits.json", SPLITS % ('"t02"', '"t03"], "train": ['), "unknown key 'train'"),
        ("splits.json", SPLITS % ('"t02"', '"t03"], "shares": ["x"'), "shares are not three positive numbers"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, name: str, content: str, complaint: str) -> None:
    make_task_set(tmp_path / "desk", tasks=3)
    (tmp_path / "desk" / name).write_text(content)
    with pytest.raises(DataError) as raised:
        load_task_set(tmp_path / "desk")
    assert str(tmp_path / "desk" / name) in str(raised.value)
    assert complaint in str(raised.value)


@pytest.mark.parametrize("policy", [None, 5, {}, ["a", 5]])
def test_policy_of_a_trajectory_that_is_no_text_is_named(tmp_path: Path, policy: Any) -> None:
    make_task_set(tmp_path / "desk", tasks=3)
    edit(tmp_path / "desk" / TRAJECTORY, lambda data: {**data, "policy": policy})
    with pytest.raises(DataError, match=r"t01-r1\.json.*policy"):
        load_task_set(tmp_path / "desk")


@pytest.mark.parametrize("name", ["taskset.json", "policy.md", "tools.json", "pairs.jsonl"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    make_task_set(tmp_path / "desk", tasks=3)
    (tmp_path / "desk" / name).unlink()
    with pytest.raises(DataError, match=f"{name}: no such file"):
        load_task_set(tmp_path / "desk")


def test_missing_folder_and_folder_without_trajectories_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="desk: is not a task set: no such folder"):
        load_task_set(tmp_path / "desk")
    make_task_set(tmp_path / "desk", tasks=3)
    (tmp_path / "desk" / "trajectories").rename(tmp_path / "desk" / "moved")
    with pytest.raises(DataError, match="trajectories: holds no trajectories"):
        load_task_set(tmp_path / "desk")


@pytest.mark.parametrize(
    ("text", "fits"),
    [("night-1", True), ("A.b_c", True), ("", False), ("-x", False), (".x", False), ("a/b", False), ("a\n", False)],
)
def test_name_is_no_path_and_no_surprise(text: str, fits: bool) -> None:
    assert is_name(text) is fits


def test_only_true_makes_a_task_set_simulated(tmp_path: Path) -> None:
    make_task_set(tmp_path / "desk", tasks=3)
    edit(tmp_path / "desk" / "taskset.json", lambda data: {**data, "simulated": "no"})
    assert not load_task_set(tmp_path / "desk").about.simulated


def test_tasks_with_items_are_sorted_whatever_the_order_of_the_pairs(tmp_path: Path) -> None:
    path = make_task_set(tmp_path / "desk", tasks=3).path / "pairs.jsonl"
    path.write_text("\n".join(reversed(path.read_text().splitlines())))
    assert load_task_set(tmp_path / "desk").tasks_with_items == ("t01", "t02", "t03")


def test_part_of_a_task_set_holds_the_rollouts_of_its_tasks_by_id_and_their_pairs(tmp_path: Path) -> None:
    taskset = make_task_set(tmp_path / "desk")
    first, *_, last = taskset.tasks_with_items
    rollouts, pairs = taskset.part([last, first])
    assert [r.id for r in rollouts] == sorted(id for id, r in taskset.rollouts.items() if r.task in (first, last))
    assert pairs == [pair for pair in taskset.pairs if pair.task in (first, last)]
