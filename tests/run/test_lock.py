"""The lock: one writer a run, who says who it is, and whose death frees the run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meta_reward.errors import RunInUse, UsageError
from meta_reward.run.layout import Layout
from meta_reward.run.lock import is_locked, locked

HOLD = """
import sys
from pathlib import Path
from meta_reward.run.layout import Layout
from meta_reward.run.lock import locked
with locked(Layout(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meta_reward.run.lock._PATIENCE_S", 0.05)


@contextmanager
def held_by_another(layout: Layout) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(layout.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_run_is_locked_for_as_long_as_it_is_held(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "night-1")
    assert not is_locked(layout)
    with locked(layout):
        assert is_locked(layout)
    assert not is_locked(layout)
    assert [path.name for path in layout.work.iterdir() if path.name != "lock"] == []


def test_second_process_is_told_who_holds_the_run(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "night-1")
    with held_by_another(layout) as process, pytest.raises(RunInUse) as raised, locked(layout):
        pass
    assert raised.value.holder.startswith(f"process {process.pid} on {os.uname().nodename} since 20")
    assert str(raised.value).startswith("run night-1 is in use by process")


def test_death_of_the_holder_frees_the_run(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "night-1")
    with held_by_another(layout):
        assert is_locked(layout)
    assert (layout.work / "holder.json").exists()
    assert not is_locked(layout)
    with locked(layout):
        assert f'"pid": {os.getpid()},' in (layout.work / "holder.json").read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 5}'])
def test_holder_that_left_no_readable_name_is_another_process(tmp_path: Path, content: str) -> None:
    layout = Layout(tmp_path / "night-1")
    with held_by_another(layout):
        (layout.work / "holder.json").write_text(content)
        with pytest.raises(RunInUse, match="run night-1 is in use by another process"), locked(layout):
            pass


def test_what_fails_while_the_run_is_held_frees_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "night-1")
    with pytest.raises(KeyError), locked(layout):
        raise KeyError
    assert not is_locked(layout)


def test_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"\.work: cannot be written"), locked(Layout(tmp_path / "file")):
        pass
