"""Statistics for pairs that come in tasks: intervals that treat tasks as the unit.

Pairs of one task share its customer, its policy clauses and its rollouts, so they are not
independent. Pure functions of numbers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95
MIN_TASKS_FOR_INTERVAL = 8
FEW_TASKS = "few tasks"
NO_SPREAD = "no spread"
_MIN_EFFECTIVE_TASKS = 3.0
_TINY = 1e-12
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95% bounds; the bounds are None if the data do not support any.

    no_bounds: why there are none: FEW_TASKS if there are too few tasks for the method, NO_SPREAD if all tasks agree,
    so that nothing tells how far off the mean may be.
    """

    mean: float
    low: float | None
    high: float | None
    no_bounds: str | None = None


@dataclass(frozen=True, slots=True)
class _Estimate:
    """A mean over tasks, its standard error, and the degrees of freedom of that error."""

    mean: float
    error: float
    freedom: float


def by_task(tasks: Iterable[str], values: Iterable[float]) -> dict[str, list[float]]:
    """The values of each task. tasks: the task of each value. Raises ValueError if the two differ in length."""
    grouped: dict[str, list[float]] = {}
    for task, value in zip(tasks, values, strict=True):
        grouped.setdefault(task, []).append(value)
    return grouped


def share_interval(
    values: Mapping[str, Sequence[float]], weights: Mapping[str, Sequence[float]] | None = None
) -> Interval | None:
    """A share over all pairs, such as agreement, with its 95% interval; None without any pair.

    values: those of the pairs of each task, in [0, 1]. weights: in the same shape, all 1 by default. The interval is
    Wilson's, with the number of pairs that would have the jackknife's standard error if pairs were
    independent, and Student's quantile for the effective number of tasks.
    Source: Korn and Graubard (1998), "Confidence Intervals for Proportions With Small Expected
    Number of Positive Counts Estimated From Survey Data", applied to Wilson (1927).
    """
    found = _estimate(values, weights)
    if not isinstance(found, _Estimate):
        return found
    t, mean = _student_quantile(_Z, found.freedom), found.mean
    per_pair = found.error**2 / (mean * (1 - mean))  # one over the effective number of pairs
    center = (mean + t * t * per_pair / 2) / (1 + t * t * per_pair)
    half = t * math.sqrt(found.error**2 + (t * per_pair / 2) ** 2) / (1 + t * t * per_pair)
    return Interval(mean, max(0.0, center - half), min(1.0, center + half))


def difference_interval(
    values: Mapping[str, Sequence[float]], weights: Mapping[str, Sequence[float]] | None = None
) -> Interval | None:
    """A mean difference over all pairs with its 95% interval; None without any pair.

    values: those of the pairs of each task, in [-1, 1]. weights: in the same shape, all 1 by default. The interval is
    Student's, with the jackknife's standard error and the effective number of tasks.
    Source: the jackknife by cluster (Cameron, Gelbach and Miller 2008, section III); benchmarks/coverage.py measures
    how it compares.
    """
    found = _estimate(values, weights)
    if not isinstance(found, _Estimate):
        return found
    half = _student_quantile(_Z, found.freedom) * found.error
    return Interval(found.mean, max(-1.0, found.mean - half), min(1.0, found.mean + half))


def _estimate(
    values: Mapping[str, Sequence[float]], weights: Mapping[str, Sequence[float]] | None
) -> _Estimate | Interval | None:
    """The mean and what its bounds need; an interval without bounds if the data do not support any; None without pairs.

    The standard error is the jackknife's, which leaves out one task at a time, around the mean itself. The effective
    number of tasks is (sum w)^2 / sum w^2 (Kish 1965), less than their number if weights differ; the degrees of freedom
    are one less.
    """
    sized = {task: weights[task] if weights else [1.0] * len(part) for task, part in values.items() if part}
    totals = [(_dot(sized[task], values[task]), math.fsum(sized[task])) for task in sorted(sized)]
    if not totals:
        return None
    total, weight = (math.fsum(column) for column in zip(*totals, strict=True))
    mean, n = total / weight, len(totals)
    effective = weight**2 / math.fsum(size**2 for _, size in totals)
    if n < MIN_TASKS_FOR_INTERVAL or effective < _MIN_EFFECTIVE_TASKS:
        return Interval(mean, None, None, FEW_TASKS)
    left_out = ((total - part) / (weight - size) - mean for part, size in totals)
    error = math.sqrt((n - 1) / n * math.fsum(shift**2 for shift in left_out))
    return _Estimate(mean, error, effective - 1) if error > _TINY else Interval(mean, None, None, NO_SPREAD)


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))


def _student_quantile(z: float, freedom: float) -> float:
    """Student's quantile from the normal quantile z, by its expansion in 1/freedom; within 1% for freedom >= 2.

    Source: Abramowitz and Stegun, 26.7.5.
    """
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3 + g4 / freedom**4
