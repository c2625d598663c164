"""SIGKILL at any point, start again: the run ends with the same files as one that nobody touched."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import PROJECT, make_task_set

ARGUMENTS = ("search", "small", "--seeds", "one_seed", "--judge", "simulated", "--iterations", "2", "--candidates", "2")


def start(run: str, cache: Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from meta_reward.cli import main; main()", *ARGUMENTS, "--run", run],
        env=os.environ | {"META_REWARD_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=cwd,
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("kills", "proposers"), [(4, ("catalog", "command")), (4, ("stock",))], ids=["rewards", "programs that learn"]
)
def test_searches_killed_a_few_times_end_like_one_that_was_not(kills: int, proposers: Sequence[str]) -> None:
    program = str(PROJECT / "benchmarks" / "kills.py")
    command = [sys.executable, program, "--kills", str(kills), "--proposers", *proposers]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 lost, 0 differing, 0 repeated, 0 left behind, 0 bugs" in done.stdout


@pytest.mark.slow
def test_kill_leaves_no_process_behind(here: Path, meta_reward_process: MetaReward) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    process = start("killed", here / "cache")
    wait_for(here / "runs/killed/.work/evaluations")
    workers = children_of(process.pid)
    process.kill()
    process.wait(10)
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in workers):
            break
        time.sleep(0.05)
    assert workers
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
