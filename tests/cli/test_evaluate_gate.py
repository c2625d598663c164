"""`evaluate` as a gate in CI: the exit code tells, and a page of Markdown says why."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import make_task_set

EVALUATE = ("evaluate", "seed_harnesses/baseline.py", "small", "--judge", "simulated")


@pytest.fixture(autouse=True)
def _small(here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=24, rollouts=4)


@pytest.mark.parametrize(("least", "code", "word"), [("0", 0, "passed"), ("1", 5, "failed")])
def test_exit_code_tells_whether_the_bar_is_reached(meta_reward: MetaReward, least: str, code: int, word: str) -> None:
    ran = meta_reward(*EVALUATE, "--fail-under", least)
    assert (ran.code, ran.err.splitlines()[-1].startswith(f"{word}: agreement ")) == (code, True)


def test_markdown_says_what_was_found(meta_reward: MetaReward, here: Path) -> None:
    assert meta_reward(*EVALUATE, "--fail-under", "1", "--markdown", "out.md").code == 5
    page = (here / "out.md").read_text()
    assert page.startswith("## baseline on small, search split\n\n**failed: agreement ")
    for row in ("agreement", "kappa", "TPR", "TNR", "judge"):
        assert f"\n| {row} | " in page
    assert page.endswith("\n\nsimulated judge: these numbers say nothing about any real model\n")


def test_labels_are_in_the_json(meta_reward: MetaReward) -> None:
    labels = json.loads(meta_reward(*EVALUATE, "--json", "--threshold", "70").out)["labels"]
    assert (labels["threshold"], labels["trajectories"], labels["successes"]) == (70.0, 40, 20)
    assert set(labels["tpr"]) == {"mean", "low", "high", "no_bounds"}


def test_share_that_is_none_is_wrong_usage(meta_reward: MetaReward) -> None:
    assert meta_reward(*EVALUATE, "--fail-under", "70").code == 2
