"""A disk that is full or turns read-only stops a search with one line; once that is fixed, it ends like any other."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ONE_SEED, MetaReward
from tests.conftest import files_of_run, make_task_set

SEARCH = ("search", "small", "--judge", "simulated", "--iterations", "1", "--candidates", "1", *ONE_SEED)


@pytest.fixture
def disk(here: Path) -> Iterator[Path]:
    """A file system of 8 MB, below which runs are kept."""
    path = here / "runs"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", path], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    yield path
    subprocess.run(["umount", "--lazy", path], check=True)


def leave_free(disk: Path, kilobytes: int) -> None:
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(b"x" * (free - 1024 * kilobytes))


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [8, 150, 400])
def test_full_disk_stops_a_search_that_goes_on_when_there_is_space(
    disk: Path, meta_reward: MetaReward, kilobytes: int
) -> None:
    assert meta_reward(*SEARCH, "--run", "untouched").code == 0
    leave_free(disk, kilobytes)
    stopped = meta_reward(*SEARCH, "--run", "full")
    assert (stopped.code, stopped.err.splitlines()[-1].startswith("meta-reward: ")) == (1, True), stopped
    assert "No space left on device" in stopped.err.splitlines()[-1]
    (disk / "filler").unlink()
    assert meta_reward(*SEARCH, "--run", "full").code == 0
    assert files_of_run(disk / "full") == files_of_run(disk / "untouched")


@pytest.mark.slow
def test_read_only_disk_is_said_to_be_so(disk: Path, meta_reward: MetaReward) -> None:
    assert meta_reward(*SEARCH, "--iterations", 0, "--run", "night").code == 0
    remount(disk, "ro")
    try:
        assert meta_reward("status", "night").out.startswith("night: finished")
        stopped = meta_reward(*SEARCH, "--run", "night")
        assert (stopped.code, "Read-only file system" in stopped.err) == (1, True), stopped
        assert stopped.err.count("\n") == 1
    finally:
        remount(disk, "rw")
    assert meta_reward(*SEARCH, "--run", "night").code == 0


def test_run_that_is_removed_meanwhile_stops_its_search_and_stays_removed(
    here: Path, meta_reward: MetaReward, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_task_set(here / "tasks" / "small", tasks=12, rollouts=2)
    stopped = meta_reward(
        *SEARCH, "--run", "gone", "--proposer", f"command:rm -rf {here / 'runs' / 'gone'}", "--proposer-jail", "none"
    )
    assert stopped.code == 1
    assert stopped.err.splitlines()[-1] == (
        "meta-reward: runs/gone was moved or removed while the search was running: put it back, and the same command "
        "continues"
    )
    assert not os.path.lexists(here / "runs" / "gone")
