"""What is trained while its reward is refined: the protocol of policies. `policies.py` has their kinds by name.

A policy draws samples, is given their rewards, and updates itself. It knows no harness, no judge and no rubric. What is
true of a sample (`Sample.official`) only goes to reports, never to a judge or a meta model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Sample:
    """One attempt of a policy at a task."""

    id: str
    """Unique among the samples of a step, such as `t017-s2`; safe as a file name."""
    task: str
    trajectory: Trajectory
    """What the reward scores."""
    move: str = ""
    """What the policy chose to do, in a word, if it can tell; for reports."""
    official: float | None = None
    """How good it truly is, from 0 to 1, if that is known; for reports, never for the reward."""


@dataclass(frozen=True, slots=True)
class UpdateStats:
    """What an update did to a policy."""

    entropy: float | None = None
    """Of its choices, in nats, before the update; None if it is not known."""
    kl: float | None = None
    """Divergence from the policy at the start of training, in nats, before the update; None if it is not known."""
    more: Mapping[str, float] = field(default_factory=dict)
    """Other diagnostics, such as a loss or a gradient's norm."""


@dataclass(frozen=True, slots=True)
class PolicyContext:
    """What a policy is made with."""

    taskset: TaskSet
    """The tasks that it acts in. The policy must not use the set's labels and pairs."""
    seed: int
    """Of the run: equal seeds give equal policies and equal draws."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The table `[mpo.policy_settings]` of `run.toml`: what this kind of policy takes, such as a learning rate."""


class Policy(Protocol):
    """A policy in training. `sample` and `update` depend on its state and their arguments alone.

    So a run that is killed resumes from the last checkpoint and ends with the same files: the state holds the count of
    updates, which seeds every draw. A policy on a GPU need not be reproducible to the bit; the run still resumes from
    its last checkpoint.
    """

    @property
    def simulated(self) -> bool:
        """Whether its numbers say nothing about any real model."""
        ...

    def sample(self, tasks: Sequence[str], n: int) -> list[Sample]:
        """n samples for each task, in the order of the tasks, those of a task next to each other.

        Does not change the state: called twice before an update, it draws the same samples.
        """
        ...

    def update(self, samples: Sequence[Sample], rewards: Sequence[float | None]) -> UpdateStats:
        """Learn from the samples of the last `sample`. rewards: from 0 to 100, one per sample; None if there is none.

        Samples of one task are a group. A group whose rewards are all equal must be accepted; it teaches nothing.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the state into an existing, empty folder."""
        ...

    def load(self, folder: Path) -> None:
        """Read the state that `save` wrote there. Raises DataError if it cannot be read."""
        ...
