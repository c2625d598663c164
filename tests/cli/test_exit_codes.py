"""Exit codes tell finished from stopped at a limit; a test that cannot be paid for opens nothing."""

import json
from pathlib import Path

import pytest

from meta_reward import files
from meta_reward.run.layout import Layout
from meta_reward.tasks.openings import count_openings
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import make_task_set

SEARCH = ("search", "small", "--judge", "simulated", *ONE_SEED, "--iterations", 0)


@pytest.fixture(autouse=True)
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=6)
    return here / "tasks" / "small"


def test_search_that_stops_at_a_limit_exits_with_4_and_finished_with_0(meta_reward: MetaReward) -> None:
    stopped = meta_reward(*SEARCH, "--max-calls", 5)
    assert (stopped.code, stopped.out.startswith("small: stopped: limit reached: max-calls 5 of 5")) == (4, True)
    assert meta_reward("search", "small", "--max-calls", 500).code == 0


def test_search_whose_proposer_leaves_nothing_has_not_finished(meta_reward: MetaReward) -> None:
    proposer = ("--proposer", "command:true", "--proposer-jail", "none")
    ran = meta_reward(*SEARCH[:-1], 9, *proposer)
    assert (ran.code, "3 sessions of the proposer in a row left no candidate" in ran.out) == (4, True), ran


@pytest.mark.parametrize("limit", ["--max-calls", "--max-tokens"])
def test_test_of_a_run_whose_calls_are_used_up_opens_nothing(meta_reward: MetaReward, small: Path, limit: str) -> None:
    assert meta_reward(*SEARCH).code == 0
    used = json.loads(meta_reward("status", "small", "--json").out)["spent"]
    most = used["judge_calls" if limit == "--max-calls" else "judge_tokens"]
    limit_of_run(limit, most)
    ran = meta_reward("test", "small")
    expected = f"meta-reward: limit reached: {limit[2:]} {most} of {most}; raise it to go on\n"
    assert (ran.code, ran.out, ran.err) == (4, "", expected)
    assert count_openings(small) == 0
    assert meta_reward("test", "small", limit, 10 * most).code == 0
    assert count_openings(small) == 1


def test_test_counts_the_money_of_the_proposer_before_it_opens_anything(meta_reward: MetaReward, small: Path) -> None:
    assert meta_reward(*SEARCH, "--max-usd", 100).code == 0
    session = {"iteration": 1, "cost_usd": 100.0}
    files.write_json(Path("runs/small/history/sessions/0001/session.json"), session)
    ran = meta_reward("test", "small")
    assert (ran.code, ran.err) == (4, "meta-reward: limit reached: max-usd 100 of 100; raise it to go on\n")
    assert count_openings(small) == 0
    assert meta_reward("test", "small", "--max-usd", 101).code == 0


def test_test_that_was_interrupted_goes_on_over_the_limits_that_end_a_search(
    meta_reward: MetaReward, small: Path
) -> None:
    assert meta_reward(*SEARCH).code == 0
    first = meta_reward("test", "small", "--json")
    Layout(Path("runs/small")).test_result.unlink()  # as if it had been killed right before its end
    limit_of_run("--max-calls", 1)
    assert json.loads(meta_reward("test", "small", "--json").out) == json.loads(first.out)
    assert count_openings(small) == 1


def limit_of_run(limit: str, most: int) -> None:
    """Give the run a limit that it did not have."""
    config, name = Path("runs/small/run.toml"), limit.lstrip("-").replace("-", "_")
    config.write_text(config.read_text().replace(f"{name} = 0\n", f"{name} = {most}\n"))
