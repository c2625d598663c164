"""The gate that the joint decision replaced, to compare with: a challenge after each iteration.

The best of an iteration challenges the incumbent where it is above it on search. From twelve validation
tasks on it must pass a one-sided sign-flip test by task at 0.10 / (iterations + 1); with fewer, its mean
difference must exceed one standard error. Without a better one, the cheapest of those within half a point that
saves a tenth of the incumbent's tokens challenges, and must not be below it on validation. In simulations of
numbers alone, where all take as many tokens, none wins by being cheaper.
"""

import math
from collections.abc import Sequence

from benchmarks.simulated_pairs import Values, differences, mean_of
from meta_reward.run.ledger import Row

ALPHA = 0.10
MIN_TASKS_FOR_TEST = 12
EQUAL, CHEAPER_BY = 0.005, 0.10


def old_gate(search: Sequence[Values], validation: Sequence[Values], iterations: Sequence[Sequence[int]]) -> int:
    """The candidate that stands in the end; 0 is the baseline. iterations: whom each brought, the seeds first."""
    incumbent, level = 0, ALPHA / len(iterations)
    for brought in iterations:
        best = max(brought, key=lambda at: mean_of(search[at]))
        if mean_of(search[best]) > mean_of(search[incumbent]) and accepts(
            list(differences(validation[incumbent], validation[best]).values()), level
        ):
            incumbent = best
    return incumbent


def choose_challenger(incumbent: Row, brought: Sequence[Row]) -> tuple[Row, bool] | None:
    """Who challenges, and whether by being cheaper; None where nobody may. Rows with agreement on search and tokens."""
    scored = [row for row in brought if row.score is not None]
    bar = incumbent.score or 0.0
    if better := [row for row in scored if (row.score or 0.0) > bar]:
        return min(better, key=lambda row: (-(row.score or 0.0), row.judge_tokens, row.id)), False
    limit = incumbent.judge_tokens * (1 - CHEAPER_BY)
    equal = [
        row
        for row in scored
        if (row.score or 0.0) >= bar - EQUAL and row.judge_tokens <= limit < incumbent.judge_tokens
    ]
    return (min(equal, key=lambda row: (row.judge_tokens, row.id)), True) if equal else None


def accepts(by_task: Sequence[Sequence[float]], level: float, *, cheaper: bool = False) -> bool:
    """Whether a challenger replaces the incumbent. by_task: its differences on the pairs of each validation task."""
    totals = [sum(task) for task in by_task]
    if cheaper:
        return sum(totals) >= 0
    if len(totals) >= MIN_TASKS_FOR_TEST:
        return sign_flip_p(totals) <= level
    pairs, n = sum(map(len, by_task)), len(totals)
    mean = sum(totals) / pairs
    deviations = sum((total - mean * len(task)) ** 2 for total, task in zip(totals, by_task, strict=True))
    return mean > math.sqrt(n / (n - 1) * deviations) / pairs


def sign_flip_p(totals: Sequence[float]) -> float:
    """The exact one-sided p of a sign-flip test, by convolution. totals: of tasks, in multiples of one half."""
    ways = {0: 1}
    for step in (round(2 * total) for total in totals):
        spread: dict[int, int] = {}
        for total, count in ways.items():
            for moved in (total + step, total - step):
                spread[moved] = spread.get(moved, 0) + count
        ways = spread
    observed = round(2 * sum(totals))
    return sum(count for total, count in ways.items() if total >= observed) / sum(ways.values())
