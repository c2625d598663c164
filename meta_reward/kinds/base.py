"""What a kind of program says of itself. Everything after an evaluation knows outcomes alone, and no kind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from meta_reward.evaluation.evaluate import Hosts
from meta_reward.evaluation.metrics import Metrics, PairOutcome
from meta_reward.evaluation.outcome import Example, ItemOutcome, Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.budget import Budget
from meta_reward.harness.entries import Output
from meta_reward.harness.validate import Cases, Program, definitions
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.trajectory import Trajectory

Outcomes = Sequence[PairOutcome] | Sequence[ItemOutcome]


@dataclass(frozen=True, slots=True)
class Words:
    """What people read."""

    metric: str
    """The mean of outcomes: `agreement`."""
    items: str
    """What is decided about, in the plural: `pairs`."""
    examples: str
    """What a program is run on, in the plural: `trajectories`."""
    explained: str
    """What the metric, and what else stands beside it, means."""
    cost: str = "characters of context"
    """What stands against it on the frontier."""
    model: str = "model"
    """What the fixed model is called."""
    learned: str = ""
    """What the control is that asks no model; empty where there is none."""


def scored_by(words: Words, objective: str) -> Words:
    """The words where items are scored by an objective: `official`, or a learned reward."""
    return words if objective == "official" else replace(words, metric="learned reward")


def part_for(kind: "Kind", part: Part, source: str) -> Part:
    """The part as far as a program can be run on it: without optional functions that it does not define."""
    if not kind.program.optional:
        return part
    try:
        return part.for_program(definitions(source), kind.program.optional)
    except SyntaxError:
        return part.for_program((), kind.program.optional)


class Kind(Protocol):
    """A kind of program. Kinds inherit it: what stands here with a body holds for those that say nothing else."""

    name: str
    words: Words
    program: Program
    """What the validator asks of one."""
    texts: Path
    """The folder with INTERFACE.md, HISTORY.md and instructions.md."""
    seeds: str
    """The folder of the seed harnesses, below the one that the package ships."""
    simulated: str
    """The simulated model that stands in where no other is named."""
    proposer: str
    """Likewise."""
    acts: bool = False
    """Whether its programs do something, of which a trajectory is recorded."""
    budget: Budget = Budget()
    """What one run may take, unless the user says otherwise."""

    def load(self, path: Path) -> AnyTaskSet:
        """A task set. Raises DataError."""
        ...

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        """What is evaluated of some tasks."""
        ...

    def characters(self, example: Example) -> int:
        """How long what a program is given is, as text."""
        ...

    def hosts(self, taskset: AnyTaskSet) -> Hosts | None:
        """What programs may ask besides the model."""
        return None

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Outcomes:
        """What became of each item, to be written down."""
        ...

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        """The numbers of an evaluation."""
        ...

    def trajectories(self, taskset: AnyTaskSet, evaluation: Evaluation) -> Mapping[str, Trajectory]:
        """What programs did, by example, for a learned reward to score; empty for kinds whose programs do not act."""
        return {}

    def ungraded(self, evaluation: Evaluation) -> Evaluation:
        """The same without what tells its trusted outcomes, for a search that must not know them."""
        return evaluation

    def told(self, evaluation: Evaluation) -> Sequence[Result]:
        """The results whose traces are kept."""
        return evaluation.results

    def combined(self, outputs: Sequence[Output]) -> Output:
        """What several answers to the same come to, such as the mean of rewards; there is at least one."""
        raise TypeError(f"what programs of kind {self.name} have done cannot be combined")

    def learned(
        self, taskset: AnyTaskSet, known: Collection[str], asked: Collection[str]
    ) -> Mapping[str, Output] | None:
        """What a model without prompts answers on some tasks, trained on others; None where there is no such thing.

        Raises UsageError without the package that it needs.
        """
        return None

    def artefacts(self, part: Part, evaluation: Evaluation) -> Mapping[str, bytes]:
        """Further files that an evaluation leaves, by name, such as what a program has learned."""
        return {}

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        """Write the search split for the proposer, as a task set of its own."""
        ...

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        """What a task set holds, part by part: to tell later what has changed."""
        ...

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        """What is specific to single cases of some tasks, and not in the common texts."""
        ...
