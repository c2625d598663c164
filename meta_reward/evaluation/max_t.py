"""The joint sign-flip test: several candidates against one baseline, tasks as the unit.

If a candidate is exchangeable with the baseline, a task's sum of differences is as likely with the opposite sign. The
same signs are flipped for all candidates, which accounts for what they have in common, and each candidate is compared
with the largest statistic among all of them. Pure functions of numbers.

Source: Westfall and Young (1993), "Resampling-Based Multiple Testing", single-step max-T.
"""

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from operator import add

EXACT_TASKS = 14
DRAWS = 20_000
_TOLERANCE = 1e-12
_BITS = 8


def adjusted_p(sums: Sequence[Sequence[float]], *, draws: int = DRAWS, seed: int = 0) -> list[float]:
    """The adjusted one-sided p of each candidate: how often, under flipped signs, the largest T reaches its own T.

    sums: one row per candidate, one column per task: the weighted sum of the candidate's differences from the
    baseline. T is a row's sum divided by the root of its sum of squares; 0 for a row of zeros. The p is exact, over all
    signs, if at most EXACT_TASKS tasks have a difference; otherwise it is (1 + #) / (1 + draws).
    """
    if not sums:
        return []
    differing = [task for task, column in enumerate(zip(*sums, strict=True)) if any(column)]
    rows = [_standardized([row[task] for task in differing]) for row in sums]
    exact = len(differing) <= EXACT_TASKS
    totals = [_all_totals(row) for row in rows] if exact else _drawn_totals(rows, draws, random.Random(seed))
    largest = sorted(map(max, zip(*totals, strict=True)))
    extra = 0 if exact else 1
    return [(extra + _count_reaching(math.fsum(row), largest)) / (extra + len(largest)) for row in rows]


def _standardized(row: Sequence[float]) -> list[float]:
    scale = math.hypot(*row)
    return [value / scale for value in row] if scale else list(row)


def _all_totals(row: Sequence[float]) -> list[float]:
    """The total of a row under each choice of signs. The order of choices is the same for every row."""
    totals = [0.0]
    for value in row:
        totals = [total + value for total in totals] + [total - value for total in totals]
    return totals


def _drawn_totals(rows: Sequence[Sequence[float]], draws: int, rng: random.Random) -> list[list[float]]:
    """The totals of the rows under random signs. Each random byte looks up the total of eight tasks."""
    totals = [[0.0] * draws for _ in rows]
    for start in range(0, len(rows[0]), _BITS):
        signs = rng.randbytes(draws)
        for at, row in enumerate(rows):
            eight = [*row[start : start + _BITS], *[0.0] * _BITS][:_BITS]
            totals[at] = list(map(add, totals[at], map(_all_totals(eight).__getitem__, signs)))
    return totals


def _count_reaching(observed: float, largest: Sequence[float]) -> int:
    """How many of the sorted values reach the observed one; values that miss it by rounding only count too."""
    return len(largest) - bisect_left(largest, observed - _TOLERANCE * max(1.0, abs(observed)))
