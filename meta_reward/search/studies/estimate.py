"""What a study will ask and cost, before anything is spent: its programs run on samples, with a simulated judge.

As in the forecast of a search, calls are counted and tokens are estimated from characters. Jobs that are done already,
in the study's folder or in the run, are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.completion import CHARS_PER_TOKEN
from meta_reward.kinds.registry import kind_of
from meta_reward.models.in_flight import EXPECTED_REPLY_TOKENS
from meta_reward.models.usage import total_usd
from meta_reward.run.create import Seed
from meta_reward.run.evaluations import load_scores
from meta_reward.search.forecast import Expense, evaluate_sample, load_of, priced, sample_of
from meta_reward.search.open import open_backend
from meta_reward.search.studies.folder import StudyFolder
from meta_reward.search.studies.measure import Job


@dataclass(frozen=True, slots=True)
class JobEstimate:
    """What one job will ask and cost."""

    what: str
    judge: str
    simulated: bool
    taskset: str
    split: str
    trajectories: int
    part: Expense


@dataclass(frozen=True, slots=True)
class StudyEstimate:
    """What the rest of a study will ask and cost, and the assumptions behind it."""

    study: str
    jobs: tuple[JobEstimate, ...]
    whole: Expense
    chars_per_token: int
    reply_tokens: int
    """The assumed number of tokens in a reply of a real judge."""


async def estimate(study: StudyFolder, jobs: Sequence[Job]) -> StudyEstimate:
    """Judge calls, tokens and price of the jobs that are not done yet."""
    waiting = [job for job in jobs if job.known is None and load_scores(study.evaluation(job.name)) is None]
    return whole_of(study, [await job_estimate(job) for job in waiting])


def whole_of(study: StudyFolder, jobs: Sequence[JobEstimate]) -> StudyEstimate:
    """The estimate of a study, from those of its jobs."""
    whole = sum_of([job.part for job in jobs])
    return StudyEstimate(study.name, tuple(jobs), whole, CHARS_PER_TOKEN, EXPECTED_REPLY_TOKENS)


def sum_of(parts: Sequence[Expense]) -> Expense:
    """The sum of several expenses; the cost is None if any of them is."""
    return Expense(
        sum(part.judge_calls for part in parts),
        sum(part.judge_tokens for part in parts),
        total_usd(part.cost_usd for part in parts),
    )


def scaled(part: Expense, times: float) -> Expense:
    """An expense, so many times."""
    cost = None if part.cost_usd is None else part.cost_usd * times
    return Expense(round(part.judge_calls * times), round(part.judge_tokens * times), cost)


async def job_estimate(job: Job) -> JobEstimate:
    """What one job takes, whether or not it is done already."""
    part = job.part
    backend = open_backend(job.config)
    sample = sample_of(part, job.config.seed)
    kind, seeds = kind_of(job.taskset), [Seed(job.name, job.source)]
    tried = await evaluate_sample(job.config, kind, seeds, sample, backend, kind.hosts(job.taskset))
    return JobEstimate(
        what=job.what,
        judge=job.config.judge.spec,
        simulated=backend.simulated,
        taskset=job.taskset.name,
        split=job.split,
        trajectories=len(part.examples),
        part=priced(load_of(tried[job.name], backend) * len(part.examples), backend),
    )
