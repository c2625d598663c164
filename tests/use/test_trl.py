"""GRPO with TRL itself: the example, on a tiny model."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.slow


def test_grpo_takes_two_steps_with_the_rewards_of_a_run(finished: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed: pip install 'meta-reward[trl]'")
    program = [sys.executable, str(PROJECT / "examples" / "grpo.py"), str(finished)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(program, capture_output=True, text=True, timeout=110, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    steps = re.findall(r"^step (\d): meta_reward (0\.\d+), meta_reward_async (0\.\d+),", done.stdout, re.MULTILINE)
    assert [step for step, _, _ in steps] == ["1", "2"]
    assert all(sync == other and 0 < float(sync) <= 1 for _, sync, other in steps)
