"""Task sets as the command line finds, divides and grows them."""

import json
from pathlib import Path
from typing import Any

from meta_reward.files import load_lines
from meta_reward.tasks.taskset import load_task_set
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import make_task_set

EVALUATE = ("evaluate", "one_seed/baseline.py", "small", "--judge", "simulated")


def stored(here: Path, name: str = "small") -> dict[str, list[str]]:
    return json.loads((here / "tasks" / name / "splits.json").read_text())


def tau_bench(path: Path, tasks: range) -> Path:
    def entry(task: int, trial: int) -> dict[str, Any]:
        said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": f"Case {task}-{trial}"}]
        return {"task_id": task, "trial": trial, "reward": trial, "traj": said}

    path.write_text(json.dumps([entry(task, trial) for task in tasks for trial in (0, 1)]))
    return path


def test_first_command_that_needs_splits_writes_them_down_and_says_so_once(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4, by_hand=True)
    meta_reward("tasks")
    assert not (here / "tasks" / "small" / "splits.json").exists()
    ran = meta_reward(*EVALUATE)
    assert "small/splits.json: 4 tasks divided and written down: 2 to search, 1 to validation, 1 to test\n" in ran.err
    assert meta_reward(*EVALUATE).err == ""
    assert sorted(task for tasks in stored(here).values() for task in tasks) == ["t01", "t02", "t03", "t04"]


def test_importing_again_keeps_the_splits_of_what_stays(meta_reward: MetaReward, here: Path) -> None:
    command = ("import", "results.json", "--name", "air", "--force")
    tau_bench(here / "results.json", range(10))
    meta_reward(*command)
    before = stored(here, "air")
    tau_bench(here / "results.json", range(2, 16))
    assert meta_reward(*command).code == 0
    after = stored(here, "air")
    for split in before:
        assert set(before[split]) - {"t000", "t001"} <= set(after[split])
    assert sorted(len(tasks) for tasks in after.values()) == [4, 4, 6]


def test_splits_that_do_not_fit_the_tasks_are_one_clear_line(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    (here / "tasks/small/splits.json").write_text('{"search": ["t01", "x9"], "validation": ["t02"], "test": ["t03"]}')
    ran = meta_reward(*EVALUATE)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "small/splits.json: names task 'x9', which this task set does not have" in ran.err


def test_run_from_before_splits_were_written_down_goes_on_with_the_division_it_has(
    meta_reward: MetaReward, here: Path
) -> None:
    search = ("search", "small", *ONE_SEED, "--judge", "simulated", "--candidates", 1, "--iterations")
    before = make_task_set(here / "tasks" / "small", tasks=6, by_hand=True)
    meta_reward(*search, 0)
    config = here / "runs/small/run.toml"
    config.write_text(config.read_text().replace(load_task_set(before.path).digest, before.digest))
    other = {"search": ["t01"], "validation": ["t02"], "test": ["t03", "t04", "t05", "t06"]}
    (before.path / "splits.json").write_text(json.dumps(other))
    ran = meta_reward(*search, 1)
    assert ran.code == 0, ran.err
    history = here / "runs/small/history"
    shown = {pair["task"] for pair in load_lines(history / "taskset" / "pairs.jsonl")}
    *_, last = sorted((history / "candidates").iterdir())
    assert {pair["task"] for pair in load_lines(last / "pairs.jsonl")} == shown != {"t01"}


def test_dry_run_without_a_task_set_is_about_skyways_and_the_shipped_seeds_and_copies_nothing(
    meta_reward: MetaReward, here: Path
) -> None:
    (here / "seed_harnesses").unlink()
    ran = meta_reward("search", "--run", "night", "--dry-run")
    assert "the seeds (3 harnesses)" in ran.out, ran.err
    assert not (here / "tasks").exists()


def test_run_that_is_there_is_searched_on_without_naming_its_task_set(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=4)
    meta_reward("search", "small", *ONE_SEED, "--run", "night", "--judge", "simulated", "--iterations", 0)
    ran = meta_reward("search", "--run", "night", "--iterations", 0)
    assert (ran.code, "task set" in ran.err) == (0, False), ran.err
    assert not (here / "runs" / "skyways").exists()


def test_own_task_set_called_skyways_comes_before_the_shipped_one(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "skyways", tasks=4, simulated=True)
    ran = meta_reward("evaluate", "one_seed/baseline.py", "skyways", "--json")
    assert json.loads(ran.out)["pairs"] < 10
