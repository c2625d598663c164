"""A training whose policy is updated elsewhere, such as by a trainer on a GPU, which gets its rewards here.

    async with Outside(search) as training:
        await training.begin(0)
        results = await training.score(samples)     # while the trainer is at a step
        await training.end_step(1, UpdateStats())   # after it: every so often the reward is refined

It writes the same files as `driver.py`, except for checkpoints, which the trainer keeps. A trainer that resumes from an
earlier checkpoint repeats the steps after it; recorded refinements stay.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from meta_reward.evaluation.records import Result
from meta_reward.run import record
from meta_reward.run.ledger import load_ledger
from meta_reward.run.stop_reason import Stop
from meta_reward.search.context import Search
from meta_reward.search.decide import reserve
from meta_reward.search.iterate import iterate, make_whole, settle, tell_begin, watch
from meta_reward.search.limits import LimitCheck, limit_check
from meta_reward.search.mpo.block import DRAWN_FOR_EACH, SampleScorer, commit_steps, save_chosen
from meta_reward.search.mpo.current import current_of
from meta_reward.search.mpo.driver import tell_refinement
from meta_reward.search.mpo.policy import Sample, UpdateStats
from meta_reward.search.mpo.steps import Step, load_steps, save_steps, step_of
from meta_reward.search.open import check_sandbox


@dataclass(slots=True)
class Outside:
    """Rewards for a trainer, and refinements of them. Use as an async context manager."""

    search: Search
    _limits: LimitCheck = field(init=False)
    _scorer: SampleScorer | None = None
    _steps: list[Step] = field(default_factory=list)
    _now: list[tuple[Sample, Result]] = field(default_factory=list)
    """Samples of the current step, with their results."""
    _recent: deque[tuple[Sample, Result]] = field(init=False)
    """The last samples under the current reward; a refinement looks at some of them."""

    def __post_init__(self) -> None:
        self._limits = limit_check(self.search.config.limits)
        self._recent = deque(maxlen=DRAWN_FOR_EACH * self.search.config.mpo.samples)

    async def __aenter__(self) -> Self:
        await check_sandbox(self.search)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._close()

    async def begin(self, at: int) -> None:
        """Start or resume after a step of the trainer, 0 at the start. A new run first scores its start harness."""
        tell_begin(self.search)
        make_whole(self.search)
        if not record.load_iterations(self.search.layout):
            await iterate(self.search, self._limits)
        self._steps = [step for step in load_steps(self.search.layout.steps) if step.step <= at]
        await self._open()

    async def score(self, samples: Sequence[Sample]) -> list[Result]:
        """The result of each sample, in order. Raises JudgeUnavailable and LimitReached."""
        assert self._scorer is not None
        watch(self.search, self._limits, reserve(self.search))
        results = await self._scorer.score(samples)
        self._now += zip(samples, results, strict=True)
        return results

    async def end_step(self, step: int, stats: UpdateStats) -> None:
        """Record a step, counted from 1, and refine the reward if it is due."""
        assert self._scorer is not None
        rewards = [result.score for _, result in self._now]
        made = step_of(step, self._scorer.under.id, [sample for sample, _ in self._now], rewards, stats)
        self._steps.append(self._scorer.counted(made))
        save_steps(self.search.layout.steps, self._steps)
        self._recent += self._now
        self._now = []
        settings = self.search.config.mpo
        iteration = len(record.load_iterations(self.search.layout))
        if step < settings.steps and iteration <= step // settings.every:
            await self._refine(iteration, step)

    def describe(self, step: int, stats: UpdateStats) -> None:
        """Add to the last recorded step what it did to the policy, if that is only known afterwards."""
        if self._steps and self._steps[-1].step == step:
            known = {"entropy": stats.entropy, "kl": stats.kl, "more": dict(stats.more)}
            self._steps[-1] = replace(self._steps[-1], **known)  # type: ignore[arg-type]
            save_steps(self.search.layout.steps, self._steps)

    async def finish(self) -> Stop:
        """After the last step, decide which candidate is best. Returns why the run ended."""
        commit_steps(self.search.layout, self._steps)
        done = self._steps[-1].step if self._steps else 0
        return await settle(self.search, Stop("finished", f"{done} steps done"))

    async def _refine(self, iteration: int, step: int) -> None:
        assert self._scorer is not None
        samples, results = [sample for sample, _ in self._recent], [result for _, result in self._recent]
        save_chosen(self._scorer, iteration, step, samples, results)
        commit_steps(self.search.layout, self._steps)
        await self._close()
        await iterate(self.search, self._limits)
        tell_refinement(self.search, iteration)
        await self._open()

    async def _open(self) -> None:
        under = current_of(load_ledger(self.search.layout.ledger), self.search.config.mpo.gate)
        self._recent.clear()
        self._scorer = await SampleScorer(self.search, under).__aenter__()

    async def _close(self) -> None:
        if self._scorer is not None:
            scorer, self._scorer = self._scorer, None
            await scorer.__aexit__()
