"""What is trained while its reward is refined: the protocol of policies. `policies.py` knows their kinds by name.

A policy draws samples, is told their rewards, and changes. It knows no harness, no judge and no rubric, and it never
tells a judge or a meta model what is true: `Sample.official` goes to the report alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Sample:
    """What a policy did on a task, once."""

    id: str
    """Unique among the samples of a step, such as `t017-s2`; safe as a file name."""
    task: str
    trajectory: Trajectory
    """What the reward scores."""
    move: str = ""
    """What the policy chose to do, in a word, where it knows that: for the report."""
    official: float | None = None
    """What is true of it, from 0 to 1, where that is known: for the report, never for the reward."""


@dataclass(frozen=True, slots=True)
class UpdateStats:
    """What an update did to a policy."""

    entropy: float | None = None
    """Of its choices, in nats, before the update; None where it is not known."""
    kl: float | None = None
    """From the policy that training began with, in nats, before the update."""
    more: Mapping[str, float] = field(default_factory=dict)
    """Whatever else is worth a look, such as a loss or a gradient's norm."""


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What a policy is made with."""

    taskset: TaskSet
    """Whose tasks it acts in; its labels and pairs are not for the policy."""
    seed: int
    """Of the run: equal seeds make equal policies and equal draws."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The table `[mpo.policy_settings]` of `run.toml`: what this kind of policy takes, such as a learning rate."""


class Policy(Protocol):
    """A policy in training. What `sample` and `update` do follows from its state and their arguments alone.

    So a run that is killed goes on from the last checkpoint and ends with the same files: the state holds the count of
    updates, and every draw is seeded by it. A policy on a GPU need not be exact to the bit; the run then goes on from
    its last checkpoint without repeating what came before.
    """

    @property
    def simulated(self) -> bool:
        """Whether its numbers say nothing about any real model."""
        ...

    def sample(self, tasks: Sequence[str], n: int) -> list[Sample]:
        """n samples for each task, those of a task next to each other, in the order of the tasks.

        Changes nothing: asked twice before an update, it draws the same.
        """
        ...

    def update(self, samples: Sequence[Sample], rewards: Sequence[float | None]) -> UpdateStats:
        """Learn from samples of the last `sample`. rewards: from 0 to 100, None where the reward failed.

        Samples of one task are a group. A group without differences teaches nothing, and is no division by zero.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the state into an existing, empty folder."""
        ...

    def load(self, folder: Path) -> None:
        """Take the state that `save` wrote there. Raises DataError where it cannot be read."""
        ...
