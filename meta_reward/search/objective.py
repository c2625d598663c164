"""What a search scores programs by: the trusted outcomes of its kind, or a reward that was learned from preferences.

Under a learned reward, an item of search or validation scores the reward for what the program did, divided by 100. The
test split always uses the trusted outcomes, and so does validation if `validate_on` says so. The reward comes from a
finished run and has its own sandbox; calls of its judge are counted separately.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from statistics import fmean
from typing import Protocol

from meta_reward import files
from meta_reward.evaluation.outcome import REWARDS, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation
from meta_reward.kinds.base import Outcomes
from meta_reward.kinds.registry import kind_of
from meta_reward.run.settings import OFFICIAL, ObjectiveSettings
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.trajectory import Trajectory

HIGHEST = "100"
"""The expected output of an item under a learned reward: the highest one."""
NAME = "rewards.jsonl"
LEARNED_REWARD = "learned reward"
"""The name of the score, which is the mean reward."""


@dataclass(frozen=True, slots=True)
class LearnedReward:
    """The learned reward for what a program did on one example."""

    example: str
    reward: float | None
    """From 0 to 100; None if it failed, and then `error` says why."""
    reason: str
    error: str | None
    judge_calls: int
    judge_tokens: int
    """Nominal, of the reward's own judge."""


class Objective(Protocol):
    """A learned reward that is open."""

    async def rewards(
        self, trajectories: Mapping[str, Trajectory], *, on_reward: Callable[[LearnedReward], None] = lambda one: None
    ) -> list[LearnedReward]:
        """The reward of each trajectory, by example. on_reward: called with each as soon as it is known.

        Raises JudgeUnavailable and LimitReached.
        """
        ...


OpenObjective = AbstractAsyncContextManager[Objective]


def is_learned(settings: ObjectiveSettings, split: str) -> bool:
    """Whether a split is scored by a learned reward."""
    if settings.spec == OFFICIAL or split.partition(".")[0] == "test":
        return False
    return split != "validation" or settings.validate_on != OFFICIAL


async def learned_outcomes(
    objective: Objective, taskset: AnyTaskSet, part: Part, evaluation: Evaluation
) -> tuple[Outcomes, bytes]:
    """The outcome of each item under the learned reward, and the contents of `rewards.jsonl`.

    Raises JudgeUnavailable and LimitReached.
    """
    done = kind_of(taskset).trajectories(taskset, evaluation)
    rewards = await objective.rewards(done)
    by_example = {one.example: one.reward for one in rewards}
    found = [_outcome(part, number, by_example) for number in range(len(part.items))]
    return found, b"".join(map(files.dump_line, rewards))


def _outcome(part: Part, number: int, rewards: Mapping[str, float | None]) -> ItemOutcome:
    """An item's mean reward; a trial without one counts 0."""
    item = part.items[number]
    given: Sequence[float | None] = [rewards.get(id) for id in item.examples]
    mean = fmean(reward or 0.0 for reward in given)
    failed = all(reward is None for reward in given)
    about = {REWARDS: ", ".join("-" if reward is None else f"{reward:g}" for reward in given)}
    output = None if failed else f"{mean:g}"
    return ItemOutcome(item.id, item.task, item.categories, HIGHEST, output, mean / 100, item.weight, about)
