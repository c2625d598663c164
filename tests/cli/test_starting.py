"""Starting a search and resuming it: what is checked, when, and how often."""

from pathlib import Path

import pytest

from meta_reward.tasks.taskset import TaskSet
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import make_task_set

SEARCH = ("search", "small", *ONE_SEED, "--iterations", 0)


@pytest.fixture(autouse=True)
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=6)
    return here / "tasks" / "small"


def test_task_set_is_compared_with_that_of_its_run_once_by_the_search_and_once_by_its_report(
    meta_reward: MetaReward, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert meta_reward(*SEARCH, "--judge", "simulated").code == 0
    compared: list[str] = []
    as_of = TaskSet.as_of

    def counted(taskset: TaskSet, digest: str) -> TaskSet:
        compared.append(digest)
        return as_of(taskset, digest)

    monkeypatch.setattr(TaskSet, "as_of", counted)
    assert meta_reward("search", "small").code == 0
    assert len(compared) == 2


def test_new_run_whose_judge_has_no_key_leaves_nothing_behind(meta_reward: MetaReward, here: Path) -> None:
    ran = meta_reward(*SEARCH, "--judge", "anthropic:claude-haiku-4-5", "--max-usd", 5)
    needed = "meta-reward: judge anthropic:claude-haiku-4-5 needs a key: set ANTHROPIC_API_KEY to a valid key\n"
    assert (ran.code, ran.err, (here / "runs").exists()) == (1, needed, False)
