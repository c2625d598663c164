"""How fast is an evaluation with the simulated judge?

400 trajectories of Skyways: asked anew, by another harness that asks the same, and once more by the first.

    python benchmarks/evaluate.py [TRAJECTORIES]

Prints seconds for the naive seed, beside the judge called directly without sandbox or record.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from meta_reward.completion import Request
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.tasks.taskset import load_task_set
from meta_reward.trajectory import Message, Rollout

PROJECT = Path(__file__).parents[1]


def main(trajectories: int = 400) -> None:
    """Print the table."""
    rollouts = list(load_task_set(PROJECT / "tasks" / "skyways").rollouts.values())[:trajectories]
    source = (PROJECT / "seed_harnesses" / "baseline.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        bare = asyncio.run(_time_judge(rollouts))
        harnesses = (source, f"{source}\n# another\n", source)
        anew, cached, kept = (asyncio.run(_time_evaluation(harness, rollouts, cache)) for harness in harnesses)
    print(f"{len(rollouts)} trajectories, simulated judge")
    print(f"judge alone, no sandbox:  {bare:5.2f} s")
    print(f"evaluate, asked anew:     {anew:5.2f} s (goal: under 4 s), {anew / bare:.1f} times the judge alone")
    print(f"evaluate, replies known:  {cached:5.2f} s")
    print(f"evaluate, rewards known:  {kept:5.2f} s")


async def _time_judge(rollouts: list[Rollout]) -> float:
    judge = make_backend("simulated", {})
    began = time.perf_counter()
    for rollout in rollouts:
        prompt = "Rate this run from 0 to 100.\n\n" + rollout.trajectory.transcript()
        await judge.complete(Request((Message("user", prompt),)), draw=0)
    return time.perf_counter() - began


async def _time_evaluation(source: str, rollouts: list[Rollout], cache: Cache) -> float:
    gateway = Gateway(make_backend("simulated", {}), cache)
    began = time.perf_counter()
    async with Sandbox(Budget(), level=await choose_level()) as sandbox:
        await evaluate(source, reward_examples(rollouts), gateway=gateway, sandbox=sandbox)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
