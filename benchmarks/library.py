"""What the orchestrator makes of a library: ten fresh worlds end to end, with the offline stock.

    python benchmarks/library.py [--worlds 10] [--first 4000] [--jobs 2] [--out library.jsonl]

Each world is Skyways with other customers, cases and agents: 75 tasks of four runs, so about 100 labelled pairs on
search and 22 or 23 validation tasks; nine iterations of two candidates, proposer `library:simulated`. Then the seed
library, every library that a phase began with and the last one are evaluated on the sealed test split, the last one
beside the controls, and under two other simulated judges. Prints a line a world, then the tables: what became of the
planted entries, gains by phase, sealed agreement with 95% intervals by world. Simulated judge, simulated orchestrator.

A world that is in the file already is not searched again.
"""

import argparse
import asyncio
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.fresh_worlds import SEEDS, Other, in_world
from meta_reward import files
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.metrics import outcomes
from meta_reward.evaluation.statistics import difference_interval
from meta_reward.kinds.reward import reward_examples
from meta_reward.models.gateway import Gateway
from meta_reward.models.registry import make_backend
from meta_reward.offline.stock.library import HARMFUL, HELPFUL, STOCK, USELESS
from meta_reward.propose.library.phases import OUTCOMES, PRUNED, PRUNING, State, state_of
from meta_reward.propose.optimizers.evidence import load_tried
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import load_ledger
from meta_reward.search.context import Search
from meta_reward.search.create import load_seeds
from meta_reward.search.evaluate_split import run_splits
from meta_reward.search.open import open_sandbox
from meta_reward.search.test_split import open_test
from meta_reward.tasks.taskset import TaskSet

TASKS, ROLLOUTS, ITERATIONS, CANDIDATES = 75, 4, 9, 2
JUDGES: Mapping[str, Mapping[str, float]] = {
    "credulous": {"trust_claims": 2.0, "action_bias": 2.0, "politeness_bias": 2.0},
    "hasty": {"carelessness": 2.0, "reading": 2.0, "inattention": 0.6},
}
"""Other simulated judges: strengths that differ from the default. Fixed before anything was measured."""
SEED_ENTRY = "of the seed"

Found = Mapping[str, Any]
"""What was measured in a world, as JSON holds it."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--first", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("library.jsonl"))
    given = parser.parse_args()
    known = {found["seed"]: found for found in files.load_lines(given.out)} if given.out.exists() else {}
    seeds = range(given.first, given.first + given.worlds)
    with ProcessPoolExecutor(given.jobs) as pool:
        for found in pool.map(search_world, [seed for seed in seeds if seed not in known]):
            files.append_line(given.out, found)
            known[found["seed"]] = found
    worlds = [known[seed] for seed in seeds]
    print("simulated judge and orchestrator\n")
    for lines in (_line_of_worlds(worlds), _planted(worlds), _by_phase(worlds), _sealed(worlds), _elsewhere(worlds)):
        print("\n".join(lines), end="\n\n")


def search_world(seed: int) -> Found:
    """A world, its search, and all that is sealed of it."""
    begun = load_seeds(SEEDS / "library", SEEDS / "baseline.py")
    proposer = {"spec": "library:simulated", "candidates": CANDIDATES}
    return in_world(seed, "simulated", TASKS, ITERATIONS, partial(_measure, seed), Other(ROLLOUTS, proposer, begun))


async def _measure(seed: int, search: Search) -> Found:
    layout, rows = search.layout, load_ledger(search.layout.ledger)
    state = state_of(load_tried(HistoryLayout(layout.history)), search.config.seed)
    folders = {row.id: row.folder for row in rows}
    first = state.steps[0].start if state.steps else state.start.id
    starts = list(dict.fromkeys([first, *(step.start for step in state.steps), state.start.id]))
    result = await open_test(search, [state.start.id])
    await run_splits(search, [folders[id] for id in starts], "test")
    sealed = {id: _mean(load_outcomes(layout.sealed_evaluation("test", folders[id]))) for id in [rows[0].id, *starts]}
    tested = result.tested[0]
    assert tested.difference is not None
    return {
        "seed": seed,
        "pairs": len(state.start.items),
        "validation_tasks": len(search.splits["validation"]),
        "sealed": {"baseline": sealed[rows[0].id], "seed": sealed[first], "last": sealed[state.start.id]},
        "difference": [tested.difference.mean, tested.difference.low, tested.difference.high],
        "controls": {control.name: control.behind.mean for control in tested.controls},
        "chosen": result.decision.chosen,
        "last": state.start.id,
        "entries": sorted(state.library.names()),
        "steps": [_step_of(state, number, sealed) for number in range(len(state.steps))],
        "elsewhere": {name: await _under(search, state, strengths) for name, strengths in JUDGES.items()},
    }


def _step_of(state: State, number: int, sealed: Mapping[str, float]) -> Found:
    """What became of a candidate, with its sealed gain over its start where a phase went on from it."""
    step = state.steps[number]
    known = step.id in sealed and step.start in sealed
    return {
        "phase": step.phase,
        "changes": [list(change) for change in step.changes],
        "outcome": step.outcome,
        "search": step.search,
        "sealed": sealed[step.id] - sealed[step.start] if known else None,
    }


async def _under(search: Search, state: State, strengths: Mapping[str, float]) -> list[float]:
    """Sealed agreement of the baseline and of the last library with another simulated judge."""
    assert isinstance(search.taskset, TaskSet)
    rollouts, pairs = search.taskset.part(search.splits["test"])
    gateway = Gateway(make_backend("simulated", strengths, seed=search.config.seed), cache=None)
    found = []
    async with await open_sandbox(search.config) as sandbox:
        for source in ((SEEDS / "baseline.py").read_text(), state.start.source):
            evaluation = await evaluate(source, reward_examples(list(rollouts)), gateway=gateway, sandbox=sandbox)
            found.append(statistics.fmean(one.score for one in outcomes(pairs, evaluation.rewards)))
            await asyncio.sleep(0)
    return found


def _line_of_worlds(worlds: Sequence[Found]) -> Iterable[str]:
    yield "world  pairs  baseline  seed library  last library  difference [95%]       chosen  last   entries"
    for one in worlds:
        mean, low, high = ("-" if value is None else f"{value * 100:+.1f}" for value in one["difference"])
        shares = [f"{one['sealed'][name]:.1%}" for name in ("baseline", "seed", "last")]
        yield (
            f"{one['seed']:5}  {one['pairs']:5}  {shares[0]:>8}  {shares[1]:>12}  {shares[2]:>12}  "
            f"{f'{mean} [{low}, {high}]':21}  {one['chosen']:6}  {one['last']:5}  {len(one['entries'])}"
        )


def _planted(worlds: Sequence[Found]) -> Iterable[str]:
    """What became of edits that add an entry, of leaving one out, and which are there at the end."""
    added, left_out, ends = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[str]()
    for step in (step for one in worlds for step in one["steps"]):
        for op, name in step["changes"]:
            table = left_out if step["phase"] == PRUNING else added if op == "add" else Counter()
            table[_sort_of(name), step["outcome"]] += 1
    for one in worlds:
        ends.update(map(_sort_of, one["entries"]))
    sorts = (HELPFUL, USELESS, HARMFUL, SEED_ENTRY)
    for title, table in (("added", added), ("left out", left_out)):
        seen = [outcome for outcome in OUTCOMES if any(table[sort, outcome] for sort in sorts)]
        yield f"{title:12}  tried  " + "  ".join(f"{outcome:>14}" for outcome in seen)
        for sort in sorts:
            tried = sum(table[sort, outcome] for outcome in seen)
            if tried:
                cells = [f"{table[sort, outcome]:4} ({table[sort, outcome] / tried:4.0%})" for outcome in seen]
                yield f"{sort:12}  {tried:5}  " + "  ".join(f"{cell:>14}" for cell in cells)
        yield ""
    yield "entries at the end, a world: " + ", ".join(f"{sort} {ends[sort] / len(worlds):.1f}" for sort in sorts)


def _sort_of(name: str) -> str:
    return STOCK[name].planted if name in STOCK else SEED_ENTRY


def _by_phase(worlds: Sequence[Found]) -> Iterable[str]:
    """How many candidates of a phase were accepted, and what they gained: on search, which chose them, and sealed."""
    yield "phase    candidates  accepted  gain on search  sealed gain [95%]"
    steps = [step for one in worlds for step in one["steps"]]
    for phase in dict.fromkeys(step["phase"] for step in steps):
        of = [step for step in steps if step["phase"] == phase]
        taken = [step for step in of if step["outcome"] in ("kept", PRUNED)]
        sealed = [step["sealed"] for step in taken if step["sealed"] is not None]
        gain = f"{statistics.fmean(step['search'] for step in taken) * 100:+.1f}" if taken else "-"
        yield f"{phase:8} {len(of):10}  {len(taken):8}  {gain:>14}  {_with_interval(sealed)}"


def _sealed(worlds: Sequence[Found]) -> Iterable[str]:
    """Differences in points with 95% intervals by world."""
    yield "sealed, in points [95% by world]"
    parts: dict[str, Callable[[Found], float]] = {
        "last library - baseline": lambda one: one["sealed"]["last"] - one["sealed"]["baseline"],
        "last library - seed library": lambda one: one["sealed"]["last"] - one["sealed"]["seed"],
        "seed library - baseline": lambda one: one["sealed"]["seed"] - one["sealed"]["baseline"],
    }
    for name in worlds[0]["controls"]:
        parts[f"last library - {name}"] = lambda one, name=name: one["controls"][name]  # type: ignore[misc]
    for title, of in parts.items():
        yield f"{title:30} {_with_interval([of(one) for one in worlds])}"
    replaced = sum(one["chosen"] != "c0001" for one in worlds)
    yield f"the gate replaced the baseline in {replaced} of {len(worlds)}, by the last library in " + str(
        sum(one["chosen"] == one["last"] for one in worlds)
    )


def _elsewhere(worlds: Sequence[Found]) -> Iterable[str]:
    """The last library under judges that it was not made with."""
    yield "last library - baseline under another judge, in points [95% by world]"
    for name in JUDGES:
        yield f"{name:30} {_with_interval([one['elsewhere'][name][1] - one['elsewhere'][name][0] for one in worlds])}"


def _with_interval(values: Sequence[float]) -> str:
    """A mean in points, with its interval where there are enough."""
    found = difference_interval({str(number): [value] for number, value in enumerate(values)})
    if found is None:
        return "-"
    bounds = "" if found.low is None or found.high is None else f" [{found.low * 100:+.1f}, {found.high * 100:+.1f}]"
    return f"{found.mean * 100:+.1f}{bounds}"


def _mean(found: Iterable[Any]) -> float:
    return statistics.fmean(outcome.value for outcome in found)


if __name__ == "__main__":
    main()
