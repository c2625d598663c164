"""What gains the gate can detect with a given number of validation tasks.

Pure functions of numbers, for `tasks power` and the dry run. They are an approximation, calibrated by simulation: the
statistic of a finalist is treated as a Student's t, with the critical value that fits simulated joint tests of three
finalists at the level of the first look best. `benchmarks/gate_power.py` prints the approximation beside measured
power: from 6 to 50 tasks, even and uneven, the two differ by about 3 points on average. How much candidates differ from
a baseline is assumed, as measured on skyways; if they differ less, smaller gains can be found.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from meta_reward.evaluation.gate import MIN_TASKS
from meta_reward.evaluation.max_t import DRAWS, EXACT_TASKS

POWER = 0.8
VARIANCE = 0.35
CORRELATION = 0.2
_CRITICAL_T = 1.80
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Power:
    """What a number of validation tasks allows.

    smallest_p: the smallest p that the test can give, None if there are too few tasks for a test. gain: the true
    difference in mean value, from 0 to 1, with which a finalist passes in 80% of searches; None if none suffices.
    """

    tasks: int
    smallest_p: float | None
    gain: float | None


def power_of(items: Sequence[int], *, variance: float = VARIANCE, correlation: float = CORRELATION) -> Power:
    """What validation tasks allow. items: the number of items of each task.

    variance: of an item's difference between candidate and baseline; skyways has 0.1 to 0.5.
    correlation: between two such differences in one task; skyways has 0.1 to 0.35.
    """
    tasks = len(items)
    if tasks < MIN_TASKS:
        return Power(tasks, None, None)
    gain = _gain_found(tasks, _spread(items, variance, correlation))
    return Power(tasks, _smallest_p(tasks), gain if gain <= 1 else None)


def chance_to_pass(
    gain: float, items: Sequence[int], *, variance: float = VARIANCE, correlation: float = CORRELATION
) -> float:
    """The probability that one of three finalists with this true gain passes the first look; 0 with too few tasks."""
    tasks = len(items)
    if tasks < MIN_TASKS:
        return 0.0
    shift = math.sqrt(tasks) * gain / _spread(items, variance, correlation)
    critical, deviation = _critical(tasks)
    return _NORMAL.cdf((shift - critical) / deviation)


def tasks_needed(
    gain: float, items: Sequence[int], *, variance: float = VARIANCE, correlation: float = CORRELATION
) -> int:
    """How many validation tasks like these it takes to find this gain in 80% of searches.

    Raises ValueError unless the gain is above 0.
    """
    if gain <= 0:
        raise ValueError(f"gain {gain}: only a gain above 0 can be found")
    spread, enough = _spread(items, variance, correlation), MIN_TASKS
    while _gain_found(enough, spread) > gain:
        enough *= 2
    few = enough // 2 if enough > MIN_TASKS else enough
    while few < enough:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _gain_found(middle, spread) <= gain else (middle + 1, enough)
    return enough


def _smallest_p(tasks: int) -> float:
    return 2.0**-tasks if tasks <= EXACT_TASKS else 1 / (1 + DRAWS)


def _gain_found(tasks: int, spread: float) -> float:
    critical, deviation = _critical(tasks)
    return (critical + _NORMAL.inv_cdf(POWER) * deviation) * spread / math.sqrt(tasks)


def _spread(items: Sequence[int], variance: float, correlation: float) -> float:
    """The standard deviation of a task's total of differences, in multiples of its mean number of items."""
    if not items or min(items) < 1:
        raise ValueError("every task needs an item")
    total = sum(variance * n * (1 + (n - 1) * correlation) for n in items)
    return math.sqrt(total / len(items)) / (sum(items) / len(items))


def _critical(tasks: int) -> tuple[float, float]:
    """The critical value of Student's t, and the deviation of a t around its shift there.

    The test's T divides by the root of the sum of squares, t by the root of the squared deviations; T grows with t.
    Source: Abramowitz and Stegun, 26.7.10 (non-central t).
    """
    freedom = tasks - 1
    t = _CRITICAL_T * math.sqrt(freedom / (tasks - _CRITICAL_T**2))
    return t * (1 - 1 / (4 * freedom)), math.sqrt(1 + t * t / (2 * freedom))
