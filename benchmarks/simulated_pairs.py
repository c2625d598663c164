"""Numbers as judges leave them: values of pairs that come in tasks, for several candidates at once.

What benchmarks of decisions and intervals draw from. A value is 1 where a sum of normal parts is
above a threshold, which gives the candidate's chance: the task and the pair are as hard for every
candidate, a candidate meets each task with luck of its own, and the rest is noise. Some values are
ties. The parts are such that two candidates differ as those of a search on skyways do: variance
of a pair's difference 0.1 to 0.5, correlation within a task 0.1 to 0.35.
"""

import math
import os
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from statistics import NormalDist
from typing import TypeVar

from meta_reward.evaluation.gate import Candidate
from meta_reward.evaluation.outcome import Outcome

TASK, PAIR, LUCK, NOISE = 0.15, 0.35, 0.2, 0.3
TIES = 0.1
GAIN, DISASTER = 0.06, 1 / 12
EVEN = 6
UNEVEN = (1, 1, 2, 3, 4, 6, 10, 15)

Job = TypeVar("Job")
Result = TypeVar("Result")
Values = list[list[float]]
"""Of one candidate: the values of the pairs of each task."""


def task_sizes(tasks: int, rng: random.Random, *, balanced: bool = True) -> list[int]:
    """The number of pairs of each task: the same, or from 1 to 15."""
    return [EVEN if balanced else rng.choice(UNEVEN) for _ in range(tasks)]


def draw_values(
    means: Sequence[float], sizes: Sequence[int], rng: random.Random, *, ties: float = TIES, own: float = 1.0
) -> list[Values]:
    """The values of candidates with these true means on the same tasks.

    own: how much of its luck and noise a candidate keeps for itself; the rest is shared by all, so that
    two candidates seldom differ.
    """
    thresholds = [NormalDist().inv_cdf((mean - ties / 2) / (1 - ties)) for mean in means]
    task_sd, pair_sd, luck_sd, noise_sd = map(
        math.sqrt, (TASK, PAIR + (1 - own) * (LUCK + NOISE), own * LUCK, own * NOISE)
    )
    drawn: list[Values] = [[] for _ in means]
    for size in sizes:
        hardness = rng.gauss(0, task_sd)
        pairs = [hardness + rng.gauss(0, pair_sd) for _ in range(size)]
        for values, threshold in zip(drawn, thresholds, strict=True):
            level = threshold + rng.gauss(0, luck_sd)
            values.append(
                [0.5 if rng.random() < ties else float(level + pair + rng.gauss(0, noise_sd) > 0) for pair in pairs]
            )
    return drawn


def draw_skewed(mean: float, candidates: int, sizes: Sequence[int], rng: random.Random, *, own: float) -> list[Values]:
    """A baseline, and others with small gains in most tasks and a disaster in one of twelve, which cancel out."""
    others, loss = candidates - 1, GAIN * (1 - DISASTER) / DISASTER
    means = [mean, *[mean + GAIN] * others, *[mean - loss] * others]
    baseline, *drawn = draw_values(means, sizes, rng, ties=0.0, own=own)
    both = zip(drawn[:others], drawn[others:], strict=True)
    mixed = [[b if rng.random() < DISASTER else a for a, b in zip(*pair, strict=True)] for pair in both]
    return [baseline, *mixed]


def mean_of(values: Values) -> float:
    """Over all pairs."""
    return sum(map(sum, values)) / sum(map(len, values))


def differences(baseline: Values, candidate: Values) -> dict[str, list[float]]:
    """Candidate minus baseline on each pair, by task."""
    rows = enumerate(zip(candidate, baseline, strict=True))
    return {f"t{at:03d}": [a - b for a, b in zip(*row, strict=True)] for at, row in rows}


def candidate_of(number: int, search: Values, validation: Values) -> Candidate:
    """A candidate with these values. All take as many tokens."""
    return Candidate(f"c{number:04d}", 0, _outcomes("s", search), _outcomes("v", validation))


def _outcomes(prefix: str, values: Values) -> list[Outcome]:
    return [
        Outcome(f"{prefix}{t:03d}-{n}", f"{prefix}{t:03d}", value)
        for t, task in enumerate(values)
        for n, value in enumerate(task)
    ]


def spread_of(by_task: Iterable[Sequence[float]]) -> tuple[float, float]:
    """The variance of a pair's difference, and the correlation of two in one task. by_task: many differences."""
    parts = list(by_task)
    pairs = list(chain.from_iterable(parts))
    mean = sum(pairs) / len(pairs)
    variance = sum((value - mean) ** 2 for value in pairs) / len(pairs)
    together = sum(sum(v - mean for v in part) ** 2 - sum((v - mean) ** 2 for v in part) for part in parts)
    return variance, together / sum(len(part) * (len(part) - 1) for part in parts) / variance


def in_parallel(function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
    """The results in the order of the jobs, on all processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, jobs, chunksize=8))
