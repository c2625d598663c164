"""What whole searches deliver: fresh worlds end to end with defaults, and two gates on the identical runs.

    python benchmarks/searches.py [--worlds 20] [--first 2000] [--judge simulated] [--jobs 2]

Each world is Skyways with other customers, cases and agents, searched with the defaults of `make search`. Then all
scored candidates are evaluated on the sealed test split, and on validation those that the gate before this one would
have asked for. Prints a line a world with sealed gains over the baseline in points: of what the search chose, of what
the old gate would have chosen, of the best on search, and of the best that lay in the run. Then the means, the paired
difference of the two gates with its 95% interval by world, and how often each kept the baseline.

`--judge simulated:noise` answers at random: there every gain is luck, and a gate should keep the baseline.
Simulated judge.
"""

import argparse
import math
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks.fresh_worlds import in_world
from benchmarks.old_gate import accepts, choose_challenger
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.statistics import Interval, difference_interval
from meta_reward.run.decisions import last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.ledger import Row, leader_of, load_ledger
from meta_reward.search.context import Search
from meta_reward.search.evaluate_split import run_splits


@dataclass(frozen=True, slots=True)
class World:
    """One search. Gains: sealed, over the baseline."""

    seed: int
    chosen: str
    untested: bool
    new: float
    old: float
    leader: float
    best: float
    replaced: bool
    old_replaced: bool
    sealed: Interval
    """Of the leader's difference from the baseline."""
    distinct: int
    """Candidates that decide the search pairs differently."""
    candidates: int


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--first", type=int, default=2000)
    parser.add_argument("--tasks", type=int, default=90)
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--judge", default="simulated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    print(f"judge {given.judge}, {given.tasks} tasks a world, {given.iterations} iterations; sealed gains in points\n")
    print("world  chosen  new gate  old gate  best on search [95%]     best in run  distinct", flush=True)
    jobs = [
        (seed, given.judge, given.tasks, given.iterations) for seed in range(given.first, given.first + given.worlds)
    ]
    with ProcessPoolExecutor(given.jobs) as pool:
        worlds = []
        for world in pool.map(search_world, *zip(*jobs, strict=True)):
            worlds.append(world)
            _print_world(world)
    _print_means(worlds)


def search_world(seed: int, judge: str, tasks: int, iterations: int) -> World:
    """A world, its search, and all that is sealed of it."""
    return in_world(seed, judge, tasks, iterations, partial(_measure, seed))


async def _measure(seed: int, search: Search) -> World:
    layout = search.layout
    rows = [row for row in load_ledger(layout.ledger) if row.score is not None]
    await run_splits(search, [row.folder for row in rows], "test")
    sealed = {row.id: load_outcomes(layout.sealed_evaluation("test", row.folder)) for row in rows}
    gains = {id: _mean(outcomes) - _mean(sealed[rows[0].id]) for id, outcomes in sealed.items()}
    decision, old = last_decision(layout), await _old_choice(search, rows)
    assert decision is not None
    leader = leader_of(rows).id
    interval = difference_interval(differences(sealed[rows[0].id], sealed[leader]))
    assert interval is not None
    return World(
        seed=seed,
        chosen=decision.chosen,
        untested=decision.untested is not None,
        new=gains[decision.chosen],
        old=gains[old],
        leader=gains[leader],
        best=max(gains.values()),
        replaced=decision.chosen != rows[0].id,
        old_replaced=old != rows[0].id,
        sealed=interval,
        distinct=len({tuple(o.value for o in load_outcomes(layout.candidate(row.folder))) for row in rows}),
        candidates=len(rows),
    )


async def _old_choice(search: Search, rows: Sequence[Row]) -> str:
    """Whom the gate before this one would have chosen, iteration by iteration."""
    layout, incumbent = search.layout, rows[0]
    last = max(row.iteration for row in rows)
    for iteration in range(last + 1):
        brought = [row for row in rows if row.iteration == iteration and row.id != incumbent.id]
        found = choose_challenger(incumbent, brought)
        if found is None:
            continue
        challenger, cheaper = found
        await run_splits(search, [incumbent.folder, challenger.folder], "validation")
        sides = (load_outcomes(layout.sealed_evaluation("validation", row.folder)) for row in (incumbent, challenger))
        by_task = list(differences(*sides).values())
        if accepts(by_task, 0.10 / (search.config.limits.iterations + 1), cheaper=cheaper):
            incumbent = challenger
    return incumbent.id


def _mean(outcomes: Sequence[Outcome]) -> float:
    return statistics.fmean(outcome.value for outcome in outcomes)


def _print_world(world: World) -> None:
    low, high = world.sealed.low, world.sealed.high
    bounds = "" if low is None or high is None else f"[{low * 100:+.1f}, {high * 100:+.1f}]"
    print(
        f"{world.seed:5}  {world.chosen:6}  {world.new * 100:+8.1f}  {world.old * 100:+8.1f}  "
        f"{world.leader * 100:+8.1f} {bounds:15}  {world.best * 100:+11.1f}  {world.distinct} of {world.candidates}",
        flush=True,
    )


def _print_means(worlds: Sequence[World]) -> None:
    new, old, leader, best = (
        statistics.fmean(column) for column in zip(*((w.new, w.old, w.leader, w.best) for w in worlds), strict=True)
    )
    print(f"\n mean          {new * 100:+8.1f}  {old * 100:+8.1f}  {leader * 100:+8.1f} {'':15}  {best * 100:+11.1f}")
    gaps = [w.new - w.old for w in worlds]
    half = 2.0 * statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan
    gap = statistics.fmean(gaps)
    print(f"new - old gate: {gap * 100:+.1f} points [{(gap - half) * 100:+.1f}, {(gap + half) * 100:+.1f}]")
    if best:
        print(f"share of the best that lay in the run: new {new / best:.0%}, old {old / best:.0%}")
    kept, old_kept = sum(not w.replaced for w in worlds), sum(not w.old_replaced for w in worlds)
    untested = sum(world.untested for world in worlds)
    print(f"the baseline stayed: new {kept}, old {old_kept} of {len(worlds)}; named untested: {untested}")
    inside = [
        w.sealed.low <= 0 <= w.sealed.high for w in worlds if w.sealed.low is not None and w.sealed.high is not None
    ]
    print(f"interval of the best on search holds 0 in {sum(inside)} of {len(inside)}")


if __name__ == "__main__":
    main()
