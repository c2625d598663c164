"""What changed in a task set since a run was made on it, in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meta_reward.run.layout import Layout
from meta_reward.run.taskset_record import save_parts, what_changed
from meta_reward.tasks.divide import divide
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair, Rollout
from tests.conftest import make_task_set, make_trajectory


def without_task(taskset: TaskSet, task: str) -> TaskSet:
    rollouts = {id: rollout for id, rollout in taskset.rollouts.items() if rollout.task != task}
    return replace(taskset, rollouts=rollouts, pairs=tuple(pair for pair in taskset.pairs if pair.task != task))


def with_rollout(taskset: TaskSet, rollout: Rollout) -> TaskSet:
    return replace(taskset, rollouts={**taskset.rollouts, rollout.id: rollout})


def everywhere(taskset: TaskSet, **shared: Any) -> TaskSet:
    """A task set with another policy or other tools, which its trajectories have too."""
    changed = {
        id: replace(rollout, trajectory=replace(rollout.trajectory, **shared))
        for id, rollout in taskset.rollouts.items()
    }
    return replace(taskset, rollouts=changed, **shared)


CHANGES: dict[str, tuple[Callable[[TaskSet], TaskSet], str]] = {
    "nothing": (lambda t: t, "its files are written in another way, but have the same content"),
    "a trajectory": (
        lambda t: with_rollout(t, replace(t.rollouts["t01-r1"], trajectory=make_trajectory("Else."))),
        "1 trajectory changed (t01-r1)",
    ),
    "a label": (lambda t: with_rollout(t, replace(t.rollouts["t01-r1"], success=0)), "1 trajectory changed (t01-r1)"),
    "a task more": (
        lambda t: with_rollout(t, Rollout("t99-r1", "t99", make_trajectory(), 1)),
        "1 task added (t99); 1 trajectory added (t99-r1)",
    ),
    "a task less": (
        lambda t: without_task(t, "t05"),
        "1 task removed (t05); 2 trajectories removed (t05-r1, t05-r2); 1 pair removed (t05-p1)",
    ),
    "pairs": (lambda t: replace(t, pairs=t.pairs[2:]), "2 pairs removed (t01-p1, t02-p1)"),
    "a preference": (
        lambda t: replace(t, pairs=(Pair("t01-p1", "t01", "t01-r2", "t01-r1"), *t.pairs[1:])),
        "1 pair changed (t01-p1)",
    ),
    "policy": (lambda t: everywhere(t, policy="Be brief."), "policy changed"),
    "tools": (lambda t: everywhere(t, tools=()), "tools changed"),
    "name": (lambda t: replace(t, about=replace(t.about, name="big")), "name changed"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES.keys())
def test_change_is_told_with_counts_and_names(tmp_path: Path, change: Callable[[TaskSet], TaskSet], told: str) -> None:
    layout, taskset = Layout(tmp_path / "run"), make_task_set(tmp_path / "small", tasks=5, rollouts=2)
    splits = {"search": ("t01", "t02"), "validation": ("t03",), "test": ("t04", "t05")}
    save_parts(layout, taskset, splits)
    assert what_changed(layout, change(taskset), splits) == told


def test_moved_tasks_are_told_with_where_they_were(tmp_path: Path) -> None:
    layout, taskset = Layout(tmp_path / "run"), make_task_set(tmp_path / "small", tasks=5, rollouts=2)
    tasks = taskset.tasks_with_items
    save_parts(layout, taskset, divide("small", tasks))
    moved = {"search": tasks[:3], "validation": tasks[3:4], "test": tasks[4:]}
    assert "moved (t0" in what_changed(layout, taskset, moved)
    assert " to search" in what_changed(layout, taskset, moved)


def test_run_without_a_record_says_so(tmp_path: Path) -> None:
    taskset = make_task_set(tmp_path / "small", tasks=3)
    assert what_changed(Layout(tmp_path / "run"), taskset, {}) == "what changed is not on record"
