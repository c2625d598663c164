"""A block of steps under one harness: sample, score, update; then choose samples for the refinement that follows.

A block is recorded as a whole: its lines are written to `steps.jsonl` when it is done. A block that was cut off starts
again from the last checkpoint; the judge's replies for it come from the cache.
"""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from math import ceil
from statistics import fmean
from typing import Self

from meta_reward import files, folders
from meta_reward.errors import DataError
from meta_reward.evaluation.evaluate import evaluate
from meta_reward.evaluation.outcome import Example
from meta_reward.evaluation.records import REWARD, Result
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.reward import pairwise
from meta_reward.models.usage import Spent
from meta_reward.run import git, record
from meta_reward.run.events import STEPS
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.samples import SampleSet, save_samples
from meta_reward.run.set_aside import inside
from meta_reward.search.context import Search
from meta_reward.search.mpo.choose import choose_samples
from meta_reward.search.mpo.current import current_of
from meta_reward.search.mpo.policy import Policy, Sample
from meta_reward.search.mpo.steps import Step, load_steps, save_steps, step_of
from meta_reward.search.open import open_sandbox
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Rollout, trajectory_to_json

DRAWN_FOR_EACH = 3
"""Samples drawn for each that a refinement looks at."""


@dataclass(slots=True)
class Training:
    """A training under way: the run, the policy, and where the policy stands."""

    search: Search
    taskset: TaskSet
    policy: Policy
    at: int | None = None
    """The checkpoint that the policy in memory stands at, as a step; None before it is loaded and within a block."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the policy is trained on: those of the search split."""
        return tuple(self.search.splits["search"])

    def last_of(self, block: int) -> int:
        """The last step of a block, counted from 1."""
        return min(block * self.search.config.mpo.every, self.search.config.mpo.steps)

    def go_to(self, step: int) -> None:
        """Load the policy from the checkpoint of a step; make the checkpoint of step 0 if it is missing.

        Raises DataError if any other checkpoint is missing.
        """
        folder = self.search.layout.checkpoint(step)
        if self.at == step:
            return
        if folder.exists():
            self.policy.load(folder)
        elif step == 0:
            self.save(0)
        else:
            raise DataError(folder, "is missing, and the training cannot go on without it", hint="restore it")
        self.at = step

    def save(self, step: int) -> None:
        """Write the checkpoint of a step; its folder appears whole or not at all."""
        with folders.new_folder(self.search.layout.checkpoint(step), replace=True) as folder:
            self.policy.save(folder)
        self.at = step


async def run_block(training: Training, block: int) -> None:
    """Train the policy for a block, counted from 1, unless it is recorded already."""
    search, settings = training.search, training.search.config.mpo
    done = load_steps(search.layout.steps)
    first, last = training.last_of(block - 1) + 1, training.last_of(block)
    if len(done) >= last:
        commit_steps(search.layout, done)
        return
    under = current_of(load_ledger(search.layout.ledger), settings.gate)
    training.go_to(first - 1)
    new: list[Step] = []
    async with SampleScorer(search, under) as scorer:
        for step in range(first, last + 1):
            made = await _step(training, scorer, step)
            training.at = None
            if step == last < settings.steps:
                await _choose(training, scorer, block, last)
            new.append(scorer.counted(made))
    training.save(last)
    steps = [*done[: first - 1], *new]
    save_steps(search.layout.steps, steps)
    commit_steps(search.layout, steps)
    reward, official = _means(new)
    facts = {"first": first, "last": last, "harness": under.id, "reward": reward, "official": official}
    search.events.add(STEPS, said(new), shown=True, **facts)


async def _step(training: Training, scorer: "SampleScorer", step: int) -> Step:
    settings = training.search.config.mpo
    tasks = drawn_tasks(training.tasks, settings.tasks, f"{training.search.config.seed}/{step}")
    samples = training.policy.sample(tasks, settings.group)
    rewards = [result.score for result in await scorer.score(samples)]
    stats = training.policy.update(samples, rewards)
    return step_of(step, scorer.under.id, samples, rewards, stats)


async def _choose(training: Training, scorer: "SampleScorer", block: int, step: int) -> None:
    """Draw samples of the current policy, and store those that the refinement will look at."""
    search, settings = training.search, training.search.config.mpo
    count = ceil(DRAWN_FOR_EACH * settings.samples / settings.group)
    tasks = drawn_tasks(training.tasks, count, f"{search.config.seed}/{step}/chosen")
    samples = training.policy.sample(tasks, settings.group)
    save_chosen(scorer, block, step, samples, await scorer.score(samples))


def drawn_tasks(tasks: Sequence[str], count: int, seed: str) -> list[str]:
    """`count` tasks, or all if there are fewer, in random order."""
    return random.Random(seed).sample(sorted(tasks), min(count, len(tasks)))


@dataclass(slots=True)
class SampleScorer:
    """The reward that a policy is trained under, with its results so far. Use as an async context manager."""

    search: Search
    under: Row
    """The candidate whose harness scores."""
    asked: Spent = field(default_factory=Spent)
    """Judge calls and tokens not yet counted in a step; cached calls count in full."""
    _source: str = ""
    _known: dict[str, Result] = field(default_factory=dict)
    """By the trajectory's digest: equal conversations have equal rewards."""
    _sandbox: Sandbox | None = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        self._source = files.read_text(self.search.layout.candidate(self.under.folder) / "harness.py")
        self._sandbox = await self._open.enter_async_context(await open_sandbox(self.search.config))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def score(self, samples: Sequence[Sample]) -> list[Result]:
        """The result of each sample, in their order. Raises JudgeUnavailable and LimitReached."""
        assert self._sandbox is not None
        told = {sample.id: trajectory_to_json(sample.trajectory) for sample in samples}
        digests = {id: files.digest(trajectory) for id, trajectory in told.items()}
        new = {digests[s.id]: s for s in reversed(samples) if digests[s.id] not in self._known}
        examples = [Example(s.id, s.task, REWARD, {"trajectory": told[s.id]}) for s in new.values()]
        found = await evaluate(
            self._source,
            examples,
            gateway=self.search.gateway,
            sandbox=self._sandbox,
            seed=self.search.config.seed,
        )
        self._known |= {digests[result.example]: result for result in found.results}
        self.asked += Spent(
            calls=found.tokens.judge_calls, tokens=found.tokens.input_tokens + found.tokens.output_tokens
        )
        return [replace(self._known[digests[s.id]], example=s.id, task=s.task) for s in samples]

    def counted(self, step: Step) -> Step:
        """The step, with the judge calls and tokens since the step before it."""
        asked, self.asked = self.asked, Spent()
        return replace(step, judge_calls=asked.calls, judge_tokens=asked.tokens)


def save_chosen(
    scorer: SampleScorer, iteration: int, step: int, samples: Sequence[Sample], results: Sequence[Result]
) -> None:
    """Choose among samples, and store those that the refinement after a step looks at. results: one per sample."""
    search, by_id = scorer.search, {result.example: result for result in results}
    scores = {id: result.score for id, result in by_id.items()}
    chosen = choose_samples(samples, scores, search.config.mpo.samples)
    taskset = pairwise(search.taskset)
    save_samples(
        search.layout.samples_of(iteration),
        SampleSet(step, scorer.under.id, len(samples), tuple(chosen)),
        {sample.id: Rollout(sample.id, sample.task, sample.trajectory) for sample in samples},
        by_id,
        policy=taskset.policy,
        tools=taskset.tools,
    )


def commit_steps(layout: Layout, steps: Sequence[Step]) -> None:
    """Commit the recorded steps and the samples behind the refinements, unless git has them already."""
    name = inside(layout, layout.steps)
    if steps and git.blob_ids(layout.root, [name]).get(name) != git.blob_id(layout.steps.read_bytes()):
        record.commit_paths(layout, f"Steps up to {steps[-1].step} of the policy", [layout.steps, layout.samples])
        git.refresh(layout.root)


def said(steps: Sequence[Step]) -> str:
    """The mean rewards of a block, in one line."""
    reward, official = _means(steps)
    told = "no rewards" if reward is None else f"reward {reward:.1f}"
    true = "" if official is None else f", official {official:.1%}"
    return f"steps {steps[0].step}-{steps[-1].step} under {steps[0].harness}: {told}{true}"


def _means(steps: Sequence[Step]) -> tuple[float | None, float | None]:
    """The mean learned reward (0 to 100) and official reward (0 to 1) of some steps; None where no step has one."""
    rewards = [step.reward for step in steps if step.reward is not None]
    official = [step.official for step in steps if step.official is not None]
    return (fmean(rewards) if rewards else None, fmean(official) if official else None)
