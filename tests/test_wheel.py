"""The wheel by itself, in an empty folder: what a newcomer has who installed the package and cloned nothing."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from meta_reward import files
from tests.conftest import PROJECT

FEW = ("t000", "t001", "t002", "t003", "t004", "t005")
DATA = "meta_reward/_data"

pytestmark = pytest.mark.slow


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the package from a wheel of this checkout."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    return tmp_path / "site"


def test_search_in_an_empty_folder_has_seeds_and_skyways_and_leaves_the_package_as_it_was(
    installed: Path, here: Path
) -> None:
    assert content(installed / DATA / "seed_harnesses") == content(PROJECT / "seed_harnesses")
    assert content(installed / DATA / "skills") == content(PROJECT / "skills")
    assert content(installed / DATA / "tasks" / "skyways") == content(PROJECT / "tasks" / "skyways")
    cut_to_few_tasks(installed / DATA / "tasks" / "skyways")
    before = content(installed)
    ran = search(installed, "--iterations", "1", "--candidates", "1")
    assert ran.returncode == 0, ran.stderr
    assert "skyways comes with meta-reward: copied to tasks/skyways" in ran.stderr
    assert (here / "runs/skyways/report.html").read_text().startswith("<!doctype html>")
    assert f'taskset = "{here}/tasks/skyways"' in (here / "runs/skyways/run.toml").read_text()
    candidates = [path.name for path in sorted((here / "runs/skyways/history/candidates").iterdir())]
    assert candidates[:3] == ["c0001-baseline", "c0002-evidence", "c0003-policy"]
    assert content(installed) == before


def cut_to_few_tasks(world: Path) -> None:
    """The whole world takes a minute on a busy machine."""
    pairs = [pair for pair in files.load_lines(world / "pairs.jsonl") if pair["task"] in FEW]
    files.write_lines(world / "pairs.jsonl", pairs)
    files.write_json(world / "splits.json", {"search": FEW[:3], "validation": FEW[3:5], "test": FEW[5:]})


def search(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`meta-reward search` of the installed package; what it rests on comes from the environment of the tests."""
    program = "import meta_reward, sys; assert meta_reward.__file__.startswith(sys.argv.pop(1)); "
    program += "from meta_reward.cli import main; main()"
    command = [sys.executable, "-c", program, str(installed), "search", *arguments]
    env = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def content(folder: Path) -> dict[str, bytes]:
    """All files but what a test split's openings and the interpreter leave there."""
    left = ("openings.jsonl", ".pyc")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(left)
    }
