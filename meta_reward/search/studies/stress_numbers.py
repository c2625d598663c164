"""The numbers of `study stress`, from searches that have ended and were tested.

The trusted outcomes of search and validation, which are sealed while a search goes on, are only read here.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from meta_reward import files
from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.statistics import Interval, difference_interval
from meta_reward.run.config import load_run_config
from meta_reward.run.decisions import last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, leader_of, load_ledger
from meta_reward.run.settings import LEARNED
from meta_reward.search.studies.stress_trials import TUNED, UNTUNED, HeldOut

OFFICIAL_ARM = "official"
ARMS = (TUNED, UNTUNED, OFFICIAL_ARM)
ByTask = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Update:
    """The leader of an arm after an update: means over its searches. Rewards and successes are from 0 to 1."""

    arm: str
    update: int
    """Counted from 1; 0 stands for the seeds."""
    learned: float | None
    """Learned reward on search; None for the official arm."""
    official: float
    """Success in the very same trials."""
    held_learned: float | None
    """Learned reward on held-out tasks; None for the official arm."""
    held_official: float
    """Success in the very same trials."""
    behaviours: float
    """Number of distinct sequences of tool calls in its trials on search."""
    entropy: float
    """Entropy of these sequences, in bits."""


@dataclass(frozen=True, slots=True)
class Arm:
    """All searches of one arm, on average."""

    arm: str
    searches: int
    replaced: int
    """Searches in which the gate replaced the baseline."""
    baseline: float
    """Success of the baseline on test, from 0 to 1."""
    chosen: float
    """Success of the chosen program on test, from 0 to 1."""
    gain: Interval
    """Chosen minus baseline, with the 95% interval by test task."""
    learned_gain: float | None
    """Gain in learned reward of the last leader over the baseline on held-out tasks, where it was not selected; None
    for the official arm."""
    official_gain: float
    """Gain in success in the very same trials."""


def arm_of(arm: str, layouts: Sequence[Layout], updates: int, held: HeldOut) -> Arm:
    """The searches of an arm, on average. held: the results of the leaders' trials on held-out tasks."""
    found = [_chosen(layout) for layout in layouts]
    by_task = _averaged([differences(*_tested(layout)) for layout in layouts])
    gain = difference_interval(by_task)
    assert gain is not None  # a test split has tasks
    means = [[fmean(one.value for one in side) for side in _tested(layout)] for layout in layouts]
    ends = [
        (_agent(layout, load_ledger(layout.ledger)[0]), _agent(layout, _leader(layout, updates))) for layout in layouts
    ]
    return Arm(
        arm,
        len(layouts),
        sum(chosen is not baseline for baseline, chosen in found),
        fmean(baseline for baseline, _ in means),
        fmean(chosen for _, chosen in means),
        gain,
        None if arm == OFFICIAL_ARM else _gain(held.learned[arm], ends),
        _gain(held.official, ends),
    )


def _chosen(layout: Layout) -> tuple[Row, Row]:
    """The baseline and the chosen candidate."""
    rows, decision = {row.id: row for row in load_ledger(layout.ledger)}, last_decision(layout)
    assert decision is not None  # a test makes one
    return rows[decision.baseline], rows[decision.chosen]


def _tested(layout: Layout) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of baseline and chosen on test."""
    baseline, chosen = (load_outcomes(layout.evaluation("test", row.folder)) for row in _chosen(layout))
    return baseline, chosen


def _truth(layout: Layout, row: Row) -> list[Outcome]:
    """The trusted outcomes of a candidate on search."""
    is_learned = load_run_config(layout.config).objective.spec.startswith(LEARNED)
    return load_outcomes(layout.official("search", row.folder) if is_learned else layout.candidate(row.folder))


def _gain(means: Mapping[str, float], ends: Sequence[tuple[str, str]]) -> float:
    """The gain of the second of two agents over the first, averaged over searches."""
    return fmean(means[after] - means[before] for before, after in ends)


def _averaged(searches: Sequence[ByTask]) -> dict[str, list[float]]:
    """The mean over searches on each item, by task."""
    tasks = searches[0]
    return {task: [fmean(values) for values in zip(*(one[task] for one in searches), strict=True)] for task in tasks}


def agents_of(layouts: Sequence[Layout], updates: int) -> dict[str, str]:
    """The sources of the programs to try on held-out tasks, by name: the baseline, and all leaders after an update."""
    found = {}
    for layout in layouts:
        first = load_ledger(layout.ledger)[0]
        for row in (first, *(_leader(layout, update) for update in range(updates + 1))):
            found[_agent(layout, row)] = _source(layout, row)
    return found


def _agent(layout: Layout, row: Row) -> str:
    """The name of a program, the same in all searches."""
    return f"{row.name}-{hashlib.sha256(_source(layout, row).encode()).hexdigest()[:8]}"


def _source(layout: Layout, row: Row) -> str:
    return files.read_text(layout.candidate(row.folder) / "harness.py")


def course_of(arm: str, layouts: Sequence[Layout], updates: int, held: HeldOut) -> list[Update]:
    """The leaders after each update. held: the results of their trials on held-out tasks."""
    every = []
    for update in range(updates + 1):
        leaders = [(layout, _leader(layout, update)) for layout in layouts]
        truth = [_truth(layout, row) for layout, row in leaders]
        agents = [_agent(layout, row) for layout, row in leaders]
        ways = [_behaviours(layout.candidate(row.folder)) for layout, row in leaders]
        every.append(
            Update(
                arm,
                update,
                None if arm == OFFICIAL_ARM else fmean(row.score or 0.0 for _, row in leaders),
                fmean(fmean(one.value for one in found) for found in truth),
                None if arm == OFFICIAL_ARM else fmean(held.learned[arm][agent] for agent in agents),
                fmean(held.official[agent] for agent in agents),
                fmean(map(len, ways)),
                fmean(map(_entropy, ways)),
            )
        )
    return every


def _leader(layout: Layout, update: int) -> Row:
    return leader_of([row for row in load_ledger(layout.ledger) if row.iteration <= update])


def _behaviours(folder: Path) -> Counter[tuple[str, ...]]:
    """How often each sequence of tool calls occurs among the trials of a candidate on search."""
    ways: Counter[tuple[str, ...]] = Counter()
    for path in sorted((folder / "traces").glob("*.json")):
        asked = files.load_json(path).get("asked", [])
        ways[tuple(call["name"] for message in asked for call in message.get("tool_calls", ()))] += 1
    return ways


def _entropy(ways: Counter[tuple[str, ...]]) -> float:
    total = ways.total()
    return -math.fsum(count / total * math.log2(count / total) for count in ways.values()) if total else 0.0
