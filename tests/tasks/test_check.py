"""What a check of a task set finds, and what it leaves alone."""

from pathlib import Path

from meta_reward.tasks.about import About
from meta_reward.tasks.annotations import Annotations
from meta_reward.tasks.check import check_task_set
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Message, Pair, Rollout, ToolCall, Trajectory


def rollout(id: str, *said: str | Message, task: str = "t", success: int | None = None) -> Rollout:
    messages = tuple(m if isinstance(m, Message) else Message("assistant", m) for m in said or (id,))
    return Rollout(id, task, Trajectory("", (), messages), success)


def pair(preferred: str, other: str, task: str = "t") -> Pair:
    return Pair(f"{preferred}>{other}", task, preferred, other)


def taskset(rollouts: list[Rollout], pairs: list[Pair], splits: dict[str, tuple[str, ...]] | None = None) -> TaskSet:
    parts = {"search": (), "validation": (), "test": (), **(splits or {})}
    named = {task for tasks in parts.values() for task in tasks}
    added = tuple(sorted({pair.task for pair in pairs} - named)) if splits else ()
    division = Division(parts, SplitShares(), added) if splits else None
    by_id = {rollout.id: rollout for rollout in rollouts}
    return TaskSet(Path("x"), About("x"), "", (), by_id, tuple(pairs), division, "")


def found(taskset: TaskSet, annotations: Annotations | None = None, window: int = 1000) -> dict[str, tuple[str, ...]]:
    check = check_task_set(taskset, annotations or Annotations(), window=window)
    return {finding.kind: finding.examples for finding in check.findings}


RUNS = [rollout(name) for name in "abcd"]


def test_sound_set_has_nothing_to_look_at() -> None:
    assert found(taskset(RUNS, [pair("a", "b"), pair("b", "c"), pair("a", "d")])) == {}


def test_reversed_pairs_and_longer_circles_contradict() -> None:
    assert found(taskset(RUNS, [pair("a", "b"), pair("b", "a"), pair("b", "c")])) == {"contradiction": ("a>b", "b>a")}
    circle = [pair("a", "b"), pair("b", "c"), pair("c", "a"), pair("c", "d")]
    assert found(taskset(RUNS, circle)) == {"contradiction": ("a>b", "b>c", "c>a")}


def test_pairs_between_two_circles_contradict_nothing() -> None:
    runs = [rollout(name) for name in "abcdef"]
    pairs = [pair("a", "b"), pair("b", "a"), pair("b", "c"), pair("c", "d"), pair("d", "e"), pair("e", "d")]
    assert found(taskset(runs, pairs))["contradiction"] == ("a>b", "b>a", "d>e")
    assert check_task_set(taskset(runs, pairs), Annotations()).findings[0].count == 4


def test_preference_for_a_failure_is_found_and_for_a_lower_grade() -> None:
    runs = [rollout("a", success=0), rollout("b", success=1), rollout("c")]
    assert found(taskset(runs, [pair("a", "b"), pair("c", "a")])) == {"against-label": ("a>b",)}
    graded = Annotations({"c": 0.5, "a": 0.7})
    assert found(taskset(runs, [pair("b", "a"), pair("c", "a")]), graded) == {"against-label": ("c>a",)}


def test_pairs_of_runs_under_different_policies_are_found() -> None:
    other = Rollout("e", "t", Trajectory("Be strict.", (), (Message("assistant", "e"),)))
    assert found(taskset([*RUNS, other], [pair("a", "b"), pair("a", "e")])) == {"other-policy": ("a>e",)}


def test_splits_that_leave_tasks_out_or_share_trajectories() -> None:
    long = Message("user", "I was charged twice for the same month, please refund it.")
    runs = [
        rollout("a", "same", task="t"), rollout("b", task="t"),
        rollout("c", "same", task="u"), rollout("d", task="u"),
        rollout("e", long, "x", task="t"), rollout("f", long, "y", task="u"),
    ]  # fmt: skip
    pairs = [pair("a", "b"), pair("c", "d", "u")]
    assert found(taskset(runs, pairs, {"search": ("t",), "test": ("u",)})) == {
        "duplicate": ("a",),
        "same-opening": ("e",),
    }
    assert found(taskset(runs, pairs, {"search": ("t",)})) == {"not-in-splits": ("u",)}


def test_tasks_without_pairs_orphans_empty_and_enormous_trajectories() -> None:
    call = Message("assistant", "", (ToolCall("1", "look", {}),))
    runs = [
        rollout("a", call, Message("tool", "x", (), "1")),
        rollout("b", Message("tool", "x")),
        rollout("c", "  ", task="u"),
        rollout("d", "x" * 4100),
    ]
    assert found(taskset(runs, [pair("a", "b")])) == {
        "no-pairs": ("u",),
        "orphan-result": ("b",),
        "empty": ("b", "c"),
        "too-long": ("d",),
    }


def test_labels_that_length_explains_are_found_from_20_pairs_on() -> None:
    runs = [rollout(f"{n}{kind}", size * "x", task=str(n)) for n in range(20) for kind, size in (("a", 9), ("b", 5))]
    pairs = [pair(f"{n}a", f"{n}b", str(n)) for n in range(20)]
    assert "cheap-feature" in found(taskset(runs, pairs))
    assert "cheap-feature" not in found(taskset(runs[:38], pairs[:19]))
