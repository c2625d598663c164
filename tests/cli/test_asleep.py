"""A machine that sleeps in the middle of a search: every process stands still, and the judge hangs up meanwhile."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import MetaReward
from tests.conftest import make_task_set
from tests.endpoints import Endpoint, Fault, Said, Seen

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]

THINKING_HARNESS = '''"""Thinks for a while, and asks for a number."""

import asyncio

from meta_reward.harness import Judge, Reward, Trajectory


async def reward(trajectory: Trajectory, judge: Judge) -> Reward:
    await asyncio.sleep(1.0)
    reply = await judge.ask("Rate this run from 0 to 100.\\n" + trajectory.transcript())
    return Reward(float(reply.text))
'''
ACTIVE_S = 5.0
ASLEEP_S = 8.0


def test_candidate_is_not_blamed_for_the_time_asleep(meta_reward: MetaReward, here: Path) -> None:
    make_task_set(here / "tasks" / "small", tasks=8)
    (here / "seeds").mkdir()
    (here / "seeds" / "thinking.py").write_text(THINKING_HARNESS)
    (here / "run.toml").write_text(f"[budget]\nactive_s = {ACTIVE_S}\n")
    awake = threading.Event()

    def answer(seen: Seen) -> Said | Fault:
        if awake.is_set() or seen.ordinal < 2:
            return Said("80")
        awake.wait(ASLEEP_S / 2)
        return Fault(how="drop")

    with Endpoint(answer) as endpoint:
        search = ["search", "small", "--seeds", "seeds", "--config", "run.toml", "--iterations", "0", "--max-usd"]
        search += ["none", "--concurrency", "4", "--judge", f"openai:m@{endpoint.url}/v1"]
        command = [sys.executable, "-c", "from meta_reward.cli import main; main()", *search]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while len(endpoint.seen) < 4:  # two are answered, two in flight, and others think
            time.sleep(0.01)
        sleep_of(process.pid)
        awake.set()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    scores = json.loads(next((here / "runs" / "small").glob("history/candidates/*/scores.json")).read_text())
    assert (scores["failures"], scores["broken"]) == (0, False), (out, err)
    assert json.loads(meta_reward("status", "small", "--json").out)["state"] == "finished"


def sleep_of(search: int) -> None:
    """Everything that a search has started stands still for a while."""
    stopped = list(descendants(search))
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(ASLEEP_S)
    for pid in reversed(stopped):
        os.kill(pid, signal.SIGCONT)


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from descendants(int(child))
