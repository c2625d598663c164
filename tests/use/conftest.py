"""The command line, a small run that is finished, and files of trajectories without labels."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import meta_reward as meta_reward
from tests.cli.conftest import meta_reward_process as meta_reward_process
from tests.conftest import PROJECT, made_once, make_task_set

PRICED = "[judge.settings]\nprice_input = 1000.0\nprice_output = 1000.0\n"
COUNTING_HARNESS = '''"""Ten points for each message, one for each tool; fails on what says BAD."""

from meta_reward.harness import Judge, Reward, Trajectory


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    if "BAD" in trajectory.transcript():
        raise ValueError("it is bad")
    points = 10.0 * len(trajectory.messages) + len(trajectory.tools)
    return Reward(points, reason=trajectory.transcript(), findings={"policy": trajectory.policy})
'''
PROGRAM = [sys.executable, "-c", "from meta_reward.cli import main; main()"]


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is finished: its seed was never beaten, so it stays; the test split is sealed."""
    return made_once(tmp_path_factory, "finished-run", _finish) / "runs" / "night-1"


def _finish(folder: Path) -> None:
    make_task_set(folder / "tasks" / "small", tasks=12, rollouts=2)
    (folder / "seeds").mkdir()
    (folder / "seeds" / "baseline.py").symlink_to(PROJECT / "seed_harnesses" / "baseline.py")
    options = ["--seeds", "seeds", "--judge", "simulated", "--iterations", "0", "--run", "night-1"]
    environment = os.environ | {"META_REWARD_CACHE": str(folder / "cache"), "HOME": str(folder)}
    subprocess.run([*PROGRAM, "search", "small", *options], cwd=folder, env=environment, check=True)


@pytest.fixture
def counting(tmp_path: Path) -> Path:
    """The file of a harness that tells what it was shown."""
    (tmp_path / "counting.py").write_text(COUNTING_HARNESS)
    return tmp_path / "counting.py"


def messages(text: str = "It was sent.") -> list[dict[str, Any]]:
    """A short run in OpenAI's format."""
    call = {"id": "a", "type": "function", "function": {"name": "get_order", "arguments": '{"order_id": "A1"}'}}
    return [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is my order?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": '{"status": "sent"}'},
        {"role": "assistant", "content": [{"type": "text", "text": text}]},
    ]


def write_rows(path: Path, rows: Iterable[Any]) -> Path:
    """A file of JSON lines; a text is a line as it stands."""
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def some_runs(count: int) -> list[dict[str, Any]]:
    """Runs of tasks of four, all different, half of them good."""
    words = ("BAD", "GOOD")
    return [
        {"id": f"r{n}", "task": f"t{n // 4}", "messages": messages(f"Run {n} was {words[n % 2]}.")}
        for n in range(count)
    ]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
