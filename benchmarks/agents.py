"""What runs of agents at the simulated desk take: each asks the model twelve times, and talks as often.

    python benchmarks/agents.py [RUNS]

`processor` is what this process and the sandbox took together, in seconds.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.agent import AgentKind
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.offline.frontdesk import build

TURNS = 12
AGENT = f"""
async def act(task, model, world):
    for _ in range({TURNS}):
        prompt = f"This is the conversation so far:\\n\\n{{world.transcript()}}\\n\\nYour next message:"
        reply = await model.ask(prompt, system=world.policy, tools=world.functions())
        await world.say(reply.text or "Hm.")
"""


async def measure(folder: Path, runs: int) -> str:
    """One line on so many runs."""
    kind = AgentKind()
    build(folder / "desk", name="desk", tasks=runs, seed=5)
    taskset = kind.load(folder / "desk")
    part, gateway = kind.part(taskset, taskset.tasks), Gateway(make_backend("simulated:agent", {}), None)
    began, used = time.monotonic(), time.process_time()
    async with Sandbox(kind.budget, level=await choose_level()) as sandbox:
        evaluation = await evaluate(AGENT, part.examples, gateway=gateway, sandbox=sandbox, hosts=kind.hosts(taskset))
        processor_s = time.process_time() - used + sum(map(seconds_of, below(os.getpid())))
    calls, failed = sum(len(r.calls) for r in evaluation.results), sum(r.error is not None for r in evaluation.results)
    took = f"{time.monotonic() - began:.1f} s, processor {processor_s:.1f} s"
    return f"{runs} runs of {TURNS} turns, {calls} model calls, {failed} failed: {took}"


def below(pid: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    children = [int(c) for path in Path(f"/proc/{pid}/task").glob("*/children") for c in path.read_text().split()]
    return [one for child in children for one in (child, *below(child))]


def seconds_of(pid: int) -> float:
    """Processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(measure(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 100)))
