"""Does a harness hold in worlds that nobody has seen? It and the baseline on freshly built Skyways.

    python benchmarks/worlds.py [HARNESS] [WORLDS] [FIRST_SEED]

Each world is the same desk with other customers, cases and agents; all of its pairs count. Prints a
line a world, then the means. Simulated judge.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import outcomes
from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.offline.skyways import build
from meta_reward.tasks.taskset import TaskSet, load_task_set

SEEDS = Path(__file__).parents[1] / "seed_harnesses"
TASKS = 51  # each situation of the desk once


def main(harness: str = str(SEEDS / "evidence.py"), worlds: str = "6", first_seed: str = "1000") -> None:
    """Print the table."""
    sources = {"baseline": (SEEDS / "baseline.py").read_text(), "harness": Path(harness).read_text()}
    print(f"{harness} on worlds of {TASKS} tasks, simulated judge\n\nworld  baseline  harness  difference")
    rows = []
    for seed in range(int(first_seed), int(first_seed) + int(worlds)):
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder) / "world", name="world", tasks=TASKS, seed=seed)
            world = load_task_set(Path(folder) / "world")
        rows.append([asyncio.run(_agreement(source, world)) for source in sources.values()])
        print(_line(str(seed), rows[-1]), flush=True)
    print(_line("mean", [statistics.mean(column) for column in zip(*rows, strict=True)]))


def _line(label: str, shares: list[float]) -> str:
    baseline, harness = shares
    return f"{label:5}  {baseline:8.1%}  {harness:7.1%}  {(harness - baseline) * 100:+10.1f}"


async def _agreement(source: str, world: TaskSet) -> float:
    gateway = Gateway(make_backend("simulated", {}), cache=None)
    async with Sandbox(Budget(), level=await choose_level()) as sandbox:
        result = await evaluate(
            source, reward_examples(list(world.rollouts.values())), gateway=gateway, sandbox=sandbox
        )
    agreed = [outcome.score for outcome in outcomes(world.pairs, result.rewards)]
    return sum(agreed) / len(agreed)


if __name__ == "__main__":
    main(*sys.argv[1:])
