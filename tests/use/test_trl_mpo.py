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
from tests.endpoints import Endpoint, Said, Seen
from tests.use.refining import make_training, scripted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("trainer", ["grpo", "rloo"])
def test_trl_trains_on_under_each_of_two_refinements(trainer: str, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed: pip install 'meta-reward[trl]'")
    with Endpoint(uneven) as endpoint:
        layout = make_training(tmp_path, endpoint)
        rewards = train(layout, trainer)
    assert rewards == pytest.approx([0.4, 0.4, 0.3, 0.3, 0.2, 0.2], abs=0.011)
    steps = load_steps(layout.steps)
    assert any(step.more["grad_norm"] > 0 for step in steps)
    assert [step.harness for step in steps] == ["c0001"] * 2 + ["c0002"] * 2 + ["c0003"] * 2
    assert all(step.samples == 4 and step.entropy is not None and "loss" in step.more for step in steps)
    assert [row.parents for row in load_ledger(layout.ledger)] == [(), ("c0001",), ("c0002",)]
    assert load_sample_set(layout.samples_of(2)).harness == "c0002"
    assert load_stop(layout).state == "finished"


def uneven(seen: Seen) -> Said:
    """As scripted, but the judge gives a point more or less, so that the policy has something to learn."""
    said, odd = scripted(seen), sum(map(ord, seen.texts[-1])) % 3 - 1
    score = re.fullmatch(r"Score: (\d+)", said.text)
    return Said(f"Score: {int(score[1]) + odd}") if score else said


def train(layout: Layout, trainer: str) -> list[float]:
    """The mean reward of each step, as TRL logs it."""
    program = [sys.executable, str(PROJECT / "examples" / "mpo_trl.py"), str(layout.root), trainer]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(program, capture_output=True, text=True, timeout=800, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return [float(found) for found in re.findall(r"^step \d: reward (0\.\d+)$", done.stdout, re.MULTILINE)]
