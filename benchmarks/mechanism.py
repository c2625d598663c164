"""What a mechanism adds to a search: fresh worlds, each searched with the whole catalog and with it left out.

    python benchmarks/mechanism.py [PART-NAME] [--worlds 10] [--first 8000] [--jobs 2]

Each world is Skyways with other customers, cases and agents, searched twice with the defaults of `make search` and the
same seed. Prints a line a world: agreement on the sealed test split of the baseline and of what each search chose, how
many candidates of the first had the mechanism, and whether the chosen one does. Then the means and the difference of
the two with its 95% interval by world. Simulated judge.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.fresh_worlds import Other, in_world
from meta_reward.evaluation.statistics import difference_interval
from meta_reward.offline.proposer.__main__ import main as propose
from meta_reward.offline.proposer.library import load_library
from meta_reward.offline.proposer.source import fingerprint, parse_source
from meta_reward.report.tables import difference
from meta_reward.run.decisions import last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.ledger import load_ledger
from meta_reward.search.context import Search
from meta_reward.search.evaluate_split import run_splits

PROPOSING = "META_REWARD_WITHOUT"
"""The mechanism that this program leaves out when it proposes, in place of the catalog."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mechanism", nargs="?", default="checks-ledger")
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first", type=int, default=8000)
    parser.add_argument("--tasks", type=int, default=90)
    parser.add_argument("--iterations", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    print(f"{given.tasks} tasks a world, {given.iterations} iterations, simulated judge; agreement on test, %\n")
    print(f"world  baseline   with  without  {given.mechanism}: candidates, chosen", flush=True)
    seeds = range(given.first, given.first + given.worlds)
    pairs = []
    with ProcessPoolExecutor(given.jobs) as pool:
        searched = partial(search_twice, mechanism=given.mechanism, tasks=given.tasks, iterations=given.iterations)
        found = pool.map(searched, seeds)
        for seed, ((baseline, having, tried, chosen), (_, without, _, _)) in zip(seeds, found, strict=True):
            pairs.append((baseline, having, without))
            shares = f"{baseline * 100:8.1f}  {having * 100:5.1f}  {without * 100:7.1f}"
            print(f"{seed:5}  {shares}  {tried}, {'yes' if chosen else 'no'}", flush=True)
    _print_means(pairs)


def search_twice(seed: int, mechanism: str, tasks: int, iterations: int) -> Sequence[tuple[float, float, int, bool]]:
    """What `_test` finds in a world with the whole catalog, and without the mechanism."""
    os.environ[PROPOSING] = mechanism
    command = f"command:{sys.executable} {Path(__file__).resolve()}"
    without = {"proposer": {"spec": command, "jail": "none"}}
    searched = partial(in_world, seed, "simulated", tasks, iterations, partial(_test, mechanism))
    return [searched(Other(requested=requested)) for requested in ({}, without)]


async def _test(mechanism: str, search: Search) -> tuple[float, float, int, bool]:
    """Agreement of baseline and chosen on test, how many candidates have the mechanism, whether the chosen one has."""
    layout = search.layout
    rows = [row for row in load_ledger(layout.ledger) if row.score is not None]
    decision = last_decision(layout)
    assert decision is not None
    part, _, name = mechanism.partition("-")
    own = load_library()[part][name.replace("-", "_")].fingerprint
    having = {
        row.id
        for row in rows
        if fingerprint(parse_source((layout.candidate(row.folder) / "harness.py").read_text()), part) == own
    }
    sides = [rows[0], next(row for row in rows if row.id == decision.chosen)]
    await run_splits(search, [row.folder for row in sides], "test")
    outcomes = [load_outcomes(layout.sealed_evaluation("test", row.folder)) for row in sides]
    baseline, chosen = (statistics.fmean(outcome.value for outcome in side) for side in outcomes)
    return baseline, chosen, len(having), decision.chosen in having


def _print_means(pairs: Sequence[tuple[float, float, float]]) -> None:
    shares = [statistics.fmean(column) * 100 for column in zip(*pairs, strict=True)]
    print("\n mean  {:8.1f}  {:5.1f}  {:7.1f}".format(*shares))
    gaps: Mapping[str, list[float]] = {
        str(world): [having - without] for world, (_, having, without) in enumerate(pairs)
    }
    print(f"with - without: {difference(difference_interval(gaps))}")


def propose_without(mechanism: str) -> int:
    """Propose as the catalog does, without a mechanism."""
    part, _, name = mechanism.partition("-")
    library = load_library()[part]
    assert isinstance(library, dict)
    del library[name.replace("-", "_")]
    return propose()


if __name__ == "__main__":
    if "META_REWARD_HISTORY" in os.environ:
        sys.exit(propose_without(os.environ[PROPOSING]))
    main()
