"""What `study stress` will ask and cost: its agents, both rewards of their trials, and the exploits."""

from collections.abc import Sequence
from dataclasses import replace

from meta_reward.run.create import Seed
from meta_reward.run.settings import RunConfig
from meta_reward.search.forecast import Forecast, examples_scored, forecast
from meta_reward.search.studies.estimate import (
    JobEstimate,
    StudyEstimate,
    estimate,
    job_estimate,
    scaled,
    sum_of,
    whole_of,
)
from meta_reward.search.studies.exploits import exploit_jobs
from meta_reward.search.studies.finished import FinishedRun, Program
from meta_reward.search.studies.folder import StudyFolder
from meta_reward.search.studies.measure import Job
from meta_reward.search.studies.stress import StressPlan
from meta_reward.search.studies.stress_numbers import ARMS
from meta_reward.search.studies.stress_trials import HELD_OUT
from meta_reward.tasks.divide import SplitShares

_LEARNED = 2
"""Arms that are scored by a reward; by the same one if the run chose its baseline."""


async def stress_estimate(
    study: StudyFolder, plan: StressPlan, config: RunConfig, seeds: Sequence[Seed]
) -> StudyEstimate:
    """Calls, tokens and price of the whole study. config, seeds: those of all its searches.

    Assumes that a reward asks as much about an agent's trial as about a trajectory that it was learned from.
    """
    config = replace(config, limits=replace(config.limits, iterations=plan.size.updates))
    whole = await forecast(config, plan.taskset, seeds)
    rewarded = examples_scored(whole, len(seeds)) * plan.size.seeds
    trials = whole.trajectories[HELD_OUT] * plan.size.draws
    programs = plan.reward.programs
    arms = _LEARNED // len(programs)
    rewards = [await _reward(plan.reward, one, plan.taskset.name, arms * rewarded + trials) for one in programs]
    exploited = await estimate(study, exploit_jobs(plan.exploits))
    return whole_of(study, [*_agents(plan, whole, len(seeds), trials), *rewards, *exploited.jobs])


def _agents(plan: StressPlan, whole: Forecast, seeds: int, trials: int) -> list[JobEstimate]:
    """One estimate for the agents of all searches and tests, and one for their trials on held-out tasks."""
    parts, searches = whole.parts, len(ARMS) * plan.size.seeds
    runs = examples_scored(whole, seeds) + 2 * whole.trajectories["test"]
    one = scaled(parts.iteration, 1 / (whole.trajectories["search"] * whole.candidates))

    def row(what: str, split: str, runs: int) -> JobEstimate:
        return JobEstimate(what, whole.judge, whole.simulated, plan.taskset.name, split, runs, scaled(one, runs))

    searched = row(f"agents of {searches} searches", "all", runs * searches)
    both = [scaled(part, searches) for part in (parts.search, parts.test)]
    return [replace(searched, part=sum_of(both)), row("agents held out", HELD_OUT, trials)]


async def _reward(reward: FinishedRun, program: Program, taskset: str, runs: int) -> JobEstimate:
    """A reward on so many trials of agents."""
    what, config = f"reward {program.id}", replace(reward.config, splits=SplitShares())
    known = await job_estimate(Job(program.id, what, program.source, config, reward.taskset, "search"))
    part = scaled(known.part, runs / known.trajectories)
    return replace(known, taskset=taskset, split="all", trajectories=runs, part=part)
