"""Side by side or one by one? Seeds that compare and seeds that reward, on freshly built Skyways.

    python benchmarks/compare.py [WORLDS] [TASKS] [FIRST_SEED]

Each world is the same desk with other customers, cases and agents, and other noise; all of its pairs count. Prints for
each seed the mean over the worlds with the least and the most: agreement, the share of pairs with the same winner in
both orders, and how often the first one shown wins. Simulated: the judge, and the comparer beside it.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fresh_worlds import SEEDS
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import Metrics
from meta_reward.harness.budget import Budget
from meta_reward.harness.levels import choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.registry import KINDS, for_programs
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.offline.skyways import build
from meta_reward.tasks.taskset import load_task_set


@dataclass(frozen=True, slots=True)
class Program:
    """A seed of a kind."""

    kind: str
    name: str

    @property
    def path(self) -> Path:
        return SEEDS / KINDS[self.kind].seeds / f"{self.name}.py"


PROGRAMS = (
    *(Program("reward", name) for name in ("baseline", "policy", "evidence")),
    *(Program("compare", name) for name in ("baseline", "policy", "both_orders")),
)


def main(worlds: str = "10", tasks: str = "6", first_seed: str = "2000") -> None:
    """Print the table."""
    seeds = range(int(first_seed), int(first_seed) + int(worlds))
    found: dict[Program, list[Metrics]] = {program: [] for program in PROGRAMS}
    for seed in seeds:
        for program, metrics in asyncio.run(_world(seed, int(tasks))).items():
            found[program].append(metrics)
        print(
            f"world {seed}: {' '.join(f'{one[-1].score:.1%}' for one in found.values())}", file=sys.stderr, flush=True
        )
    pairs = sum(one.items for one in found[PROGRAMS[0]])
    print(f"{worlds} worlds of {tasks} tasks, {pairs} pairs, simulated\n")
    print(f"{'program':20}  {'agreement':20}  {'same in both orders':20}  {'first one wins':20}  calls a pair")
    for program, every in found.items():
        print(_line(program, every))


def _line(program: Program, every: Sequence[Metrics]) -> str:
    told = [one.comparisons for one in every if one.comparisons]
    columns = [
        _spread([one.score for one in every]),
        _spread([one.same for one in told if one.same is not None]),
        _spread([one.first for one in told if one.first is not None]),
    ]
    calls = statistics.mean(one.judge_calls / one.items for one in every)
    return f"{program.kind + ' ' + program.name:20}  {'  '.join(f'{one:20}' for one in columns)}  {calls:12.2f}"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    return f"{statistics.mean(values):.1%} [{min(values) * 100:.1f}, {max(values) * 100:.1f}]"


async def _world(seed: int, tasks: int) -> dict[Program, Metrics]:
    """What each program reaches in a world."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "world", name="world", tasks=tasks, seed=seed)
        pairs = load_task_set(Path(folder) / "world")
    found = {}
    async with Sandbox(Budget(), level=await choose_level()) as sandbox:
        for program in PROGRAMS:
            kind, world = KINDS[program.kind], for_programs(pairs, program.kind)
            part, source = kind.part(world, world.tasks), program.path.read_text()
            gateway = Gateway(make_backend(kind.simulated, {}, seed=seed), cache=None)
            evaluation = await evaluate(source, part.examples, gateway=gateway, sandbox=sandbox)
            found[program] = kind.metrics(world, part, evaluation, kind.outcomes(world, part, evaluation))
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
