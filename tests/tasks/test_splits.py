"""Task sets that grow: splits are written down once, and no task ever moves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_reward.errors import UsageError
from meta_reward.tasks.divide import SPLITS, Division, SplitShares, divide, grow
from meta_reward.tasks.pairs import pairs_from_labels
from meta_reward.tasks.records import save_rollout
from meta_reward.tasks.splits import check_requested_shares, division_of_new, splits_of, write_splits
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Pair
from tests.conftest import make_rollouts, make_task_set

USUAL = SplitShares()
HALVES = SplitShares(0.5, 0.25, 0.25)


def add_tasks(taskset: TaskSet, upto: int) -> TaskSet:
    """More tasks by hand: their trajectories and pairs beside those that are there."""
    rollouts = make_rollouts(upto)
    for rollout in rollouts:
        path = taskset.path / "trajectories" / f"{rollout.id}.json"
        save_rollout(path, rollout, policy=taskset.policy, tools=taskset.tools)
    lines = [json.dumps({name: getattr(p, name) for name in Pair.__slots__}) for p in pairs_from_labels(rollouts)]
    (taskset.path / "pairs.jsonl").write_text("\n".join(lines))
    return load_task_set(taskset.path)


def sizes(splits: dict[str, tuple[str, ...]] | object) -> list[int]:
    return [len(splits[split]) for split in SPLITS]  # type: ignore[index]


@given(st.integers(3, 60), st.integers(1, 60))
def test_growing_moves_no_task_and_keeps_the_shares(before: int, more: int) -> None:
    tasks = [f"t{n}" for n in range(before + more)]
    splits = divide("desk", tasks[:before])
    grown = grow(splits, tasks)
    assert all(set(splits[split]) <= set(grown[split]) for split in SPLITS)
    assert sorted(task for split in SPLITS for task in grown[split]) == sorted(tasks)
    assert all(abs(len(grown[s]) - len(divide("desk", tasks)[s])) <= 2 for s in SPLITS)


def test_growing_task_by_task_keeps_the_shares() -> None:
    tasks = [f"t{n:02d}" for n in range(40)]
    splits = divide("desk", tasks[:10])
    for count in range(11, 41):
        splits = grow(splits, tasks[:count])
    assert sizes(splits) == [16, 12, 12]


def test_tasks_without_pairs_do_not_count_for_the_shares() -> None:
    splits = {"search": ("a", *(f"idle{n}" for n in range(9))), "validation": ("b",), "test": ("c",)}
    assert set(grow(splits, ["a", "b", "c", "d"])["search"]) == {*splits["search"], "d"}


def test_first_use_writes_the_splits_of_a_set_made_by_hand(tmp_path: Path) -> None:
    taskset = make_task_set(tmp_path / "desk", by_hand=True)
    written, line = write_splits(taskset, USUAL)
    stored = json.loads((tmp_path / "desk" / "splits.json").read_text())
    assert stored == {name: list(tasks) for name, tasks in divide("desk", taskset.tasks_with_items).items()}
    assert line.endswith("splits.json: 10 tasks divided and written down: 4 to search, 3 to validation, 3 to test")
    assert load_task_set(tmp_path / "desk") == written
    assert write_splits(written, USUAL) == (written, "")


def test_growing_a_set_on_disk_places_the_new_tasks_and_moves_none(tmp_path: Path) -> None:
    before, _ = write_splits(make_task_set(tmp_path / "desk", by_hand=True), HALVES)
    grown, line = write_splits(add_tasks(before, 20), USUAL)
    assert all(set(splits_of(before)[split]) <= set(splits_of(grown)[split]) for split in SPLITS)
    assert sizes(splits_of(grown)) == [10, 5, 5]  # by the shares that it was made with
    assert line.endswith("splits.json: 10 new tasks divided and written down: 4 to search, 3 to validation, 3 to test")
    assert load_task_set(tmp_path / "desk") == grown


def test_renaming_a_set_and_its_folder_moves_no_task(tmp_path: Path) -> None:
    before, _ = write_splits(make_task_set(tmp_path / "desk", by_hand=True), USUAL)
    about = json.loads((before.path / "taskset.json").read_text())
    (before.path / "taskset.json").write_text(json.dumps({**about, "name": "counter"}))
    renamed = load_task_set(before.path.rename(tmp_path / "counter"))
    assert splits_of(renamed) == splits_of(before)
    assert splits_of(add_tasks(renamed, 15)) == splits_of(add_tasks(make_task_set(tmp_path / "desk"), 15))


def test_set_that_may_not_be_written_to_is_divided_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taskset = make_task_set(tmp_path / "desk", by_hand=True)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write to everything
    assert write_splits(taskset, USUAL) == (taskset, "")
    assert not (tmp_path / "desk" / "splits.json").exists()
    assert splits_of(taskset) == divide("desk", taskset.tasks_with_items)


def test_set_made_again_keeps_the_splits_of_tasks_that_stay(tmp_path: Path) -> None:
    before = make_task_set(tmp_path / "desk")
    rollouts = [r for r in make_rollouts(14) if r.task != "t03"]
    again = division_of_new(before.path, "desk", rollouts, pairs_from_labels(rollouts))
    assert again is not None
    for split, tasks in splits_of(before).items():
        assert set(tasks) - {"t03"} <= set(again.splits[split])
    assert sorted(t for tasks in again.splits.values() for t in tasks) == sorted({r.task for r in rollouts})


def test_set_made_anew_is_divided_by_its_name_and_two_tasks_are_not(tmp_path: Path) -> None:
    rollouts = make_rollouts(10)
    made = division_of_new(tmp_path / "desk", "desk", rollouts, pairs_from_labels(rollouts))
    assert made == Division(divide("desk", sorted({r.task for r in rollouts})), USUAL)
    few = make_rollouts(2)
    assert division_of_new(tmp_path / "desk", "desk", few, pairs_from_labels(few)) is None


def test_other_shares_than_those_a_set_is_divided_by_are_refused(tmp_path: Path) -> None:
    taskset, _ = write_splits(make_task_set(tmp_path / "desk", by_hand=True), HALVES)
    for shares in (USUAL, HALVES):
        check_requested_shares(taskset, shares)
    with pytest.raises(UsageError, match="desk is divided already"):
        check_requested_shares(taskset, SplitShares(0.6, 0.2, 0.2))


def test_too_few_tasks_to_divide_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"task set desk: too few tasks to divide into three splits: 2"):
        write_splits(make_task_set(tmp_path / "desk", tasks=2), USUAL)


def test_run_from_before_the_splits_were_written_down_knows_its_set_as_it_was(tmp_path: Path) -> None:
    before = make_task_set(tmp_path / "desk", by_hand=True)
    after, _ = write_splits(before, HALVES)
    assert after.as_of(before.digest) == before
    assert after.as_of(after.digest) == after
    assert after.as_of("sha256:0") == after
    grown = add_tasks(after, 12)
    assert grown.as_of(before.digest) == replace(grown)
