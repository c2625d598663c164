"""Trials of the agents of `study stress` on held-out tasks, and how both learned rewards score the very same trials.

The held-out tasks are those of validation: no leader is chosen on them. The study runs agents there only when all
searches have ended, with random draws of its own that no search sees. The baseline and each program that led a search
after an update try each task equally often, together at least as often as a reward picks from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from meta_reward import files
from meta_reward.evaluation.best_of_n import BestOfN, Ranked, agreement_within, selection
from meta_reward.evaluation.records import Evaluation
from meta_reward.kinds.world import grade_of, without_grade
from meta_reward.run.evaluations import load_rewards
from meta_reward.run.settings import RunConfig
from meta_reward.search.studies.finished import FinishedRun, Program
from meta_reward.search.studies.measure import Bench, Job
from meta_reward.tasks.agents import AgentSet
from meta_reward.tasks.divide import Division, SplitShares
from meta_reward.tasks.splits import splits_of
from meta_reward.trajectory import Pair, Rollout, Trajectory, parse_messages

TUNED, UNTUNED = "tuned", "untuned"
"""The arms that have a learned reward."""
HELD_OUT = "validation"
_FILE = "trials.jsonl"
_NO_REWARD = float("-inf")
"""Ranks a trial below all that have a reward."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of one task by one agent."""

    id: str
    task: str
    agent: str
    """The name of its program."""
    number: int
    """The number of this agent's try at the task, from 0."""
    official: float
    """Success, from 0 to 1."""
    messages: list[Any] | None
    """What was said and done, as JSON; None if the program failed."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The results of all trials."""

    official: Mapping[str, float]
    """Mean success of each agent, from 0 to 1."""
    learned: Mapping[str, Mapping[str, float]]
    """By arm, the mean learned reward of each agent, from 0 to 1; a trial without one counts 0."""
    picks: tuple["Pick", ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """How well a learned reward picks among trials of the same held-out task. Both rewards get the same trials."""

    arm: str
    agents: int
    """How many agents' trials these are."""
    agreement: float | None
    """How often the better of two trials of a task has the higher reward; None if all trials are equally good."""
    curve: tuple[BestOfN, ...]
    """By the number of draws: success of a random trial, of the one with the highest reward, and of the best."""


async def held_out(
    bench: Bench, reward: FinishedRun, taskset: AgentSet, config: RunConfig, agents: Mapping[str, str], draws: int
) -> HeldOut:
    """Run agents on the held-out tasks and score their trials, unless that is done already. Raises as `Bench.run`.

    config: for the agents' model. agents: sources of programs by name. draws: the most trials per task to pick from.
    """
    jobs = agent_jobs(taskset, config, agents, draws)
    await bench.run(jobs)
    trials = [trial for job in jobs for trial in _load_trials(bench.study.evaluation(job.name))]
    scoring = {program.id: reward_job(reward, program, taskset, trials) for program in reward.programs}
    await bench.run(list(scoring.values()))
    found = {id: load_rewards(bench.study.evaluation(job.name)) for id, job in scoring.items()}
    rewards = {TUNED: found[reward.chosen.id], UNTUNED: found[reward.baseline.id]}
    return HeldOut(
        _by_agent(trials, lambda trial: trial.official),
        {arm: _by_agent(trials, partial(_share, given)) for arm, given in rewards.items()},
        tuple(pick_of(arm, pool_of(trials, draws), given) for arm, given in rewards.items()),
    )


def agent_jobs(taskset: AgentSet, config: RunConfig, agents: Mapping[str, str], draws: int) -> list[Job]:
    """One job per agent, with all its trials; it has the agent's name."""
    trials = -(-draws // len(agents))
    tasks = tuple(replace(task, trials=trials) for task in taskset.agent_tasks)
    tried = replace(taskset, agent_tasks=tasks, division=Division(splits_of(taskset), SplitShares()))
    config = replace(config, splits=SplitShares())
    jobs = [Job(name, name, source, config, tried, HELD_OUT, repeat=1) for name, source in agents.items()]
    return [replace(job, more=partial(_trials_of, job)) for job in jobs]


def reward_job(reward: FinishedRun, program: Program, taskset: AgentSet, trials: Sequence[Trial]) -> Job:
    """A job that scores trials by a learned reward. Each trial is paired with itself, as no labels are needed."""
    done = [
        Rollout(one.id, one.task, Trajectory(taskset.policy, taskset.tools, parse_messages(one.messages)))
        for one in trials
        if one.messages is not None
    ]
    pairs = tuple(Pair(one.id, one.task, one.id, one.id) for one in done)
    tasks = tuple(sorted({one.task for one in done}))
    division = Division({"search": (), HELD_OUT: tasks, "test": ()}, SplitShares())
    about = replace(reward.taskset.about, name=taskset.name)
    rollouts = {one.id: one for one in done}
    given = replace(reward.taskset, about=about, rollouts=rollouts, pairs=pairs, division=division)
    config = replace(reward.config, splits=SplitShares())
    return Job(f"{program.id}-trials", f"reward {program.id}", program.source, config, given, HELD_OUT)


def pool_of(trials: Sequence[Trial], draws: int) -> dict[str, list[Trial]]:
    """At most `draws` trials of each task, spread evenly over the agents."""
    pool: dict[str, list[Trial]] = {}
    for trial in sorted(trials, key=lambda one: one.number):
        pool.setdefault(trial.task, []).append(trial)
    return {task: found[:draws] for task, found in pool.items()}


def pick_of(arm: str, pool: Mapping[str, Sequence[Trial]], rewards: Mapping[str, float | None]) -> Pick:
    """How well a reward picks. rewards: by the id of a trial; a trial without one ranks below all others."""
    ranked: dict[str, Ranked] = {
        task: [(_NO_REWARD if (given := rewards.get(one.id)) is None else given, one.official) for one in trials]
        for task, trials in pool.items()
    }
    agents = {trial.agent for trials in pool.values() for trial in trials}
    draws = max(map(len, pool.values()))
    sizes = sorted({*(2**n for n in range(draws.bit_length())), draws})
    return Pick(arm, len(agents), agreement_within(ranked), tuple(selection(ranked, sizes)))


def _trials_of(job: Job, evaluation: Evaluation) -> dict[str, bytes]:
    """All trials of an agent, as a file to store with the evaluation."""
    numbers = {example.id: example.repeat for example in job.part.examples}
    lines = []
    for result in sorted(evaluation.results, key=lambda one: one.example):
        failed, grade = result.error is not None, grade_of(result.asked)
        official = 0.0 if failed or grade is None else grade.success
        messages = None if failed else without_grade(result.asked)
        id, number = f"{job.name} {result.example}", numbers[result.example]
        lines.append(files.dump_line(Trial(id, result.task, job.name, number, official, messages)))
    return {_FILE: b"".join(lines)}


def _load_trials(folder: Path) -> list[Trial]:
    rows = files.load_lines(folder / _FILE)
    with files.reading(folder / _FILE):
        return [Trial(**row) for row in rows]


def _by_agent(trials: Sequence[Trial], value: Callable[[Trial], float]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for trial in trials:
        values.setdefault(trial.agent, []).append(value(trial))
    return {agent: fmean(found) for agent, found in values.items()}


def _share(rewards: Mapping[str, float | None], trial: Trial) -> float:
    return (rewards.get(trial.id) or 0.0) / 100
