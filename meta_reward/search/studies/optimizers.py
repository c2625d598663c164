"""`study optimizers`: proposers against each other, each with the same evaluations, judge, sandbox and sealed tasks.

One search per arm and seed, each on its own copy of the task set, so that the decisions of one do not count against
another. In a null world a coin decides the labels of the copy, by the seed: all programs are then equally good on tasks
that they have not seen, and any gain there is luck.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from meta_reward.propose.base import slug
from meta_reward.run.ledger import load_ledger
from meta_reward.search.forecast import Expense, Parts
from meta_reward.search.studies.copies import save_copy
from meta_reward.search.studies.estimate import scaled, sum_of
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.optimizer_arms import Arm
from meta_reward.search.studies.optimizer_numbers import OptimizerRow, OptimizerSearch, best_of, measure, row_of
from meta_reward.search.studies.runner import Means, SearchJob, job_in, search_for
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import count_openings

STUDY = "optimizers"


@dataclass(frozen=True, slots=True)
class OptimizerPlan:
    """Which searches to make."""

    taskset: AnyTaskSet
    arms: tuple[Arm, ...]
    evaluations: int
    """Programs that each search may propose, including those that the validator refuses."""
    candidates: int
    """Candidates per iteration."""
    seeds: int
    """Searches per arm, with seeds from 0."""
    null: bool
    """Whether a coin decides the labels."""
    search: tuple[str, ...]
    """Arguments of `meta-reward search` that all searches share."""

    @property
    def writer(self) -> str:
        """The model that writes; "" if no arm has one."""
        return next((arm.writer for arm in self.arms if arm.writer), "")

    @property
    def iterations(self) -> int:
        return ceil(self.evaluations / self.candidates)

    @property
    def cells(self) -> list[tuple[Arm, int]]:
        """The arm and the seed of each search."""
        return [(arm, seed) for arm in self.arms for seed in range(self.seeds)]


@dataclass(frozen=True, slots=True)
class OptimizerTables:
    """The tables of the study."""

    taskset: str
    simulated: bool
    null: bool
    search: tuple[str, ...]
    evaluations: int
    candidates: int
    seeds: int
    writer: str
    arms: tuple[OptimizerRow, ...]
    searches: tuple[OptimizerSearch, ...]
    openings: int
    """How often the test split of the task set has been opened by now; this study counts as one."""


def optimizers_subject(plan: OptimizerPlan, given: Mapping[str, str]) -> Subject:
    """What the study is about. given: the digests of files that its searches are given, by what they are."""
    arguments: dict[str, Any] = {
        "taskset": plan.taskset.name,
        "optimizers": [arm.name for arm in plan.arms],
        "writer": plan.writer,
        "evaluations": plan.evaluations,
        "candidates": plan.candidates,
        "seeds": plan.seeds,
        "null": plan.null,
        "search": list(plan.search),
    }
    return Subject(STUDY, arguments, {f"task set {plan.taskset.name}": plan.taskset.digest, **given})


async def study_optimizers(
    study: StudyFolder, plan: OptimizerPlan, means: Means, *, simulated: bool
) -> OptimizerTables:
    """Make the missing searches, and the tables. Raises LimitReached, and UsageError if a search fails."""
    jobs = [_job(study, plan, arm, seed) for arm, seed in plan.cells]
    await search_for(study, plan.taskset, jobs, means)
    return _tables(plan, jobs, simulated)


def _job(study: StudyFolder, plan: OptimizerPlan, arm: Arm, seed: int) -> SearchJob:
    """A search, with its task set in the study's folder."""
    name = f"{plan.arms.index(arm) + 1}-{slug(arm.name)}-{seed}"
    coin = random.Random(f"null {seed}") if plan.null else None
    own = ("--seed", str(seed), "--iterations", str(plan.iterations), "--candidates", str(plan.candidates))
    arguments = (*own, "--patience", "0", *arm.words, *plan.search)
    return job_in(study, name, arguments, lambda path: save_copy(plan.taskset, path, coin=coin))


def _tables(plan: OptimizerPlan, jobs: Sequence[SearchJob], simulated: bool) -> OptimizerTables:
    cells = list(zip(plan.cells, jobs, strict=True))
    best = {(arm.name, seed): best_of(load_ledger(job.layout.ledger)) for (arm, seed), job in cells}
    found = []
    for (arm, seed), job in cells:
        rival = max(best[other.name, seed] for other in plan.arms if other is not arm)
        found.append(measure(job.layout, arm.name, seed, rival))
    return OptimizerTables(
        taskset=plan.taskset.name,
        simulated=simulated,
        null=plan.null,
        search=plan.search,
        evaluations=plan.evaluations,
        candidates=plan.candidates,
        seeds=plan.seeds,
        writer=plan.writer,
        arms=tuple(row_of([one for one in found if one.search.optimizer == arm.name]) for arm in plan.arms),
        searches=tuple(one.search for one in found),
        openings=count_openings(plan.taskset.path),
    )


def optimizers_part(plan: OptimizerPlan, whole: Parts) -> Expense:
    """What all searches and tests of the study will ask the judge. whole: the forecast for one search."""
    return scaled(sum_of((whole.search, whole.test)), len(plan.cells))
