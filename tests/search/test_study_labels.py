"""A study of labels searches with parts of the search tasks; several searches share one limit in dollars."""

import asyncio
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.errors import LimitReached, UsageError
from meta_reward.models.billing import open_billing_log
from meta_reward.models.usage import Spent
from meta_reward.run.config import render_config
from meta_reward.run.settings import Limits, RunConfig
from meta_reward.search.forecast import Expense, Parts
from meta_reward.search.studies.labels import LabelPlan, label_plan, labels_part, save_part
from meta_reward.search.studies.runner import SearchJob, check_dollars, dollars_for_each, run_searches
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
    def part(calls: int) -> Expense:
        return Expense(calls, 10 * calls, calls / 100)

    whole = Parts(
        seeds=part(0), iteration=part(0), validation=part(40), search=part(140), test=part(20), controls=part(9)
    )
    plan = label_plan(taskset, [50, 100], 2, None, [])
    assert labels_part(plan, whole) == Expense(540, 5400, pytest.approx(5.4))


def job(name: str, folder: Path) -> SearchJob:
    from meta_reward.run.layout import Layout

    return SearchJob(Layout(folder / name), folder, ())


def test_each_search_gets_an_equal_part_of_the_money(tmp_path: Path) -> None:
    jobs = [job(name, tmp_path) for name in ("a", "b", "c", "d")]
    assert dollars_for_each(jobs, 10.0) == dict.fromkeys("abcd", 2.5)
    assert dollars_for_each(jobs, 0.0) == {}


def begun(name: str, folder: Path, max_usd: float, *, done_for_usd: float | None = None) -> SearchJob:
    """A search that has begun with a limit, and is done where it says for how much."""
    found = job(name, folder)
    files.write_bytes(found.layout.config, render_config(RunConfig(limits=Limits(max_usd=max_usd))))
    if done_for_usd is not None:
        found.layout.make_sealed()
        found.layout.test_result.write_text("{}")
        open_billing_log(found.layout.account, Spent(cost_usd=done_for_usd))
    return found


def test_money_that_is_spent_or_held_is_not_given_out_again(tmp_path: Path) -> None:
    jobs = [begun("a", tmp_path, 5.0, done_for_usd=4.0), begun("b", tmp_path, 3.0), job("c", tmp_path)]
    assert dollars_for_each(jobs, 9.0) == {"b": 3.0, "c": 2.0}
    assert dollars_for_each(jobs, 15.0) == {"b": 4.5, "c": 6.5}
    assert dollars_for_each(jobs, 7.0) == {"b": 3.0, "c": 0.0}
    with pytest.raises(LimitReached, match="max-usd 4 of 4"):
        asyncio.run(run_searches([jobs[0], jobs[2]], processes=1, max_usd=4.0, logs=tmp_path))


def test_limit_can_only_be_raised_once_searches_have_begun_under_it(tmp_path: Path) -> None:
    jobs = [begun("a", tmp_path, 5.0), begun("b", tmp_path, 2.5), job("c", tmp_path)]
    check_dollars(jobs, 7.5)
    check_dollars(jobs, 0.0)
    with pytest.raises(UsageError, match=r"limits that add up to \$7.50: pass --max-usd with that or more"):
        check_dollars(jobs, 7.0)
    with pytest.raises(UsageError, match="begun without a limit in dollars: go on with --max-usd none"):
        check_dollars([begun("d", tmp_path, 0.0), *jobs], 9.0)
    check_dollars([begun("e", tmp_path, 9.0, done_for_usd=8.0)], 1.0)
