"""Task sets for agents: what is read, and what is refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from meta_reward.errors import DataError
from meta_reward.offline.frontdesk import build
from meta_reward.run.layout import Layout
from meta_reward.run.taskset_record import save_parts, what_changed
from meta_reward.search.studies.copies import save_copy
from meta_reward.tasks.agents import AgentTask, load_agent_set
from meta_reward.tasks.base import digest_of
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.splits import splits_of

COMMITTED = Path(__file__).parents[2] / "tasks" / "frontdesk"
TASK = {"id": "t1", "prompt": "Hello.", "world": "command:python3 world.py"}


def set_of(folder: Path, *tasks: Any) -> Path:
    (folder / "taskset.json").write_text(json.dumps({"schema": 1, "name": "own", "kind": "agent"}))
    (folder / "policy.md").write_text("Be kind.")
    (folder / "tools.json").write_text("[]")
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    return folder


def test_the_committed_set_is_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    committed = load_agent_set(COMMITTED)
    build(tmp_path / "frontdesk")
    assert digest_of(tmp_path / "frontdesk", committed.content) == committed.digest
    assert committed.about.simulated
    assert [len(splits_of(committed)[split]) for split in SPLITS] == [24, 18, 18]


def test_a_task_has_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    loaded = load_agent_set(set_of(tmp_path, TASK))
    assert loaded.agent_tasks == (AgentTask("t1", "Hello.", "command:python3 world.py", {}, 1, ()),)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"id": "a b"}, "id 'a b' is not 1 to 100 letters"),
        ({"prompt": None}, "prompt is missing"),
        ({"world": "nowhere"}, "world 'nowhere' is unknown: known are skyways and command:PROGRAM"),
        ({"world": "command: "}, "world 'command: ' is unknown"),
        ({"world": 3}, "world 3 is unknown"),
        ({"arguments": []}, "arguments is not an object"),
        ({"trials": 0}, "trials is 0, not a whole number from 1 to 100"),
        ({"trials": True}, "trials is True"),
        ({"categories": "refund"}, "categories is not a list of texts"),
    ],
)
def test_what_is_wrong_with_a_task_is_said_with_its_line(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    path = set_of(tmp_path, TASK, {**TASK, "id": "t2", **change})
    with pytest.raises(DataError, match=r"tasks\.jsonl, line 2") as raised:
        load_agent_set(path)
    assert what in str(raised.value)


def test_the_digest_covers_files_of_the_folder_that_commands_name(tmp_path: Path) -> None:
    long = "command:python3 -c '" + "x = 1; " * 100 + "' /dev/null ../outside.py nowhere.py"
    path = set_of(tmp_path, TASK, {**TASK, "id": "t2", "world": long})
    (path / "world.py").write_text("1")
    digests = [load_agent_set(path).digest]
    for name in ("world.py", "helper.py"):
        (path / name).write_text("2")
        digests.append(load_agent_set(path).digest)
    assert load_agent_set(path).programs == ("world.py",)
    assert [digest == digests[1] for digest in digests] == [False, True, True]


def test_a_run_says_that_a_world_has_changed(tmp_path: Path) -> None:
    path, layout = set_of(tmp_path, *({**TASK, "id": f"t{n}"} for n in range(3))), Layout(tmp_path / "run")
    (path / "world.py").write_text("1")
    taskset = load_agent_set(path)
    save_parts(layout, taskset, splits_of(taskset))
    (path / "world.py").write_text("2")
    assert what_changed(layout, load_agent_set(path), splits_of(taskset)) == "1 program changed (world.py)"


def test_a_copy_for_a_study_has_the_worlds_and_they_may_be_started(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    path = set_of(tmp_path / "own", *({**TASK, "id": f"t{n}", "world": "command:./world"} for n in range(3)))
    (path / "world").write_text("#!/bin/sh\n")
    (path / "world").chmod(0o755)
    save_copy(load_agent_set(path), tmp_path / "copy")
    assert (tmp_path / "copy" / "world").stat().st_mode & 0o777 == 0o755


def test_an_id_twice_and_no_tasks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="id 't1' occurs twice"):
        load_agent_set(set_of(tmp_path, TASK, TASK))
    with pytest.raises(DataError, match="holds no tasks"):
        load_agent_set(set_of(tmp_path))
