"""The command line as a person runs it: in a process of its own, in an empty folder."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PROJECT

MetaReward = Callable[..., "Ran"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def meta_reward(here: Path) -> MetaReward:
    """Runs `meta-reward ARGUMENTS` in `here`, where the project's seed harnesses are."""
    (here / "seed_harnesses").symlink_to(PROJECT / "seed_harnesses")

    def run(*arguments: object, timeout: float = 100, **environment: str) -> Ran:
        command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=os.environ | environment, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
