"""`study labels`: how many labelled tasks a search needs.

Searches with shares of the search tasks, several times each with different seeds, on copies of the task set that keep
all validation and test tasks. Larger shares contain the smaller ones of the same seed.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from meta_reward.evaluation.metrics import differences
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.statistics import Interval, difference_interval
from meta_reward.run.decisions import last_decision
from meta_reward.run.evaluations import load_outcomes
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.search.forecast import Expense, Parts
from meta_reward.search.studies.estimate import scaled, sum_of
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.runner import Means, SearchJob, job_in, search_for
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.openings import count_openings
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set, save_task_set
from meta_reward.trajectory import Pair

STUDY = "labels"
SHARES = (20, 40, 60, 80, 100)


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """Which searches to make."""

    taskset: TaskSet
    splits: Mapping[str, tuple[str, ...]]
    """Task ids by split."""
    shares: tuple[int, ...]
    """Percentages of the search tasks, ascending."""
    repeats: int
    """Searches per share, with seeds from 0."""
    pairs_per_task: int | None
    """The most pairs that a search task keeps; None for all."""
    search: tuple[str, ...]
    """Arguments of `meta-reward search` that all searches share."""

    @property
    def cells(self) -> list[tuple[int, int]]:
        """The share and the seed of each search."""
        return [(share, seed) for share in self.shares for seed in range(self.repeats)]


@dataclass(frozen=True, slots=True)
class LabelSearch:
    """One search, tested on the sealed split."""

    share: int
    """Percentage of the search tasks."""
    seed: int
    tasks: int
    """Its search tasks."""
    pairs: int
    """Its search pairs."""
    baseline: float
    """Agreement on test, from 0 to 1."""
    chosen: float
    """Agreement on test, from 0 to 1."""
    replaced: bool
    """Whether it replaced the baseline."""
    spent_usd: float


@dataclass(frozen=True, slots=True)
class LabelShare:
    """The searches with one share of the tasks, on average."""

    share: int
    tasks: int
    pairs: float
    searches: int
    replaced: int
    baseline: float
    chosen: float
    gain: Interval
    """Chosen minus baseline on test, averaged over the searches; the 95% interval by test task."""
    of_full: float | None
    """The gain as a share of the gain with all tasks; None if that is not above 0, or was not searched."""


@dataclass(frozen=True, slots=True)
class LabelTables:
    """The tables of the study."""

    taskset: str
    simulated: bool
    search: tuple[str, ...]
    pairs_per_task: int | None
    validation_tasks: int
    test_tasks: int
    shares: tuple[LabelShare, ...]
    searches: tuple[LabelSearch, ...]
    openings: int
    """How often the test split of the task set has been opened by now; this study counts as one."""


def label_plan(
    taskset: TaskSet, shares: Sequence[int], repeats: int, pairs_per_task: int | None, search: Sequence[str]
) -> LabelPlan:
    """The searches to make. shares: percentages of the search tasks, from 1 to 100."""
    splits = splits_of(taskset)
    return LabelPlan(taskset, splits, tuple(sorted(set(shares))), repeats, pairs_per_task, tuple(search))


def label_subject(plan: LabelPlan, given: Mapping[str, str]) -> Subject:
    """What the study is about. given: the digests of files that its searches are given, by what they are."""
    arguments: dict[str, Any] = {
        "taskset": plan.taskset.name,
        "shares": list(plan.shares),
        "repeats": plan.repeats,
        "pairs_per_task": plan.pairs_per_task,
        "search": list(plan.search),
    }
    return Subject(STUDY, arguments, {f"task set {plan.taskset.name}": plan.taskset.digest, **given})


def labels_part(plan: LabelPlan, whole: Parts) -> Expense:
    """What all searches and tests of the study will take. whole: the forecast for one search on all search tasks."""
    shares = sum(plan.shares) / 100 * plan.repeats
    growing = sum_of((whole.search, scaled(whole.validation, -1)))
    return sum_of((scaled(growing, shares), scaled(sum_of((whole.validation, whole.test)), len(plan.cells))))


async def study_labels(study: StudyFolder, plan: LabelPlan, means: Means, *, simulated: bool) -> LabelTables:
    """Make the missing searches, and the tables. Raises LimitReached, and UsageError if a search fails.

    simulated: whether the judge is simulated.
    """
    jobs = [_job(study, plan, share, seed) for share, seed in plan.cells]
    await search_for(study, plan.taskset, jobs, means)
    return _tables(study, plan, jobs, simulated)


def _job(study: StudyFolder, plan: LabelPlan, share: int, seed: int) -> SearchJob:
    """A search, with its task set in the study's folder."""
    name = f"labels-{share:03}-{seed}"
    return job_in(study, name, ("--seed", str(seed), *plan.search), lambda path: save_part(plan, share, seed, path))


def save_part(plan: LabelPlan, share: int, seed: int, path: Path) -> None:
    """Write a task set with a share of the search tasks, and all tasks of the other splits."""
    taskset = plan.taskset
    kept = _some_tasks(plan.splits["search"], share, seed)
    splits = {**plan.splits, "search": tuple(sorted(kept))}
    tasks = {task for part in splits.values() for task in part}
    pairs = [pair for pair in taskset.pairs if pair.task in tasks]
    if plan.pairs_per_task is not None:
        pairs = _fewer_pairs(pairs, kept, plan.pairs_per_task, seed)
    save_task_set(
        path,
        replace(taskset.about, name=path.name),
        policy=taskset.policy,
        tools=taskset.tools,
        rollouts=[rollout for rollout in taskset.rollouts.values() if rollout.task in tasks],
        pairs=pairs,
        division=Division(splits, SplitShares()),
    )


def _some_tasks(tasks: Sequence[str], share: int, seed: int) -> set[str]:
    """A share of tasks, at least one; larger shares contain the smaller ones of the same seed."""
    shuffled = sorted(tasks)
    random.Random(f"tasks {seed}").shuffle(shuffled)
    return set(shuffled[: max(1, round(len(shuffled) * share / 100))])


def _fewer_pairs(pairs: Sequence[Pair], tasks: set[str], most: int, seed: int) -> list[Pair]:
    """The pairs in order, with at most `most` of each of these tasks, drawn by the seed."""
    by_task: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_task.setdefault(pair.task, []).append(pair)
    left_out: set[str] = set()
    for task in sorted(tasks & by_task.keys()):
        ids = [pair.id for pair in by_task[task]]
        random.Random(f"pairs {seed} {task}").shuffle(ids)
        left_out.update(ids[most:])
    return [pair for pair in pairs if pair.id not in left_out]


def _tables(study: StudyFolder, plan: LabelPlan, jobs: Sequence[SearchJob], simulated: bool) -> LabelTables:
    searches, gains = [], {}
    for (share, seed), job in zip(plan.cells, jobs, strict=True):
        found, gains[share, seed] = _measured(job, share, seed)
        searches.append(found)
    full = fmean(one.chosen - one.baseline for one in searches if one.share == 100) if 100 in plan.shares else 0.0
    return LabelTables(
        taskset=plan.taskset.name,
        simulated=simulated,
        search=plan.search,
        pairs_per_task=plan.pairs_per_task,
        validation_tasks=len(plan.splits["validation"]),
        test_tasks=len(plan.splits["test"]),
        shares=tuple(
            _mean(
                [one for one in searches if one.share == share],
                [gains[share, seed] for seed in range(plan.repeats)],
                full,
            )
            for share in plan.shares
        ),
        searches=tuple(searches),
        openings=count_openings(plan.taskset.path),
    )


ByTask = Mapping[str, Sequence[float]]
"""The gains of one search on the test pairs of each task."""


def _measured(job: SearchJob, share: int, seed: int) -> tuple[LabelSearch, ByTask]:
    layout, taskset = job.layout, load_task_set(job.taskset)
    decision = last_decision(layout)
    assert decision is not None  # a test makes one
    rows = {row.id: row for row in load_ledger(layout.ledger)}
    before, after = (_outcomes(layout, rows[id]) for id in (decision.baseline, decision.chosen))
    kept = splits_of(taskset)["search"]
    found = LabelSearch(
        share,
        seed,
        len(kept),
        sum(pair.task in set(kept) for pair in taskset.pairs),
        fmean(one.value for one in before),
        fmean(one.value for one in after),
        decision.chosen != decision.baseline,
        round(job.spent_usd, 4),
    )
    return found, differences(before, after)


def _outcomes(layout: Layout, row: Row) -> list[Outcome]:
    return load_outcomes(layout.sealed_evaluation("test", row.folder))


def _mean(searches: Sequence[LabelSearch], gains: Sequence[ByTask], full: float) -> LabelShare:
    by_task = {task: [fmean(values) for values in zip(*(one[task] for one in gains), strict=True)] for task in gains[0]}
    gain = difference_interval(by_task)
    assert gain is not None  # a test split has pairs
    return LabelShare(
        searches[0].share,
        searches[0].tasks,
        fmean(one.pairs for one in searches),
        len(searches),
        sum(one.replaced for one in searches),
        fmean(one.baseline for one in searches),
        fmean(one.chosen for one in searches),
        gain,
        gain.mean / full if full > 0 else None,
    )
