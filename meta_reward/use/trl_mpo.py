"""A reward for TRL's trainers that is refined while they train, by Meta Policy Optimization:

    reward = RefinedReward("runs/essays")      # made by `meta-reward mpo essays --policy trl --run essays ...`
    trainer = GRPOTrainer(..., reward_funcs=reward, callbacks=[reward], args=GRPOConfig(max_steps=200, ...))

The object is both the reward function that TRL calls with a batch and the callback that refines the reward at
intervals. With several processes, the first one holds the run and scores for all. A completion without a reward is
None.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meta_reward.search.mpo.policy import UpdateStats
from meta_reward.use.adapter import needs
from meta_reward.use.training import TrainingRun

with needs("TRL", "meta-reward[trl]"):
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list, gather_object
    from transformers import TrainerCallback


class RefinedReward(TrainerCallback):
    """The current reward of a run. It starts, refines and decides as training proceeds."""

    def __init__(self, run: str | Path, *, name: str = "meta_reward") -> None:
        """name: under which TRL logs it. Raises UsageError unless `run` was made by `meta-reward mpo`."""
        self.__name__ = name
        self._run = TrainingRun(run)
        self._open = False

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], task: Sequence[str] | None = None, **columns: Any
    ) -> list[float | None]:
        """One reward from 0 to 1 for each completion. task: the dataset's column of tasks, if it has one."""
        process, step = PartialState(), columns["trainer_state"].global_step + 1
        tasks: Sequence[str | None] = task or [None] * len(prompts)
        batch = gather_object(list(zip(prompts, completions, tasks, strict=True)))
        box: list[Any] = [None]
        if process.is_main_process:
            asked, said, tasks = zip(*batch, strict=True)
            box[0] = self._run.rewards(asked, said, step=step, tasks=tasks)
        (rewards,) = broadcast_object_list(box)
        first = process.process_index * len(prompts)
        return list(rewards[first : first + len(prompts)])

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Lock the run, and score its start harness if that was not done."""
        if state.is_world_process_zero:
            self._run.__enter__()
            self._open = True
            self._run.begin(state.global_step, steps=state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Record the step, and refine the reward if it is due."""
        if self._open:
            self._run.end_step(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        """Record TRL's loss, gradient norm, entropy and KL of the step."""
        said = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
        if self._open and "loss" in said:
            wanted = {name: said[name] for name in ("loss", "grad_norm") if name in said}
            self._run.describe(state.global_step, UpdateStats(said.get("entropy"), said.get("kl"), wanted))

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Decide which reward is best, and release the run."""
        if self._open:
            self._run.finish()
            self._run.__exit__(None, None, None)
            self._open = False
