"""The wheel by itself, in an empty folder: what a newcomer has who installed the package and cloned nothing."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # a whole search of the world that everyone starts with


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the package from a wheel of this checkout; nothing in it may be written to afterwards."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    return tmp_path / "site"


def test_search_in_an_empty_folder_finds_seeds_and_skyways_and_leaves_the_package_as_it_was(
    installed: Path, here: Path
) -> None:
    before = content(installed)
    arguments = ["search", "--iterations", "1", "--candidates", "1"]
    ran = meta_reward(installed, *arguments)
    assert ran.returncode == 0, ran.stderr
    assert "skyways comes with meta-reward: copied to tasks/skyways" in ran.stderr
    assert {path.name for path in (here / "runs/skyways/history/candidates").iterdir()} >= {
        "c0001-baseline",
        "c0002-evidence",
        "c0003-policy",
    }
    assert f'taskset = "{here}/tasks/skyways"' in (here / "runs/skyways/run.toml").read_text()
    assert content(installed) == before


def meta_reward(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed package; what it rests on comes from the environment of the tests."""
    program = "import meta_reward, sys; assert meta_reward.__file__.startswith(sys.argv.pop(1)); "
    command = [sys.executable, "-c", f"{program}from meta_reward.cli import main; main()", str(installed), *arguments]
    env = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
