"""`meta-reward mpo` as a person runs it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meta_reward.offline.essays import build
from tests.cli.conftest import MetaReward
from tests.conftest import files_of_run, make_task_set

SMALL = ("--steps", 4, "--every", 2, "--tasks", 2, "--group", 2, "--samples", 4)
TEXTS = ("mpo", "essays", "--policy", "text", "--judge", "simulated:texts", *SMALL)


@pytest.fixture
def essays(here: Path) -> Path:
    build(here / "tasks" / "essays", tasks=8)
    return here / "tasks" / "essays"


@pytest.mark.usefixtures("essays")
def test_training_prints_its_tables_and_status_shows_them_again(meta_reward: MetaReward, here: Path) -> None:
    ran = meta_reward(*TEXTS, "--meta", "simulated:meta-careful", "--gate", "none")
    assert ran.code == 0, ran.err
    assert "  1-2  c0001" in ran.out
    assert "c0002, refined after step 2 from 4 samples: kept" in ran.out
    assert '+        "' in ran.out
    shown = meta_reward("status", "essays-mpo")
    assert shown.out == ran.out
    blocks = json.loads(meta_reward("status", "essays-mpo", "--json").out)["training"]
    assert [(one["first"], one["last"], one["harness"]) for one in blocks] == [(1, 2, "c0001"), (3, 4, "c0002")]
    assert 'id="training-h"' in (here / "runs" / "essays-mpo" / "report.html").read_text()
    assert meta_reward("mpo", "essays-mpo").code == 0


BAD = [
    (["mpo", "essays", "--policy", "nobody"], "unknown policy 'nobody': known: desk, text"),
    (["mpo", "essays"], "no policy is named: say which one is trained, such as --policy desk"),
    (["mpo", "nowhere", "--policy", "text"], "there is no task set 'nowhere': known: essays"),
    (
        ["mpo", "essays", "--policy", "text", "--judge", "openai:m", "--max-usd", "5"],
        "no meta model is named: say which",
    ),
    (["mpo", "essays", "--policy", "text", "--refine", "harness"], "--refine harness and --proposer belong together"),
    (["mpo", "essays", "--policy", "text", "--proposer", "catalog"], "--refine harness and --proposer belong together"),
    (["mpo", "essays", "--policy", "text", "--meta", "nobody"], "--writer: unknown writer 'nobody'"),
    (["mpo", "essays", "--policy", "text", "--harness", "nothing.py"], "nothing.py: no such file"),
    (["mpo", "essays", "--policy", "text", "--harness", "bare.py"], "the harness has no rubric that can be refined"),
    (["mpo", "essays", "--policy", "desk"], "task set essays is not of the simulated airline desk"),
    (["mpo", "errands", "--policy", "text"], "task set errands is for kind classify"),
]


@pytest.mark.usefixtures("essays")
@pytest.mark.parametrize(
    ("arguments", "says"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_is_one_line_and_leaves_no_run(
    meta_reward: MetaReward, here: Path, arguments: list[str], says: str
) -> None:
    (here / "bare.py").write_text("async def reward(trajectory, judge):\n    return 50.0\n")
    judge = [] if "--judge" in arguments else ["--judge", "simulated:texts"]
    ran = meta_reward(*arguments, *judge)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err.splitlines()[-1]
    assert not (here / "runs").exists()


@pytest.mark.parametrize("arguments", [["--steps", "0"], ["--group", "1"], ["--gate", "maybe"], ["--refine", "all"]])
def test_wrong_usage_is_told_by_the_option(meta_reward: MetaReward, arguments: list[str]) -> None:
    ran = meta_reward("mpo", "essays", "--policy", "text", *arguments)
    assert ran.code == 2
    assert f"Invalid value for '{arguments[0]}'" in ran.err


def start(here: Path, run: str) -> subprocess.Popen[bytes]:
    program = "from meta_reward.cli import main; main()"
    arguments = (*TEXTS, "--steps", 12, "--every", 3, "--run", run)
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=here,
        env=os.environ | {"META_REWARD_CACHE": str(here / f"cache-{run}")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("essays")
def test_training_that_is_killed_again_and_again_ends_with_the_same_files(here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=6)
    assert start(here, "untouched").wait(600) == 0
    kills = 0
    for wait_s in (2.5, 1.2, 1.6, 2.0, 2.4, 2.8, 3.2, 3.6, 4.0, 5.0, 6.0, 8.0, 12.0, 600.0):
        process = start(here, "killed")
        try:
            assert process.wait(wait_s) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            kills += 1
            time.sleep(0.05)
    runs = [files_of_run(here / "runs" / name) for name in ("untouched", "killed")]
    assert kills
    assert runs[0] == runs[1]


@pytest.mark.slow
@pytest.mark.usefixtures("essays")
def test_proposer_may_change_any_part_and_is_told_of_the_samples(meta_reward: MetaReward, here: Path) -> None:
    ran = meta_reward(*TEXTS, "--refine", "harness", "--proposer", "catalog", "--gate", "none")
    assert ran.code == 0, ran.err
    assert "c0002, refined after step 2 from 4 samples" in ran.out
    run = here / "runs" / "essays-mpo"
    assert "`history/samples/`" in (run / "instructions.md").read_text()
    assert (
        "Step: 2\n"
        in subprocess.run(
            ["git", "log", "-1", "--format=%(trailers)", "c0002"], cwd=run, capture_output=True, text=True, check=True
        ).stdout
    )
