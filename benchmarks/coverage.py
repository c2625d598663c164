"""How often 95% intervals hold the truth, on simulated pairs that come in tasks.

    python benchmarks/coverage.py [--runs 2000]

Agreement, differences between two candidates (many pairs decided differently, few, or the same small gain
against rare disasters), and the gain of best-of-4 picks over blind ones; with as many pairs in every task, and with
1 to 15. Prints the share of intervals that hold the true value, their mean width, and how often there are none.
No method holds for disasters that a small set does not show: that row says how far off it is.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import comb, factorial
from statistics import NormalDist

from benchmarks.simulated_pairs import differences, draw_skewed, draw_values, in_parallel, task_sizes
from meta_reward.evaluation.best_of_n import best_of_n
from meta_reward.evaluation.statistics import Interval, difference_interval, share_interval
from meta_reward.trajectory import Rollout, Trajectory

TASKS = (8, 10, 12, 20, 40)
BASELINE, CANDIDATE = 0.55, 0.67
PICKED, SIGNAL = 4, 0.8

Intervals = Callable[[int, bool, random.Random], tuple[float, Interval]]


@dataclass(frozen=True, slots=True)
class Job:
    """One data set."""

    kind: str
    tasks: int
    balanced: bool
    number: int


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="data sets a row")
    runs = parser.parse_args().runs
    print(f"{runs} data sets a row\n{'':28} tasks  covered   width  none")
    rows = [(kind, tasks, balanced) for kind in KINDS for balanced in (True, False) for tasks in TASKS]
    found = in_parallel(run, [Job(*row, number) for row in rows for number in range(runs)])
    for at, (kind, tasks, balanced) in enumerate(rows):
        _print_row(f"{kind}, {'even' if balanced else 'uneven'}", tasks, found[at * runs : (at + 1) * runs])


def run(job: Job) -> tuple[float, Interval]:
    """The truth, and the interval that should hold it."""
    return KINDS[job.kind](job.tasks, job.balanced, random.Random(f"{job}"))


def _agreement(mean: float) -> Intervals:
    def drawn(tasks: int, balanced: bool, rng: random.Random) -> tuple[float, Interval]:
        (values,) = draw_values([mean], task_sizes(tasks, rng, balanced=balanced), rng)
        return mean, _known(share_interval({str(at): task for at, task in enumerate(values)}))

    return drawn


def _difference(own: float) -> Intervals:
    def drawn(tasks: int, balanced: bool, rng: random.Random) -> tuple[float, Interval]:
        sizes = task_sizes(tasks, rng, balanced=balanced)
        return CANDIDATE - BASELINE, _of(differences(*draw_values([BASELINE, CANDIDATE], sizes, rng, own=own)))

    return drawn


def _disasters(tasks: int, balanced: bool, rng: random.Random) -> tuple[float, Interval]:
    return 0.0, _of(differences(*draw_skewed(0.85, 2, task_sizes(tasks, rng, balanced=balanced), rng, own=0.1)))


def _gain(tasks: int, balanced: bool, rng: random.Random) -> tuple[float, Interval]:
    """Of picking the best of four by a reward that is 0.8 standard deviations higher for a success."""
    rollouts, rewards, nothing = [], dict[str, float | None](), Trajectory(policy="", tools=(), messages=())
    for task in range(tasks):
        chance = rng.betavariate(2, 2)
        for at in range(8 if balanced else rng.choice((4, 5, 6, 8, 16))):
            rollouts.append(Rollout(f"{task}-{at}", str(task), nothing, int(rng.random() < chance)))
            rewards[f"{task}-{at}"] = rng.gauss(SIGNAL * (rollouts[-1].success or 0), 1)
    row = next(row for row in best_of_n(rollouts, rewards) if row.n == PICKED)
    return _true_gain(), Interval(row.gain, row.low, row.high, row.no_bounds)


@cache
def _true_gain() -> float:
    """Over the number of successes among the drawn, which is beta-binomial: who wins, minus their share."""
    ways = (comb(PICKED, k) * 6 * _beta(2 + k, 2 + PICKED - k) for k in range(PICKED + 1))
    return sum(way * (_a_success_wins(k) - k / PICKED) for k, way in enumerate(ways))


def _a_success_wins(successes: int) -> float:
    """The chance that the highest of the rewards is a success's, by summing over its value."""
    normal, step = NormalDist(), 0.01
    if successes == 0:
        return 0.0
    return sum(
        step
        * successes
        * normal.pdf(x - SIGNAL)
        * normal.cdf(x - SIGNAL) ** (successes - 1)
        * normal.cdf(x) ** (PICKED - successes)
        for x in (step * at for at in range(-600, 700))
    )


def _beta(a: int, b: int) -> float:
    return factorial(a - 1) * factorial(b - 1) / factorial(a + b - 1)


def _of(values: Mapping[str, list[float]]) -> Interval:
    return _known(difference_interval(values))


def _known(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def _print_row(name: str, tasks: int, found: list[tuple[float, Interval]]) -> None:
    bounded = [(truth, i.low, i.high) for truth, i in found if i.low is not None and i.high is not None]
    covered = statistics.fmean(low <= truth <= high for truth, low, high in bounded) if bounded else 0.0
    width = statistics.fmean(high - low for _, low, high in bounded) if bounded else 0.0
    print(f"{name:28} {tasks:5}   {covered:6.1%}  {width:6.3f}  {1 - len(bounded) / len(found):4.0%}", flush=True)


KINDS: dict[str, Intervals] = {
    "agreement 55%": _agreement(0.55),
    "agreement 70%": _agreement(0.7),
    "agreement 90%": _agreement(0.9),
    "difference, many": _difference(1.0),
    "difference, few": _difference(0.2),
    "gain of best-of-4": _gain,
    "rare disasters": _disasters,
}

if __name__ == "__main__":
    main()
