"""`study stress`: what becomes of agents that are improved by a learned reward, beside those improved by the truth.

    tuned      search and validation are scored by the reward that a run chose
    untuned    by the reward of that run's baseline
    official   by the trusted outcomes themselves

A search over agent programs for each arm and seed, on a copy of the task set of its own. What the trusted outcomes say
of search and validation is put away while a search goes on, and only read here, when it has ended; the test split is
official for all. So it shows how far the learned reward runs ahead of what it stands for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meta_reward.errors import UsageError
from meta_reward.kinds.registry import kind_of
from meta_reward.run.decisions import last_decision
from meta_reward.run.layout import Layout
from meta_reward.run.settings import LEARNED
from meta_reward.search.studies.copies import save_copy
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.runner import Means, SearchJob, job_in, search_for
from meta_reward.search.studies.stress_numbers import (
    ARMS,
    OFFICIAL_ARM,
    TUNED,
    UNTUNED,
    Arm,
    Pick,
    Update,
    arm_of,
    course_of,
    pick_of,
)
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import count_openings

STUDY = "stress"


@dataclass(frozen=True, slots=True)
class StressPlan:
    """Which searches to make."""

    reward: Layout
    """The run whose rewards are tried."""
    taskset: AnyTaskSet
    updates: int
    """Iterations of a search."""
    seeds: int
    """Searches of each arm, with seeds from 0."""
    search: tuple[str, ...]
    """Arguments of `meta-reward search` that all of them have."""

    @property
    def cells(self) -> list[tuple[str, int]]:
        """The arm and the seed of each search."""
        return [(arm, seed) for arm in ARMS for seed in range(self.seeds)]


@dataclass(frozen=True, slots=True)
class StressTables:
    """The tables of the study."""

    reward: str
    taskset: str
    simulated: bool
    updates: int
    seeds: int
    search: tuple[str, ...]
    arms: tuple[Arm, ...]
    picks: tuple[Pick, ...]
    """Of the arms with a learned reward."""
    course: tuple[Update, ...]
    openings: int
    """How often the test split has been opened by now; this study counts as one."""


def stress_plan(
    reward: Layout, taskset: AnyTaskSet, *, updates: int, seeds: int, search: tuple[str, ...]
) -> StressPlan:
    """The plan. Raises UsageError where programs do nothing, or the reward's run has no decision."""
    if not kind_of(taskset).acts:
        what = f"task set {taskset.name} is for kind {taskset.about.kind}, whose programs do nothing to be scored"
        raise UsageError(what, hint="name one of kind agent, such as frontdesk")
    if last_decision(reward) is None:
        raise UsageError(f"run {reward.root.name} has no decision yet", hint="finish its search")
    return StressPlan(reward, taskset, updates, seeds, search)


def stress_subject(plan: StressPlan, given: Mapping[str, str]) -> Subject:
    """What the study is about. given: the digests of files that its searches are given, by what they are."""
    decision = last_decision(plan.reward)
    assert decision is not None
    arguments: dict[str, Any] = {
        "reward": [plan.reward.root.resolve().name, decision.chosen, decision.baseline],
        "taskset": plan.taskset.name,
        "updates": plan.updates,
        "seeds": plan.seeds,
        "search": list(plan.search),
    }
    return Subject(STUDY, arguments, {f"task set {plan.taskset.name}": plan.taskset.digest, **given})


async def study_stress(study: StudyFolder, plan: StressPlan, means: Means, *, simulated: bool) -> StressTables:
    """Make the searches that are not made yet, and their tables. Raises LimitReached, and UsageError if one fails."""
    jobs = {cell: _job(study, plan, *cell) for cell in plan.cells}
    await search_for(study, plan.taskset, list(jobs.values()), means)
    layouts = {arm: [job.layout for (of, _), job in jobs.items() if of == arm] for arm in ARMS}
    return StressTables(
        plan.reward.root.resolve().name,
        plan.taskset.name,
        simulated,
        plan.updates,
        plan.seeds,
        plan.search,
        tuple(arm_of(arm, layouts[arm]) for arm in ARMS),
        tuple(pick_of(arm, layouts[arm]) for arm in ARMS if arm != OFFICIAL_ARM),
        tuple(update for arm in ARMS for update in course_of(arm, layouts[arm], plan.updates)),
        count_openings(plan.taskset.path),
    )


def _job(study: StudyFolder, plan: StressPlan, arm: str, seed: int) -> SearchJob:
    """A search, with its task set in the study's folder."""
    name = f"{arm}-{seed}"
    own = ("--seed", str(seed), "--iterations", str(plan.updates), "--patience", "0")
    arguments = (*own, *_objective(plan, arm), *plan.search)
    return job_in(study, name, arguments, lambda path: save_copy(plan.taskset, path))


def _objective(plan: StressPlan, arm: str) -> tuple[str, ...]:
    decision = last_decision(plan.reward)
    assert decision is not None
    run = f"{LEARNED}{plan.reward.root.resolve()}"
    named = {TUNED: decision.chosen, UNTUNED: decision.baseline}.get(arm)
    return ("--objective", f"{run}:{named}") if named else ()
