"""A study of what a reward survives: the trials that both rewards are given, what they pick, and what is paid."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.errors import LimitReached
from meta_reward.models.billing import open_billing_log
from meta_reward.models.usage import Spent
from meta_reward.run.config import render_config
from meta_reward.run.layout import Layout
from meta_reward.run.settings import JudgeSettings, Limits, RunConfig
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.measure import Job, open_bench
from meta_reward.search.studies.runner import SearchJob
from meta_reward.search.studies.stress_trials import Trial, pick_of, pool_of
from tests.conftest import ASKING_HARNESS, make_task_set
from tests.search.conftest import Quiet


def trials(task: str, official: Mapping[str, list[float]]) -> list[Trial]:
    """The trials of a task by some agents."""
    return [
        Trial(f"{agent} {task}-{number}", task, agent, number, value, [])
        for agent, values in official.items()
        for number, value in enumerate(values)
    ]


def test_reward_picks_from_as_many_trials_of_each_agent() -> None:
    pool = pool_of([*trials("t1", {"a": [1, 1, 1], "b": [0, 0, 0]}), *trials("t2", {"a": [0, 0, 0]})], 4)
    assert {task: [one.id for one in found] for task, found in pool.items()} == {
        "t1": ["a t1-0", "b t1-0", "a t1-1", "b t1-1"],
        "t2": ["a t2-0", "a t2-1", "a t2-2"],
    }


def test_pick_among_all_is_what_the_reward_likes_best_and_of_one_it_is_any() -> None:
    pool = {"t1": trials("t1", {"a": [1, 0, 0, 0]}), "t2": trials("t2", {"a": [1, 1, 0, 0]})}
    liked = {"a t1-0": 10.0, "a t1-1": 90.0, "a t2-0": 80.0, "a t2-1": 20.0, "a t2-2": 50.0}  # the rest have none
    found = pick_of("tuned", pool, liked)
    assert [(one.n, one.random, one.harness, one.oracle) for one in found.curve] == [
        (1, 0.375, 0.375, 0.375),
        (2, 0.375, pytest.approx((2 / 6 + 4 / 6) / 2), pytest.approx((3 / 6 + 5 / 6) / 2)),
        (4, 0.375, 0.5, 1.0),
    ]
    assert found.agreement == pytest.approx((2 / 3 + 3 / 4) / 2)


def test_what_a_learned_reward_asks_of_its_own_judge_counts_as_spent(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "tuned-0")
    files.write_bytes(layout.config, render_config(RunConfig()))
    open_billing_log(layout.account, Spent(cost_usd=2.0))
    open_billing_log(layout.objective_account, Spent(cost_usd=0.5))
    assert SearchJob(layout, tmp_path, ()).spent_usd == 2.5


def test_nothing_is_measured_where_searches_have_used_up_the_money_of_their_study(tmp_path: Path) -> None:
    taskset = make_task_set(tmp_path / "tasks" / "small", tasks=6)
    study = StudyFolder(tmp_path / "study", Subject("stress", {}, {}))
    job = Job("c0001", "chosen", ASKING_HARNESS, RunConfig(judge=JudgeSettings("simulated")), taskset, "validation")
    limits, spent = Limits(max_usd=3.0), Spent(cost_usd=3.0)
    with open_bench(study, by="us", limits=limits, given={"max_usd": 3.0}, progress=Quiet(), beside=spent) as bench:
        with pytest.raises(LimitReached, match="max-usd 3 of 3"):
            asyncio.run(bench.run([job]))
        assert not study.evaluations.exists()
