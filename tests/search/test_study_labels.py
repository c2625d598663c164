"""A study of labels searches with parts of the search tasks; several searches share one limit in dollars."""

from pathlib import Path

import pytest

from meta_reward.search.forecast import Part, Parts
from meta_reward.search.studies.labels import LabelPlan, label_plan, labels_part, save_part
from meta_reward.search.studies.runner import SearchJob, dollars_for_each
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set
from tests.conftest import make_task_set


@pytest.fixture
def taskset(tmp_path: Path) -> TaskSet:
    return make_task_set(tmp_path / "tasks" / "small", tasks=20)


def part_of(plan: LabelPlan, share: int, seed: int, path: Path) -> TaskSet:
    save_part(plan, share, seed, path)
    return load_task_set(path)


def test_part_has_a_share_of_the_search_tasks_and_all_others(taskset: TaskSet, tmp_path: Path) -> None:
    plan = label_plan(taskset, [50], 1, None, [])
    whole, part = splits_of(taskset), splits_of(part_of(plan, 50, 0, tmp_path / "half"))
    assert (part["validation"], part["test"]) == (whole["validation"], whole["test"])
    assert set(part["search"]) < set(whole["search"])
    assert (len(part["search"]), len(whole["search"])) == (4, 8)


def test_larger_parts_contain_the_smaller_ones_of_a_seed_and_seeds_differ(taskset: TaskSet, tmp_path: Path) -> None:
    plan = label_plan(taskset, [25, 50, 100], 2, None, [])
    kept = {
        (share, seed): set(splits_of(part_of(plan, share, seed, tmp_path / f"{share}-{seed}"))["search"])
        for share, seed in plan.cells
    }
    assert kept[25, 0] < kept[50, 0] < kept[100, 0] == kept[100, 1]
    assert kept[25, 0] != kept[25, 1] or kept[50, 0] != kept[50, 1]


def test_search_tasks_keep_so_many_pairs_at_most_and_sealed_tasks_all(taskset: TaskSet, tmp_path: Path) -> None:
    part = part_of(label_plan(taskset, [100], 1, 2, []), 100, 0, tmp_path / "few")
    splits = splits_of(part)
    pairs = {split: len(part.part(tasks)[1]) / len(tasks) for split, tasks in splits.items()}
    assert pairs == {"search": 2.0, "validation": 4.0, "test": 4.0}


def test_what_the_study_takes_grows_with_the_share_but_for_validation_and_test(taskset: TaskSet) -> None:
    def part(calls: int) -> Part:
        return Part(calls, 10 * calls, calls / 100)

    whole = Parts(
        seeds=part(0), iteration=part(0), validation=part(40), search=part(140), test=part(20), controls=part(9)
    )
    plan = label_plan(taskset, [50, 100], 2, None, [])
    assert labels_part(plan, whole) == Part(540, 5400, pytest.approx(5.4))


def job(name: str, folder: Path) -> SearchJob:
    from meta_reward.run.layout import Layout

    return SearchJob(Layout(folder / name), folder, ())


def test_each_search_gets_an_equal_part_of_the_money(tmp_path: Path) -> None:
    jobs = [job(name, tmp_path) for name in ("a", "b", "c", "d")]
    assert dollars_for_each(jobs, 10.0) == dict.fromkeys("abcd", 2.5)
    assert dollars_for_each(jobs, 0.0) == {}
