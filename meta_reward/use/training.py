"""A training run for a synchronous trainer: rewards for its batches, and refinements between its steps.

    with TrainingRun("runs/essays") as run:
        run.begin(0, steps=200)
        rewards = run.rewards(prompts, completions, step=1)
        run.end_step(1)
        ...
        run.finish()

One process at a time holds a run. An outage of the judge or a limit raises; what was finished is on disk.
"""

import logging
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from meta_reward import files
from meta_reward.errors import UsageError
from meta_reward.kinds.reward import pairwise
from meta_reward.run.config import load_run_config
from meta_reward.run.integrity import restore_record
from meta_reward.run.layout import Layout
from meta_reward.run.lock import locked
from meta_reward.run.stop_reason import Stop, save_stop
from meta_reward.search.mpo.outside import Outside
from meta_reward.search.mpo.policy import Sample, UpdateStats
from meta_reward.search.open import open_search
from meta_reward.trajectory import Trajectory
from meta_reward.use.adapter import conversation
from meta_reward.use.loop_thread import LoopThread
from meta_reward.use.trajectories import Shared, Unreadable, trajectory_of

_Made = TypeVar("_Made")
_log = logging.getLogger("meta_reward")


class TrainingRun:
    """A run that `meta-reward mpo` made for a trainer. Use as a context manager."""

    def __init__(self, path: str | Path) -> None:
        """path: a run, or its name in ./runs. Raises UsageError if there is no such run, or it is a search."""
        found = next((p for p in (Path(path), Path("runs") / path) if (p / "run.toml").exists()), None)
        if found is None:
            raise UsageError(f"there is no run {path}", hint="`meta-reward mpo TASKSET --policy trl` makes one")
        self.layout = Layout(found)
        self.settings = load_run_config(self.layout.config).mpo
        if not self.settings.policy:
            what = f"run {found.name} is a search, and trains no policy"
            raise UsageError(what, hint="`meta-reward mpo TASKSET --policy trl` makes one that does")
        self._open = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(locked(self.layout))
            search = open_search(self.layout, _Log())
            for note in restore_record(self.layout):
                search.events.note(note)
            self._thread = LoopThread()
            stack.callback(self._thread.close)
            self._stop = stack.enter_context(save_stop(self.layout))
            self._outside = self._thread.run(Outside(search).__aenter__())
            stack.callback(lambda: self._thread.run(self._outside.__aexit__()))
            taskset = pairwise(search.taskset)
            self._shared = Shared(taskset.policy, taskset.tools)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def begin(self, at: int, *, steps: int) -> None:
        """Start or resume after a step, 0 at the start. steps: how many the trainer will take in all.

        Raises UsageError if the run was made for another number of steps.
        """
        if steps != self.settings.steps:
            what = (
                f"the trainer takes {steps} steps, and run {self.layout.root.name} was made for {self.settings.steps}"
            )
            raise UsageError(what, hint=f"set max_steps={self.settings.steps}, or make another run")
        self._thread.run(self._outside.begin(at))

    def rewards(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        *,
        step: int,
        tasks: Sequence[str | None] | None = None,
    ) -> list[float | None]:
        """One reward from 0 to 1 for each completion of the current step; None if there is none.

        tasks: the task of each completion; by default completions of equal prompts have the same task.
        """
        named: Sequence[str | None] = tasks or [None] * len(prompts)
        samples = [self._sample(step, *one) for one in zip(prompts, completions, named, strict=True)]
        results = iter(self._do(self._outside.score([sample for sample in samples if sample is not None])))
        scores = [next(results).score if sample is not None else None for sample in samples]
        return [None if score is None else score / 100 for score in scores]

    def end_step(self, step: int) -> None:
        """Record a step, counted from 1, and refine the reward if it is due."""
        self._do(self._outside.end_step(step, UpdateStats()))

    def describe(self, step: int, stats: UpdateStats) -> None:
        """Add to the last step what it did to the policy, once that is known."""
        self._outside.describe(step, stats)

    def finish(self) -> Stop:
        """After the last step, decide which reward is best. Returns why the run ended."""
        ending = self._do(self._outside.finish())
        self._stop(ending)
        return ending

    def _do(self, work: Coroutine[Any, Any, _Made]) -> _Made:
        """Run some work and return its result. An error is recorded and closes the run."""
        try:
            return self._thread.run(work)
        except BaseException as error:
            self._open.__exit__(type(error), error, error.__traceback__)
            raise

    def _sample(self, step: int, prompt: Any, completion: Any, task: str | None) -> Sample | None:
        self._count += 1
        try:
            trajectory: Trajectory = trajectory_of(conversation(prompt, completion), self._shared)
        except Unreadable as error:
            _log.warning("a completion has no reward: %s", error)
            return None
        name = task or f"prompt-{files.digest(conversation(prompt, None))[:8]}"
        return Sample(f"s{step:05d}-{self._count}", name, trajectory)


class _Log:
    """A `Progress` that logs notes and shows nothing else."""

    def evaluation(self, *_: object) -> None:
        """Not shown."""

    def result(self, *_: object) -> None:
        """Not shown."""

    def note(self, text: str) -> None:
        _log.info("%s", text)
