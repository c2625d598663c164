"""What controls reach where a search delivers: fresh worlds end to end with defaults, tested with their controls.

    python benchmarks/controls.py [--worlds 10] [--first 4000] [--judge simulated] [--jobs 2]

Prints a line a world: agreement on the sealed test split of the baseline, of the chosen harness, and of each control
of the chosen one. Then the means, and how far the chosen harness is ahead of each on average, with the 95% interval by
world. Where the baseline stayed, it is the chosen one, and matched budget is the baseline itself. Simulated judge.
"""

import argparse
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from benchmarks.fresh_worlds import in_world
from meta_reward.evaluation.statistics import difference_interval
from meta_reward.report.tables import difference
from meta_reward.search.context import Search
from meta_reward.search.controls import LEARNED, MATCHED, REROLL
from meta_reward.search.test_split import open_test

COLUMNS = ("baseline", "chosen", MATCHED, REROLL, LEARNED)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first", type=int, default=4000)
    parser.add_argument("--tasks", type=int, default=90)
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--judge", default="simulated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    print(f"judge {given.judge}, {given.tasks} tasks a world, {given.iterations} iterations; agreement on test, %\n")
    print("world  chosen  " + "  ".join(f"{name:>14}" for name in COLUMNS), flush=True)
    seeds = range(given.first, given.first + given.worlds)
    tested = partial(test_world, judge=given.judge, tasks=given.tasks, iterations=given.iterations)
    with ProcessPoolExecutor(given.jobs) as pool:
        worlds = []
        for seed, (chosen, found) in zip(seeds, pool.map(tested, seeds), strict=True):
            worlds.append(found)
            print(f"{seed:5}  {chosen:6}  " + "  ".join(f"{share * 100:14.1f}" for share in found), flush=True)
    _print_means(worlds)


def test_world(seed: int, judge: str, tasks: int, iterations: int) -> tuple[str, list[float]]:
    """The id of the chosen harness, and the agreement of each column on the sealed split of a world."""
    return in_world(seed, judge, tasks, iterations, _test)


async def _test(search: Search) -> tuple[str, list[float]]:
    result = await open_test(search)
    chosen = result.tested[0] if result.tested else result.baseline
    reached = {control.name: control.agreement.mean for control in chosen.controls}
    baseline = result.baseline.scores.metrics.score
    of_controls = [reached.get(name, baseline) for name in (MATCHED, REROLL, LEARNED)]
    return chosen.id, [baseline, chosen.scores.metrics.score, *of_controls]


def _print_means(worlds: Sequence[Sequence[float]]) -> None:
    columns = list(zip(*worlds, strict=True))
    print("\nmean           " + "  ".join(f"{statistics.fmean(column) * 100:14.1f}" for column in columns))
    chosen = columns[COLUMNS.index("chosen")]
    for name, column in zip(COLUMNS, columns, strict=True):
        if name != "chosen":
            gaps = [mine - other for mine, other in zip(chosen, column, strict=True)]
            ahead = sum(gap > 0 for gap in gaps)
            by_world = difference_interval({str(world): [gap] for world, gap in enumerate(gaps)})
            print(f"chosen - {name}: {difference(by_world)}, ahead in {ahead} of {len(gaps)} worlds")


if __name__ == "__main__":
    main()
