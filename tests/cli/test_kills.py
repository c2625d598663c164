"""SIGKILL at any point, start again: the run ends with the same files as one that nobody touched."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import PROJECT, files_of_run, made_once, make_task_set

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


def leave_untouched(folder: Path) -> None:
    """A search that nobody kills, and how long it took."""
    make_task_set(folder / "tasks" / "small", tasks=12, rollouts=2)
    (folder / "one_seed").mkdir()
    (folder / "one_seed" / "baseline.py").symlink_to(PROJECT / "seed_harnesses" / "baseline.py")
    began = time.monotonic()
    assert start("untouched", folder / "cache", cwd=folder).wait(100) == 0
    (folder / "seconds").write_text(str(time.monotonic() - began))


def subjects_of(run: Path) -> list[str]:
    log = ["git", "log", "--format=%s", "main"]
    return subprocess.run(log, cwd=run, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.slow
def test_search_killed_three_times_ends_like_one_that_was_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = made_once(tmp_path_factory, "untouched", leave_untouched)
    seconds, name, chance = float((folder / "seconds").read_text()), "killed", random.Random(1)
    for third in range(3):  # each dies somewhere in the next third, counted from where the one before it died
        process = start(name, folder / name, cwd=folder)
        time.sleep(0.15 + (0.2 * bool(third) + chance.random() * 0.3) * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert start(name, folder / name, cwd=folder).wait(100) == 0
    untouched, killed = folder / "runs" / "untouched", folder / "runs" / name
    assert files_of_run(killed) == files_of_run(untouched)
    assert [s.replace(name, "untouched") for s in subjects_of(killed)] == subjects_of(untouched)


def test_interrupt_ends_cleanly_and_says_how_to_go_on(here: Path, meta_reward_process: MetaReward) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    process = start("stopped", here / "cache")
    wait_for(here / "runs/stopped/history/ledger.jsonl")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert '"state": "interrupted"' in meta_reward_process("status", "stopped", "--json").out
    assert start("stopped", here / "cache").wait(100) == 0


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
