"""What searches deliver when there is something to find: the joint decision and the gate before it.

    python benchmarks/gate_power.py [--runs 300]

The same simulated searches under both: two seeds and eight iterations of two candidates, of which the best is
better than the baseline by a true 5, 10 or 20 points and the others lie between that loss and that gain; a
third more search tasks than validation tasks, even and uneven in turn. Prints, in points, the true gain of
what each chose, their paired difference with its 95% interval, and how often each replaced the baseline;
beside them what the best on search has, which asks for no proof. Then how often one of three finalists
passes, beside what meta_reward/evaluation/power.py says.
"""

import argparse
import math
import random
import statistics
from dataclasses import dataclass
from functools import cache

from benchmarks.old_gate import old_gate
from benchmarks.simulated_pairs import (
    candidate_of,
    differences,
    draw_values,
    in_parallel,
    mean_of,
    spread_of,
    task_sizes,
)
from meta_reward.evaluation.gate import choose_finalists, decide, level_of_look
from meta_reward.evaluation.max_t import adjusted_p
from meta_reward.evaluation.power import chance_to_pass

GAINS = (0.05, 0.10, 0.20)
TASKS = (8, 12, 18, 27, 50)
BASELINE = 0.55
ITERATIONS = [range(first, first + 2) for first in range(1, 19, 2)]
CANDIDATES = 18
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """One search."""

    number: int
    gain: float
    tasks: int
    balanced: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The true gain of what each chose, 0 for the baseline; and whether one finalist of such a gain passes."""

    joint: float
    old: float
    on_search: float
    joint_replaced: bool
    old_replaced: bool
    passes: bool
    expected: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300, help="searches for each gain and number of tasks")
    runs = parser.parse_args().runs
    cells = [(gain, tasks) for gain in GAINS for tasks in TASKS]
    jobs = [Job(n, gain, tasks, n % 2 == 0) for gain, tasks in cells for n in range(runs)]
    found = in_parallel(run, jobs)
    by_cell = {cell: found[at * runs : (at + 1) * runs] for at, cell in enumerate(cells)}
    print(f"{runs} searches a line              true gain of the chosen                        replaced")
    print("best in run  tasks    joint    old   difference [95%]      best on search    joint     old")
    for (gain, tasks), results in by_cell.items():
        _print_row(gain, tasks, results)
    print("\none of three finalists passes\n gain  tasks  measured  expected")
    for (gain, tasks), results in by_cell.items():
        measured, expected = (statistics.fmean(x) for x in zip(*((r.passes, r.expected) for r in results), strict=True))
        print(f"{gain * 100:5.0f}  {tasks:5}  {measured:8.1%}  {expected:8.1%}")


def run(job: Job) -> Result:
    """A search that both gates decide, and the test of three finalists on other data."""
    rng = random.Random(f"{job}")
    sizes = [task_sizes(n, rng, balanced=job.balanced) for n in (round(job.tasks * 4 / 3), job.tasks)]
    gains = [0.0, job.gain, *(rng.uniform(-job.gain, job.gain) for _ in range(CANDIDATES - 1))]
    gains[1:] = rng.sample(gains[1:], CANDIDATES)
    search, validation = (draw_values([BASELINE + gain for gain in gains], part, rng) for part in sizes)
    baseline, *others = (candidate_of(n, s, v) for n, (s, v) in enumerate(zip(search, validation, strict=True)))
    finalists = choose_finalists(baseline, others)
    joint = int(decide(baseline, finalists, draws=DRAWS).chosen[1:])
    old = old_gate(search, validation, ITERATIONS)
    passes, expected = _one_passes(job, sizes[1], rng)
    best = max(range(CANDIDATES + 1), key=lambda at: mean_of(search[at]))
    return Result(gains[joint], gains[old], gains[best], joint > 0, old > 0, passes, expected)


def _one_passes(job: Job, sizes: list[int], rng: random.Random) -> tuple[bool, float]:
    """Whether a finalist with the gain passes beside two without one, and how likely that is said to be."""
    drawn = draw_values([BASELINE, BASELINE + job.gain, BASELINE, BASELINE], sizes, rng)
    sums = [[sum(task) for task in differences(drawn[0], values).values()] for values in drawn[1:]]
    variance, correlation = _measured_spread()
    expected = chance_to_pass(job.gain, sizes, variance=variance, correlation=correlation)
    return adjusted_p(sums, draws=DRAWS)[0] <= level_of_look(1), expected


@cache
def _measured_spread() -> tuple[float, float]:
    """Of a pair's difference in these simulations, as power.py wants it."""
    rng = random.Random(0)
    drawn = draw_values([BASELINE, BASELINE + 0.1], task_sizes(2000, rng), rng)
    return spread_of(differences(*drawn).values())


def _print_row(gain: float, tasks: int, results: list[Result]) -> None:
    gaps = [result.joint - result.old for result in results]
    half = 1.96 * statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
    joint, old, on_search, joint_replaced, old_replaced = (
        statistics.fmean(column)
        for column in zip(
            *((r.joint, r.old, r.on_search, r.joint_replaced, r.old_replaced) for r in results), strict=True
        )
    )
    gap = statistics.fmean(gaps)
    bounds = f"{gap * 100:+5.1f} [{(gap - half) * 100:+5.1f}, {(gap + half) * 100:+5.1f}]"
    print(f"{gain * 100:11.0f}  {tasks:5}    {joint * 100:+5.1f}  {old * 100:+5.1f}  {bounds}", end="")
    print(f"  {on_search * 100:+14.1f}    {joint_replaced:5.0%}   {old_replaced:5.0%}", flush=True)


if __name__ == "__main__":
    main()
