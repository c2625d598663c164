"""kill -9 of the parent leaves no process behind, whatever its candidates are doing."""

import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import PROJECT
from tests.harness.attacks.arena import LEVELS
from tests.processes import below, is_running

PARENT = """
import asyncio, sys
from meta_reward.harness.budget import Budget
from meta_reward.harness.sandbox import Sandbox

async def never(ask, run_tool):
    print("asked", flush=True)
    await asyncio.sleep(60)

async def main():
    trajectory = {"policy": "", "tools": [], "messages": []}
    async with Sandbox(Budget(), level=sys.argv[1]) as sandbox:
        await asyncio.gather(*(sandbox.score(source, trajectory, never) for source in sys.argv[2:]))

asyncio.run(main())
"""
REWARD = "import signal, time\nasync def reward(trajectory, judge):\n    {}\n"
WAITS = REWARD.format("await judge.ask('a')")
IGNORES = REWARD.format("signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: time.sleep(1)")
LOOPS = REWARD.format("while True: pass")


@pytest.mark.parametrize("level", LEVELS)
def test_killed_parent_leaves_no_candidate_behind(level: str) -> None:
    command = [sys.executable, "-c", PARENT, level, WAITS, LOOPS, IGNORES, WAITS]
    parent = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent, parent.stdout as said:
        assert [said.readline(), said.readline()] == [b"asked\n"] * 2
        started = below(parent.pid)
        parent.send_signal(signal.SIGKILL)
    assert len(started) >= 5  # the zygote and four candidates, at level strict bubblewrap as well
    for _ in range(200):
        if not (left := [pid for pid in started if is_running(pid)]):
            break
        time.sleep(0.05)
    assert not left
