"""Folders: they appear whole or not at all, and what a kill left behind is removed."""

import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward import folders
from meta_reward.errors import UsageError


def test_new_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with folders.new_folder(path) as folder:
        (folder / "a").write_text("1")
        assert not path.exists()
    assert (path / "a").read_text() == "1"
    assert list(tmp_path.iterdir()) == [path]


def test_new_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), folders.new_folder(tmp_path / "made") as folder:  # noqa: PT012
        (folder / "a").write_text("1")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_new_folder_replaces_only_where_it_may(tmp_path: Path) -> None:
    path = tmp_path / "made"
    (path / "old").mkdir(parents=True)
    with pytest.raises(UsageError, match="made exists"), folders.new_folder(path):
        pass
    assert [p.name for p in path.iterdir()] == ["old"]
    with folders.new_folder(path, replace=True) as folder:
        (folder / "new").write_text("")
    assert [p.name for p in path.iterdir()] == ["new"]


def test_sweep_removes_what_a_kill_left_and_nothing_else(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from meta_reward import folders
with folders.new_folder(Path(sys.argv[1]) / "deep" / "made") as folder:
    (folder / "a").write_text("1")
    os.kill(os.getpid(), 9)
"""
    (tmp_path / ".kept").write_text("")
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert len(list((tmp_path / "deep").iterdir())) == 1
    folders.sweep(tmp_path, deep=False)
    assert len(list((tmp_path / "deep").iterdir())) == 1
    folders.sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == [".kept", "deep"]
