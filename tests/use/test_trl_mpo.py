"""A reward that is refined while TRL itself trains: the example, on a tiny model, with a scripted meta model."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.samples import load_sample_set
from meta_reward.run.stop_reason import load_stop
from meta_reward.search.mpo.steps import load_steps
from tests.conftest import PROJECT
from tests.endpoints import Endpoint
from tests.use.refining import make_training, scripted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("trainer", ["grpo", "rloo"])
def test_trl_trains_on_under_each_of_two_refinements(trainer: str, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed: pip install 'meta-reward[trl]'")
    with Endpoint(scripted) as endpoint:
        layout = make_training(tmp_path, endpoint)
        rewards = train(layout, trainer)
    assert rewards == ["0.400", "0.400", "0.300", "0.300", "0.200", "0.200"]
    steps = load_steps(layout.steps)
    assert [step.harness for step in steps] == ["c0001"] * 2 + ["c0002"] * 2 + ["c0003"] * 2
    assert all(step.samples == 4 and step.entropy is not None and "loss" in step.more for step in steps)
    assert [row.parents for row in load_ledger(layout.ledger)] == [(), ("c0001",), ("c0002",)]
    assert load_sample_set(layout.samples_of(2)).harness == "c0002"
    assert load_stop(layout).state == "finished"


def train(layout: Layout, trainer: str) -> list[str]:
    """The mean reward of each step, as TRL logs it."""
    program = [sys.executable, str(PROJECT / "examples" / "mpo_trl.py"), str(layout.root), trainer]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(program, capture_output=True, text=True, timeout=800, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return re.findall(r"^step \d: reward (0\.\d+)$", done.stdout, re.MULTILINE)
