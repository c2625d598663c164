"""Do judges see wrong state with the audit's help? State-mismatch pairs with and without it, under one harness.

    python benchmarks/audit_judged.py [--worlds 10] [--first 4000] [--category state-mismatch]

Each world is Skyways with other customers, cases and agents. The harness is the seed `evidence`: without checks, with
its own (a yes before each change), with the audit's contradictions as checks, and without checks but with the audit as
a tool that the judge may call. Prints agreement on the pairs of the category, a line a world, then the means and the
difference from no checks with its 95% interval by world. Simulated judge.
"""

import argparse
import asyncio
import math
import os
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import outcomes
from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import parse_source, with_parts
from meta_reward.offline.skyways import build
from meta_reward.tasks.taskset import load_task_set

SEEDS = Path(__file__).parents[1] / "seed_harnesses"
TASKS = 51  # each situation of the desk once
COLUMNS = ("no checks", "own checks", "audit as checks", "audit as tool")
WITH_TOOL = '''

class WithAudit:
    """A judge that may call the audit of the run before it answers."""

    def __init__(self, judge: Judge, tool) -> None:
        self.judge, self.tool = judge, tool

    async def ask(self, prompt: str) -> Reply:
        return await self.judge.ask(prompt, tools=[self.tool])
'''


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first", type=int, default=4000)
    parser.add_argument("--category", default="state-mismatch")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    print(f"agreement on {given.category} pairs, {TASKS} tasks a world, harness evidence, simulated judge\n")
    print(f"world  pairs  {'  '.join(COLUMNS)}", flush=True)
    seeds = range(given.first, given.first + given.worlds)
    rows = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for seed, (pairs, shares) in zip(seeds, pool.map(measure, seeds, [given.category] * len(seeds)), strict=True):
            rows.append(shares)
            print(_line(f"{seed:5}  {pairs:5}", shares), flush=True)
    print(_line(" mean       ", [statistics.fmean(column) for column in zip(*rows, strict=True)]))
    for name, column in list(zip(COLUMNS, zip(*rows, strict=True), strict=True))[1:]:
        print(f"{name} - no checks: {_difference([a - b for a, (b, *_) in zip(column, rows, strict=True)])}")


def measure(seed: int, category: str) -> tuple[int, list[float]]:
    """The number of pairs of a category in a world, and the agreement of each variant on them."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "world", name="world", tasks=TASKS, seed=seed)
        world = load_task_set(Path(folder) / "world")
    pairs = [pair for pair in world.pairs if category in pair.categories]
    wanted = {name for pair in pairs for name in (pair.preferred, pair.other)}
    runs = reward_examples([run for run in world.rollouts.values() if run.id in wanted])

    async def shares() -> list[float]:
        gateway = Gateway(make_backend("simulated", {}), cache=None)
        async with Sandbox(Budget(), level=await choose_level()) as sandbox:
            results = [await evaluate(source, runs, gateway=gateway, sandbox=sandbox) for source in variants()]
        return [statistics.fmean(outcome.score for outcome in outcomes(pairs, one.rewards)) for one in results]

    return len(pairs), asyncio.run(shares())


def variants() -> list[str]:
    """The sources that are compared, in the order of COLUMNS."""
    evidence, checks = parse_source((SEEDS / "evidence.py").read_text()), load_library()["checks"]
    plain = with_parts(evidence, {"checks": checks["none"].source}, doc="Without checks.")
    audited = with_parts(evidence, {"checks": checks["ledger"].source}, doc="With the audit's contradictions.")
    asked = "decide(WithAudit(judge, audit(trajectory).tool()), case, criteria)"
    tooled = plain.replace("decide(judge, case, criteria), findings", f"{asked}, findings")
    imported = "from meta_reward.harness.audit import audit\n"
    tooled = tooled.replace("from meta_reward.harness import", f"{imported}from meta_reward.harness import", 1)
    return [plain, with_parts(evidence, {}, doc="As it is."), audited, tooled + WITH_TOOL]


def _line(label: str, shares: list[float]) -> str:
    return f"{label}  " + "  ".join(f"{share:>{len(name)}.1%}" for name, share in zip(COLUMNS, shares, strict=True))


def _difference(gaps: list[float]) -> str:
    mean = statistics.fmean(gaps) * 100
    half = 2.26 * statistics.stdev(gaps) / math.sqrt(len(gaps)) * 100 if len(gaps) > 1 else math.nan
    return f"{mean:+.1f} points [{mean - half:+.1f}, {mean + half:+.1f}]"


if __name__ == "__main__":
    main()
