"""`meta-reward study labels` with real processes: tables, going on after a kill, and one limit for all searches."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from meta_reward.run.layout import Layout
from meta_reward.run.lock import is_locked
from tests.cli.conftest import ONE_SEED, MetaReward
from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.test_endpoint import judge as judge
from tests.cli.test_endpoint import troubles as troubles
from tests.conftest import make_task_set

pytestmark = pytest.mark.slow

LABELS = ("study", "labels", "small", "--shares", "50,100", "--repeats", "1", "--iterations", "0")
STUDY = (*LABELS, *ONE_SEED)
OFFLINE = ("--judge", "simulated")


@pytest.fixture
def small(here: Path) -> Path:
    make_task_set(here / "tasks" / "small", tasks=12)
    return here / "tasks" / "small"


def test_study_leaves_tables_and_is_shown_again(meta_reward: MetaReward, small: Path) -> None:
    ran = meta_reward(*STUDY, *OFFLINE)
    assert (ran.code, ran.out.count("simulated judge: these numbers")) == (0, 1)
    assert "labels-050-0 is searched and tested" in ran.err
    folder = Path("runs/labels-small")
    found = json.loads((folder / "study.json").read_text())["tables"]
    assert [(one["share"], one["tasks"]) for one in found["shares"]] == [(50, 2), (100, 4)]
    assert found["openings"] == 1
    assert "| share | tasks | pairs |" in (folder / "study.md").read_text()
    again = meta_reward(*STUDY, *OFFLINE)
    assert (again.code, again.out, again.err) == (0, ran.out, "")


def test_other_arguments_are_another_study(meta_reward: MetaReward, small: Path) -> None:
    meta_reward(*STUDY, *OFFLINE)
    ran = meta_reward(*STUDY, *OFFLINE, "--pairs-per-task", 1)
    assert ran.code == 1
    assert "its pairs_per_task is not given, and 1 was asked for: pass another --name" in ran.err


def test_files_that_have_changed_make_another_study(meta_reward: MetaReward, small: Path) -> None:
    config = Path("mine.toml")
    config.write_text("seed = 1\n")
    assert meta_reward(*STUDY, *OFFLINE, "--config", config).code == 0
    config.write_text("seed = 1\n[judge]\nconcurrency = 2\n")
    assert meta_reward(*STUDY, *OFFLINE, "--config", config).code == 0
    config.write_text("seed = 2\n")
    assert "what --config holds has changed since" in meta_reward(*STUDY, *OFFLINE, "--config", config, "--dry-run").err


def test_killed_study_goes_on_where_it_was(meta_reward: MetaReward, small: Path) -> None:
    meta_reward(*STUDY, *OFFLINE, "--name", "whole")
    program = [sys.executable, "-c", "from meta_reward.cli import main; main()", *STUDY, *OFFLINE, "--jobs", "1"]
    process = subprocess.Popen(program, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    first = Path("runs/labels-small/runs/labels-050-0/history/ledger.jsonl")
    while not first.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert meta_reward(*STUDY, *OFFLINE).code == 0
    tables = [json.loads(Path(f"runs/{name}/study.json").read_text())["tables"] for name in ("whole", "labels-small")]
    assert tables[0]["shares"] == tables[1]["shares"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they outlive it")
def test_searches_die_with_a_study_that_is_killed(meta_reward: MetaReward, small: Path) -> None:
    program = [sys.executable, "-c", "from meta_reward.cli import main; main()", *STUDY, *OFFLINE, "--jobs", "1"]
    process = subprocess.Popen(program, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    run = Layout(Path("runs/labels-small/runs/labels-050-0"))
    while not (holder := run.work / "holder.json").exists():
        time.sleep(0.02)
    searching = json.loads(holder.read_text())["pid"]
    os.kill(searching, signal.SIGSTOP)  # it will not end by itself
    process.kill()
    process.wait()
    try:
        deadline = time.monotonic() + 10
        while is_locked(run) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_locked(run)
    finally:
        with suppress(ProcessLookupError):
            os.kill(searching, signal.SIGKILL)
    assert meta_reward(*STUDY, *OFFLINE).code == 0


def test_search_that_fails_is_named_with_what_it_said(meta_reward: MetaReward, small: Path) -> None:
    Path("bad.py").write_text("import os\n")
    ran = meta_reward(*STUDY, *OFFLINE, "--baseline", "bad.py")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("meta-reward: labels-050-0: seed bad does not validate: ")
    assert ran.err.endswith("runs/labels-small/.work/logs/labels-050-0.log has all that it printed\n")


def test_limits_that_a_study_cannot_hold_are_refused_before_anything_is_made(
    meta_reward: MetaReward, small: Path
) -> None:
    Path("short.toml").write_text("[limits]\nmax_calls = 100\n")
    ran = meta_reward(*STUDY, *OFFLINE, "--config", "short.toml")
    assert (ran.code, "short.toml: max_calls would limit each search" in ran.err) == (1, True)
    ran = meta_reward(*STUDY, "--judge", "openai:m@http://127.0.0.1:9/v1", "--max-usd", 5)
    assert (ran.code, "give its price in --config, as price_input and price_output" in ran.err) == (1, True)
    assert not Path("runs").exists()


def test_limit_holds_for_all_searches_and_what_is_left_goes_to_those_it_stopped(
    meta_reward: MetaReward, judge: str, here: Path
) -> None:
    paid = (*LABELS, "--seeds", "seeds", "--judge", judge, "--config", "priced.toml", "--jobs", "1")
    refused = meta_reward(*paid)
    assert "costs money, and no limit is set" in refused.err
    free = meta_reward(*paid, "--max-usd", "none", "--name", "free", META_REWARD_CACHE="free-cache")
    assert free.code == 0, free.err
    spent = sum(one["spent_usd"] for one in json.loads(Path("runs/free/study.json").read_text())["tables"]["searches"])
    stopped = meta_reward(*paid, "--max-usd", spent / 2)
    assert stopped.code == 4
    assert "limit reached: max-usd" in stopped.err
    done = meta_reward(*paid, "--max-usd", spent + 12)
    assert done.code == 0, done.err
    found = json.loads(Path("runs/labels-small/study.json").read_text())["tables"]["searches"]
    assert sum(one["spent_usd"] for one in found) <= spent + 12
