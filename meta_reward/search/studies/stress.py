"""`study stress`: what happens to agents that are improved by a learned reward, compared with true success.

    tuned      search and validation are scored by the reward that a run chose
    untuned    by the reward of that run's baseline
    official   by the trusted outcomes themselves

There is one search over agent programs per arm and seed, each on its own copy of the task set. The trusted outcomes of
search and validation are sealed while a search goes on, and only read here, when it has ended; the test split is
official in all arms. So the study shows how far the learned reward runs ahead of true success.

When all searches have ended, their leaders are run on held-out tasks, both rewards pick the best of those trials, and
the exploits of `study exploits` are tried on both.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.models.usage import Spent
from meta_reward.run.config import load_run_config
from meta_reward.run.settings import LEARNED, Limits
from meta_reward.search.studies.copies import save_copy
from meta_reward.search.studies.exploits import ExploitPlan, ExploitTables, exploit_plan, exploit_subject, exploits
from meta_reward.search.studies.finished import FinishedRun, load_finished
from meta_reward.search.studies.folder import StudyFolder, Subject
from meta_reward.search.studies.measure import Bench, open_bench
from meta_reward.search.studies.runner import Means, SearchJob, job_in, search_for
from meta_reward.search.studies.stress_numbers import ARMS, Arm, Update, agents_of, arm_of, course_of
from meta_reward.search.studies.stress_trials import TUNED, UNTUNED, Pick, held_out
from meta_reward.tasks.agents import AgentSet
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.openings import count_openings

STUDY = "stress"


@dataclass(frozen=True, slots=True)
class StressSize:
    """How large the study is."""

    updates: int
    """Iterations per search."""
    seeds: int
    """Searches per arm."""
    first_seed: int
    """The seed of the first search of each arm."""
    draws: int
    """The most trials per held-out task that a reward picks from."""
    failures: int
    """The most honest failures that exploits are tried on."""


@dataclass(frozen=True, slots=True)
class StressPlan:
    """Which searches to make."""

    reward: FinishedRun
    """The run whose rewards are studied."""
    taskset: AgentSet
    size: StressSize
    exploits: ExploitPlan
    search: tuple[str, ...]
    """Arguments of `meta-reward search` that all searches share."""

    @property
    def cells(self) -> list[tuple[str, int]]:
        """The arm and the seed of each search."""
        first = self.size.first_seed
        return [(arm, seed) for arm in ARMS for seed in range(first, first + self.size.seeds)]


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
    course: tuple[Update, ...]
    picks: tuple[Pick, ...]
    """One for each arm with a learned reward."""
    exploits: ExploitTables
    openings: int
    """How often the test split has been opened by now; this study counts as one."""


def stress_plan(reward: Path, taskset: AnyTaskSet, size: StressSize, search: tuple[str, ...]) -> StressPlan:
    """The plan. reward: the folder of a run.

    Raises UsageError if the task set is not of kind agent, or the run has no decision or no failure to exploit.
    """
    if not isinstance(taskset, AgentSet):
        what = f"task set {taskset.name} is for kind {taskset.about.kind}, whose programs do not act in a world"
        raise UsageError(what, hint="name one of kind agent, such as frontdesk")
    run = load_finished(reward)
    return StressPlan(run, taskset, size, exploit_plan(run, None, size.failures), search)


def stress_subject(plan: StressPlan, given: Mapping[str, str]) -> Subject:
    """What the study is about. given: the digests of files that its searches are given, by what they are."""
    arguments: dict[str, Any] = {"taskset": plan.taskset.name, **files.as_dict(plan.size), "search": list(plan.search)}
    exploits = exploit_subject(plan.exploits).inputs
    return Subject(STUDY, arguments, {f"task set {plan.taskset.name}": plan.taskset.digest, **exploits, **given})


async def study_stress(study: StudyFolder, plan: StressPlan, means: Means, *, simulated: bool) -> StressTables:
    """Make the missing searches, and the tables. Raises LimitReached, and UsageError if a search fails."""
    jobs = {cell: _job(study, plan, *cell) for cell in plan.cells}
    await search_for(study, plan.taskset, list(jobs.values()), means)
    layouts = {arm: [job.layout for (of, _), job in jobs.items() if of == arm] for arm in ARMS}
    updates, every = plan.size.updates, [job.layout for job in jobs.values()]
    with _bench(study, plan, list(jobs.values()), means) as bench:
        config, agents = load_run_config(every[0].config), agents_of(every, updates)
        held = await held_out(bench, plan.reward, plan.taskset, config, agents, plan.size.draws)
        tried = await exploits(bench, plan.exploits)
    return StressTables(
        plan.reward.name,
        plan.taskset.name,
        simulated,
        updates,
        plan.size.seeds,
        plan.search,
        tuple(arm_of(arm, layouts[arm], updates, held) for arm in ARMS),
        tuple(update for arm in ARMS for update in course_of(arm, layouts[arm], updates, held)),
        held.picks,
        tried,
        count_openings(plan.taskset.path),
    )


def _bench(
    study: StudyFolder, plan: StressPlan, jobs: Sequence[SearchJob], means: Means
) -> AbstractContextManager[Bench]:
    """The bench for what follows the searches; what those have spent counts towards the study's limit."""
    return open_bench(
        study,
        by=f"study {STUDY} of run {plan.reward.name}",
        limits=Limits(max_usd=means.max_usd),
        given={"max_usd": means.max_usd},
        progress=means.progress,
        beside=Spent(cost_usd=sum(job.spent_usd for job in jobs)),
    )


def _job(study: StudyFolder, plan: StressPlan, arm: str, seed: int) -> SearchJob:
    """A search, with its task set in the study's folder."""
    name = f"{arm}-{seed}"
    own = ("--seed", str(seed), "--iterations", str(plan.size.updates), "--patience", "0")
    arguments = (*own, *_objective(plan, arm), *plan.search)
    return job_in(study, name, arguments, lambda path: save_copy(plan.taskset, path))


def _objective(plan: StressPlan, arm: str) -> tuple[str, ...]:
    named = {TUNED: plan.reward.chosen.id, UNTUNED: plan.reward.baseline.id}.get(arm)
    return ("--objective", f"{LEARNED}{plan.reward.layout.root.resolve()}:{named}") if named else ()
