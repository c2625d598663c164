"""How often a search replaces its baseline although no candidate is better, and what it would have claimed.

    python benchmarks/gate_null.py [--runs 5000] [--skewed 1000]

Searches at the level of numbers: a baseline and 12 candidates that are all alike, then two extensions
by three candidates each, on sets with a third more search tasks than validation tasks, even and uneven,
with few ties and with many. The goal is at most 10.9% over all looks: 10%, and two standard errors of
5,000 runs. `old gate`: what the gate before this one replaced in the first look. Beside them, in points:
what the best on search gains on a sealed split, which is nothing, how often the interval there says so,
and what the best on search or on validation would have reported from the split that chose it.

The skewed null breaks the assumption of the test: candidates that differ little from the baseline have
small gains in most tasks and a disaster in one of twelve, which cancel out.

Signs are drawn 2,000 times in place of 20,000: the test holds its level with any number.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.old_gate import old_gate
from benchmarks.simulated_pairs import (
    Values,
    candidate_of,
    differences,
    draw_skewed,
    draw_values,
    in_parallel,
    mean_of,
    task_sizes,
)
from meta_reward.evaluation.gate import Candidate, choose_finalists, decide
from meta_reward.evaluation.statistics import Interval, difference_interval

TASKS = (6, 8, 12, 18, 27, 50)
LOOKS = (12, 15, 18)
ITERATIONS = [range(first, first + 2) for first in range(1, LOOKS[0], 2)]
MEAN = 0.6
TIES = (0.1, 0.5)
SKEWED_MEAN = 0.85
SKEWED_OWN = 0.1
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """One search. skewed: whether candidates have small gains and rare disasters."""

    number: int
    tasks: int
    balanced: bool
    ties: float
    skewed: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. first, any_look: replaced the baseline. The rest in differences from the baseline."""

    tasks: int
    first: bool
    any_look: bool
    untested: bool
    old: bool
    sealed: Interval
    best_on_search: float
    best_on_validation: float


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--skewed", type=int, default=1000)
    options = parser.parse_args()
    for runs, skewed in ((options.runs, False), (options.skewed, True)):
        print(f"{'skewed' if skewed else 'exchangeable'} null, {runs} searches")
        print("                 baseline replaced                         best on search, sealed  reported by best on")
        print("tasks  searches  first look  all looks  old gate  untested     gain     covered    search  validation")
        results = in_parallel(run, jobs(runs, skewed=skewed))
        for tasks in TASKS:
            _print_row(f"{tasks:5}", [result for result in results if result.tasks == tasks])
        _print_row("  all", results)
        print()


def jobs(runs: int, *, skewed: bool) -> list[Job]:
    """Searches that go through all sizes and kinds of sets in turn."""
    kinds = [(tasks, balanced, ties) for tasks in TASKS for balanced in (True, False) for ties in TIES]
    return [Job(number, *kinds[number % len(kinds)], skewed) for number in range(runs)]


def run(job: Job) -> Result:
    """A search with all its looks."""
    rng = random.Random(f"{job}")
    sizes = [task_sizes(n, rng, balanced=job.balanced) for n in (round(job.tasks * 4 / 3), job.tasks, job.tasks)]
    search, validation = (_draw(1 + LOOKS[-1], part, job, rng) for part in sizes[:2])
    everyone = [candidate_of(n, s, v) for n, (s, v) in enumerate(zip(search, validation, strict=True), 1)]
    chosen, untested = _look_by_look(everyone)
    best = max(range(1, LOOKS[0] + 1), key=lambda at: mean_of(search[at]))
    sealed = difference_interval(differences(*_draw(2, sizes[2], job, rng)))  # all are alike there, so any two do
    assert sealed is not None
    return Result(
        tasks=job.tasks,
        first=chosen[0],
        any_look=any(chosen),
        untested=untested,
        old=old_gate(search, validation, ITERATIONS) > 0,
        sealed=sealed,
        best_on_search=mean_of(search[best]) - mean_of(search[0]),
        best_on_validation=max(map(mean_of, validation[1 : LOOKS[0] + 1])) - mean_of(validation[0]),
    )


def _draw(candidates: int, sizes: Sequence[int], job: Job, rng: random.Random) -> list[Values]:
    """Values of the baseline and the others on fresh tasks; each has the same true mean."""
    if not job.skewed:
        return draw_values([MEAN] * candidates, sizes, rng, ties=job.ties)
    return draw_skewed(SKEWED_MEAN, candidates, sizes, rng, own=SKEWED_OWN)


def _look_by_look(everyone: Sequence[Candidate]) -> tuple[list[bool], bool]:
    """Whether each look chose another than the baseline, and whether the first named one as untested."""
    baseline, finalists, passed = everyone[0], dict[str, Candidate](), set[str]()
    chosen, untested = [], False
    for look, count in enumerate(LOOKS, 1):
        finalists |= {c.id: c for c in choose_finalists(baseline, everyone[1 : count + 1])}
        decision = decide(baseline, list(finalists.values()), look=look, passed=passed, draws=DRAWS)
        passed = {verdict.id for verdict in decision.finalists if verdict.passed}
        chosen.append(decision.chosen != baseline.id)
        untested |= look == 1 and decision.untested is not None
    return chosen, untested


def _print_row(name: str, results: Sequence[Result]) -> None:
    if not results:
        return
    n = len(results)
    bounds = [(r.sealed.low, r.sealed.high) for r in results]
    inside = [low <= 0 <= high for low, high in bounds if low is not None and high is not None]
    covered = f"{sum(inside) / len(inside):7.1%}" if inside else "      -"
    first, any_look, old, untested = (
        sum(column) / n for column in zip(*((r.first, r.any_look, r.old, r.untested) for r in results), strict=True)
    )
    sealed, search, validation = (
        sum(column) / n * 100
        for column in zip(*((r.sealed.mean, r.best_on_search, r.best_on_validation) for r in results), strict=True)
    )
    print(f"{name}  {n:8}  {first:10.1%}  {any_look:9.1%}  {old:8.1%}  {untested:8.1%}", end="")
    print(f"  {sealed:+7.1f}     {covered}  {search:+8.1f}  {validation:+10.1f}", flush=True)


if __name__ == "__main__":
    main()
