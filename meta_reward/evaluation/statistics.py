"""Statistics for pairs that come in tasks: an interval and a test that treat tasks as the unit.

Pairs of one task share its customer, its policy clauses and its rollouts, so they are not
independent. Pure functions of numbers; randomness comes from the seed alone.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
MIN_TASKS_FOR_INTERVAL = 8
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95% bounds; bounds are None where the data cannot carry them."""

    mean: float
    low: float | None
    high: float | None


def interval_by_task(values: Mapping[str, Sequence[float]], *, draws: int = DRAWS, seed: int = 0) -> Interval | None:
    """The mean over all pairs and its 95% interval from resampling whole tasks.

    values: the values of the pairs of each task. None without any pair. Bounds are None with fewer
    than eight tasks, and where all values are equal, since resampling then shows no spread.
    Source: percentile bootstrap over clusters (Cameron, Gelbach and Miller 2008, section II),
    widened for few clusters as in Hesterberg (2015), "What Teachers Should Know About the
    Bootstrap", section 4.1.
    """
    totals = [(sum(v), len(v)) for _, v in sorted(values.items()) if v]
    if not totals:
        return None
    mean = sum(total for total, _ in totals) / sum(size for _, size in totals)
    if len(totals) < MIN_TASKS_FOR_INTERVAL or len({v for vs in values.values() for v in vs}) == 1:
        return Interval(mean, None, None)
    rng = random.Random(seed)
    means = sorted(_mean_of(rng.choices(totals, k=len(totals))) for _ in range(draws))
    tail = _expanded_tail(len(totals))
    return Interval(mean, means[math.floor(tail * (draws - 1))], means[math.ceil((1 - tail) * (draws - 1))])


def sign_flip_p(sums: Sequence[float]) -> float:
    """One-sided p-value of a paired sign-flip test: how often random signs reach the observed total.

    sums: for each task the sum of its pairs' differences, in multiples of one half. Exact: the
    distribution of the total over all 2^n sign choices, by convolution.
    Source: Fisher's randomization test for paired data, with the task as the unit.
    """
    steps = [round(2 * value) for value in sums]
    ways = {0: 1}
    for step in steps:
        if step == 0:
            continue
        spread: dict[int, int] = {}
        for total, count in ways.items():
            for moved in (total + step, total - step):
                spread[moved] = spread.get(moved, 0) + count
        ways = spread
    observed = sum(steps)
    return sum(count for total, count in ways.items() if total >= observed) / sum(ways.values())


def standard_error(differences: Mapping[str, Sequence[float]]) -> float | None:
    """The standard error of the mean over pairs, clustered by task; None with fewer than two tasks.

    Source: the ratio estimator for cluster samples (Cochran 1977, section 9.3).
    """
    totals = [(sum(v), len(v)) for v in differences.values() if v]
    n = len(totals)
    if n < 2:
        return None
    pairs = sum(size for _, size in totals)
    mean = sum(total for total, _ in totals) / pairs
    return math.sqrt(n / (n - 1) * sum((total - mean * size) ** 2 for total, size in totals)) / pairs


def _mean_of(totals: Sequence[tuple[float, int]]) -> float:
    return sum(total for total, _ in totals) / sum(size for _, size in totals)


def _expanded_tail(tasks: int) -> float:
    """The tail probability at which a percentile interval over `tasks` clusters is as wide as Student's."""
    normal = NormalDist()
    z = normal.inv_cdf((1 + CONFIDENCE) / 2)
    return normal.cdf(-math.sqrt(tasks / (tasks - 1)) * _student_quantile(z, tasks - 1))


def _student_quantile(z: float, freedom: int) -> float:
    """Student's quantile from the normal one, by its expansion in 1/freedom.

    Source: Abramowitz and Stegun, 26.7.5.
    """
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3
