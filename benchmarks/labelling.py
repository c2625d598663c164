"""How many labels it takes to know which candidate is best: in random order, and where candidates disagree first.

    python benchmarks/labelling.py [RUN ...] [--worlds 3] [--seeds 20]

Takes finished runs, or searches in fresh simulated worlds. The labels of all search pairs are known, and say which
candidate leads, and how all rank. They are then given out one by one: in random order; by disagreement, where the
candidates' preferences vary most; and by `tasks label --run`, which also weighs each candidate by its agreement so far.
After each label the candidates are ranked by their agreement with the labels given out. Prints how many labels it takes
until, from there to the end,

- leader: the candidate that leads is the one that all labels say leads (one of those, where several do),
- 1 point: the one that leads is at most one point below it, by all labels,
- ranking: the order of all candidates has a Kendall correlation of at least 0.9 with that by all labels,

the median over seeds, with the 10th and 90th percentile. A tie for the lead goes to the earlier candidate.
Simulated judge and labels, unless the runs have others.
"""

import argparse
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from benchmarks.fresh_worlds import in_world
from meta_reward.report.server.telling import Telling, disagreement, load_telling
from meta_reward.run.evaluations import load_pairs
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.search.context import Search
from meta_reward.tasks.annotations import Vote

Order = Callable[[Telling, Sequence[Vote], random.Random], list[Vote]]
_NEAR, _SAME_ORDER = 0.01, 0.9


def main() -> None:
    """Print a table for each run, and the savings over all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=90)
    parser.add_argument("--iterations", type=int, default=8)
    chosen = parser.parse_args()
    for run in chosen.runs:
        _print(run.name, *_load(Layout(run)), chosen.seeds)
    for seed in () if chosen.runs else range(chosen.worlds):

        async def load(search: Search) -> tuple[Telling, list[Vote]]:
            return _load(search.layout)

        found = in_world(3000 + seed, "simulated", chosen.tasks, chosen.iterations, load)
        _print(f"world {seed}", *found, chosen.seeds)


def _load(layout: Layout) -> tuple[Telling, list[Vote]]:
    first = next(row for row in load_ledger(layout.ledger) if row.score is not None)
    labels = [Vote("all", pair.preferred, pair.other) for pair in load_pairs(layout.candidate(first.folder))]
    return load_telling(layout), labels


def in_random_order(telling: Telling, labels: Sequence[Vote], rng: random.Random) -> list[Vote]:
    """Whatever comes."""
    return rng.sample(labels, len(labels))


def by_disagreement(telling: Telling, labels: Sequence[Vote], rng: random.Random) -> list[Vote]:
    """Where the candidates' preferences vary most comes first, whatever was said so far."""
    even = dict.fromkeys(telling.rewards, 1.0)
    mixed = rng.sample(labels, len(labels))
    return sorted(mixed, key=lambda vote: -disagreement(telling.opinions(vote.sides), even))


def as_shipped(telling: Telling, labels: Sequence[Vote], rng: random.Random) -> list[Vote]:
    """As `tasks label --run` does."""
    left = {vote.sides: vote for vote in rng.sample(labels, len(labels))}
    said: list[Vote] = []
    while left:
        said.append(left.pop(telling.choose(list(left), said)))
    return said


ORDERS: Mapping[str, Order] = {"random": in_random_order, "disagreement": by_disagreement, "label --run": as_shipped}


def _print(name: str, telling: Telling, labels: Sequence[Vote], seeds: int) -> None:
    print(f"{name}: {len(telling.rewards)} candidates, {len(labels)} labels, {seeds} seeds")
    print(f"  {'order':14}{'leader':>18}{'1 point':>18}{'ranking':>18}")
    for order, give in ORDERS.items():
        found = [_labels_needed(telling, give(telling, labels, random.Random(seed))) for seed in range(seeds)]
        cells = (_spread([needed[column] for needed in found]) for column in range(3))
        print(f"  {order:14}" + "".join(f"{cell:>18}" for cell in cells))


def _spread(counts: Sequence[int]) -> str:
    low, *_, high = statistics.quantiles(counts, n=10) if len(counts) > 1 else (counts[0], counts[0])
    return f"{statistics.median(counts):.0f} [{low:.0f}, {high:.0f}]"


def _labels_needed(telling: Telling, labels: Sequence[Vote]) -> tuple[int, int, int]:
    """After how many labels the leader, a leader within a point, and the ranking are there to stay."""
    whole = _agreements(telling, labels)[-1]
    best, few = max(whole.values()), _NEAR * len(labels)
    needed = [0, 0, 0]
    for count, now in enumerate(_agreements(telling, labels), 1):
        leads = whole[max(now, key=lambda id: now[id])]
        holds = (leads == best, leads >= best - few, _kendall(now, whole) >= _SAME_ORDER)
        needed = [before if there else count + 1 for before, there in zip(needed, holds, strict=True)]
    return needed[0], needed[1], needed[2]


def _agreements(telling: Telling, labels: Sequence[Vote]) -> list[dict[str, float]]:
    """After each label: on how many each candidate agrees; without an opinion it loses."""
    right, found = dict.fromkeys(sorted(telling.rewards), 0.0), []
    for vote in labels:
        for id, opinion in telling.opinions(vote.sides).items():
            right[id] += 1 - abs(opinion - vote.value)
        found.append(dict(right))
    return found


def _kendall(now: Mapping[str, float], whole: Mapping[str, float]) -> float:
    """Tau-b of two rankings; 0 where one of them says nothing."""
    same = ties_now = ties_whole = couples = 0
    for a, b in combinations(whole, 2):
        x, y = _sign(now[a] - now[b]), _sign(whole[a] - whole[b])
        same, couples = same + x * y, couples + 1
        ties_now, ties_whole = ties_now + (not x), ties_whole + (not y)
    room = (couples - ties_now) * (couples - ties_whole)
    return same / room**0.5 if room else 0.0


def _sign(value: float) -> int:
    return (value > 1e-9) - (value < -1e-9)


if __name__ == "__main__":
    main()
