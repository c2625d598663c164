"""What a search is scored by: the trusted outcomes of its kind, or a reward that was learned from preferences.

Under a learned reward the items of search and validation count what it gives for what the programs did, divided by
100; the test split always counts the trusted outcomes. The reward comes from a finished run, in a sandbox of its own,
and what its judge is asked is counted apart. `validate_on` leaves validation to the trusted outcomes.
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
"""What a learned reward should be."""
NAME = "rewards.jsonl"
LEARNED_REWARD = "learned reward"
"""What the mean is called."""


@dataclass(frozen=True, slots=True)
class LearnedReward:
    """What a learned reward gave for what a program did."""

    example: str
    reward: float | None
    """From 0 to 100; None if there is none, and then `error` says why."""
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
    """What became of each item by the learned reward, and the rewards as lines of a file."""
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
