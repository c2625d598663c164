"""Agents improved on tasks without labels, where a few labelled ones decide: official gain by how many.

    python benchmarks/few_labels.py [--worlds 10] [--first 5000] [--folder /tmp/stress-worlds] [--labels 10,20]

In each world of benchmarks/stress.py, with the reward that was found there, agents are searched with
`--objective learned:reward --validate-on official`: search is scored by the reward, and the truth of a labelled
hold-out decides. All finalists are tested. Then the same gate decides on parts of that hold-out, drawn at random, as it
would have done with so few labels: finalists are found without them. Prints official success on test that is gained
over the baseline, in points with 95% intervals by world, and how often the gate replaced the baseline; in the row for
no labels the best by the reward on search is taken without a test. It goes on where it was stopped. Simulated models,
and a stock of programs in place of a proposer.
"""

import argparse
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean

from benchmarks.stress_worlds import MODEL, REWARD, World, arguments, in_worlds, points
from meta_reward.evaluation import gate
from meta_reward.evaluation.outcome import Outcome
from meta_reward.run.decisions import Decision, last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger

_RUN = "few-labels"
_NONE, _ALL = "none", "all"
_PARTS = 20
"""Parts of each size that are drawn of a hold-out."""


@dataclass(frozen=True, slots=True)
class Found:
    """One world."""

    gains: Mapping[str, float]
    """On test, by the number of labelled tasks; `none` for the best by the reward."""
    replaced: Mapping[str, float]
    """How often the gate replaced the baseline."""


def main() -> None:
    """Print the table."""
    parser = arguments()
    parser.add_argument("--labels", default="10,20", help="labelled tasks, beside all of the hold-out")
    given = parser.parse_args()
    sizes = [int(size) for size in given.labels.split(",")]
    print("world  test gain by labelled tasks (none: the best by the reward)", flush=True)
    every = []
    for world, found in in_worlds(given, partial(measure, given, sizes)):
        every.append(found)
        print(f"{world.seed:5}  " + ", ".join(f"{n}: {gain * 100:+.1f}" for n, gain in found.gains.items()), flush=True)
    print(f"\nmeans of {len(every)} worlds\nlabelled  official gain on test [95%]  baseline replaced")
    for size in every[0].gains:
        shown = f"{points([one.gains[size] for one in every]):27}"
        print(f"{size:>8}  {shown}  {fmean(one.replaced[size] for one in every):.0%}")


def measure(given: argparse.Namespace, sizes: Sequence[int], world: World) -> Found:
    """A search in a world, and what its gate decides with fewer labels."""
    layout = Layout(world.runs / _RUN)
    if not layout.test_result.exists():
        world.search_reward(given.tasks, given.iterations)
        world.build("frontdesk", "many", 2 * given.tasks)
        objective = ("--objective", f"learned:{REWARD}", "--validate-on", "official")
        size = ("--iterations", given.iterations, "--patience", 0, "--seed", world.seed)
        world.run("search", "many", *MODEL, *objective, *size, "--run", _RUN)
        world.run("test", _RUN, "--frontier", "--no-controls")
    return found_in(layout, sizes, world.seed)


def found_in(layout: Layout, sizes: Sequence[int], seed: int) -> Found:
    """What was found by a search that was tested. sizes: how many labelled tasks there might have been."""
    decision = last_decision(layout)
    assert decision is not None  # a test makes one
    rows = _finalists(layout, decision)
    tested = {row.id: _mean(load_outcomes(layout.sealed_evaluation("test", row.folder))) for row in rows}
    first, *others = (_candidate(layout, row) for row in rows)
    gained = {id: score - tested[first.id] for id, score in tested.items()}
    leader = max(others, key=lambda one: _mean(one.search), default=first)
    chosen = {_NONE: [leader.id], **{str(size): _chosen(first, others, size, seed) for size in sizes}}
    chosen[_ALL] = [decision.chosen]
    return Found(
        {size: fmean(gained[id] for id in ids) for size, ids in chosen.items()},
        {size: fmean(id != first.id for id in ids) for size, ids in chosen.items()},
    )


def _finalists(layout: Layout, decision: Decision) -> list[Row]:
    """The baseline and those that were validated."""
    rows = {row.id: row for row in load_ledger(layout.ledger)}
    return [rows[decision.baseline], *(rows[one.verdict.id] for one in decision.finalists)]


def _candidate(layout: Layout, row: Row) -> gate.Candidate:
    validation = layout.sealed_evaluation("validation", row.folder)
    held_out = load_outcomes(validation) if validation.exists() else []
    return gate.Candidate(row.id, row.judge_tokens, load_outcomes(layout.candidate(row.folder)), held_out)


def _chosen(first: gate.Candidate, others: Sequence[gate.Candidate], size: int, seed: int) -> list[str]:
    """Whom the gate chooses on parts of the hold-out of so many tasks."""
    if not others:
        return [first.id]
    tasks, drawn = sorted({one.task for one in first.validation}), random.Random(f"labels {seed}")
    parts = [set(drawn.sample(tasks, size)) for _ in range(_PARTS)]
    return [gate.decide(*_only(first, others, part), scored_alike=False, seed=seed).chosen for part in parts]


def _only(
    first: gate.Candidate, others: Sequence[gate.Candidate], tasks: Collection[str]
) -> tuple[gate.Candidate, list[gate.Candidate]]:
    """The same, validated on some tasks alone."""
    baseline, *finalists = (
        replace(one, validation=[outcome for outcome in one.validation if outcome.task in tasks])
        for one in (first, *others)
    )
    return baseline, finalists


def _mean(outcomes: Sequence[Outcome]) -> float:
    return fmean(outcome.value for outcome in outcomes)


if __name__ == "__main__":
    main()
