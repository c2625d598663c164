"""What commands print fits 80 columns, however long names and hypotheses are."""

import json
from pathlib import Path

import pytest

from meta_reward.run.layout import HistoryLayout
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.cli.test_history import night as night
from tests.conftest import PROJECT, make_task_set
from tests.run.test_queries import first_run
from tests.run.test_queries import history as history

LONG = "a-name-of-more-words-than-anyone-would-like-to-read-aloud"
JUDGE = ("--judge", "simulated")


def lengthen(run: Path) -> Path:
    """Give a run, its best candidate and its hypothesis long names."""
    for path in run.rglob("c0002-look-closely"):
        path.rename(path.with_name(f"c0002-{LONG}"))
    ledger = run / "history" / "ledger.jsonl"
    text = ledger.read_text().replace('"look-closely"', f'"{LONG}"')
    ledger.write_text(text.replace('"hypothesis":"', f'"hypothesis":"{"Words upon words. " * 30}'))
    return run.rename(run.with_name(f"run-{LONG}"))


def assert_fits(meta_reward: MetaReward, *command: object) -> None:
    ran = meta_reward(*command, COLUMNS="80")
    assert ran.code == 0, ran
    assert [line for line in ran.out.splitlines() if len(line) > 80 and " " in line.strip()] == [], command  # no path
    assert ran.out


def test_what_is_asked_of_a_run_fits(meta_reward: MetaReward, night: Path, here: Path) -> None:
    run = lengthen(night)
    pair = json.loads((run / "history/taskset/pairs.jsonl").read_text().splitlines()[0])["id"]
    seed = (PROJECT / "seed_harnesses" / "baseline.py").read_text()
    (here / "mine.py").write_text(seed.replace("how well", "how very well"))
    for command in (
        ("status",), ("runs",), ("ledger",), ("failures", "c0001"), ("failures", "c0003"), ("flips", "c0001", "c0002"),
        ("try", "mine.py", "--pairs", pair),
    ):  # fmt: skip
        assert_fits(meta_reward, *command)
    for command in (("diff", "c0001", "c0002"), ("trace", "c0002", first_run(HistoryLayout(run / "history")))):
        title = meta_reward(*command, COLUMNS="80").out.partition("\n\n")[0]
        assert max(map(len, title.splitlines())) <= 80


@pytest.mark.slow
def test_what_an_evaluation_shows_fits(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / LONG, tasks=12)
    harness = here / f"{LONG}.py"
    harness.write_text((PROJECT / "seed_harnesses" / "baseline.py").read_text())
    assert meta_reward("search", LONG, *ONE_SEED, *JUDGE, "--iterations", 1, "--candidates", 1).code == 0
    for command in (
        ("test", LONG), ("evaluate", harness, LONG, *JUDGE), ("judge", "noise", LONG, *JUDGE, "--repeats", 2),
        ("tasks",), ("cache",), ("search", LONG, "--run", "other", *JUDGE, "--dry-run"),
    ):  # fmt: skip
        assert_fits(meta_reward, *command)


@pytest.mark.parametrize("columns", ["60", "120"])
def test_width_follows_the_terminal(meta_reward: MetaReward, night: Path, columns: str) -> None:
    widest = max(map(len, meta_reward("ledger", COLUMNS=columns).out.splitlines()))
    assert int(columns) - 25 < widest <= int(columns)
