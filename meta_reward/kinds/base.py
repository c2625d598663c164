"""The protocol of kinds of program. Whatever follows an evaluation works on outcomes alone, and knows no kind."""

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
    """What people read about programs of a kind."""

    metric: str
    """Name of the mean of outcomes, such as `agreement`."""
    items: str
    """What outcomes are about, in the plural, such as `pairs`."""
    examples: str
    """What a program is run on, in the plural, such as `trajectories`."""
    explained: str
    """Explains the metric and the other columns of its table."""
    cost: str = "characters of context"
    """The cost that is traded off against the metric on the frontier."""
    model: str = "model"
    """What the fixed model is called."""
    learned: str = ""
    """Describes the control that asks no model; empty if there is none."""


def scored_by(words: Words, objective: str) -> Words:
    """The words for items that are scored by an objective: `official`, or a learned reward."""
    return words if objective == "official" else replace(words, metric="learned reward")


def part_for(kind: "Kind", part: Part, source: str) -> Part:
    """The part without examples of optional functions that the program does not define."""
    if not kind.program.optional:
        return part
    try:
        return part.for_program(definitions(source), kind.program.optional)
    except SyntaxError:
        return part.for_program((), kind.program.optional)


class Kind(Protocol):
    """A kind of program. Kinds inherit from it; methods with a body here are defaults."""

    name: str
    words: Words
    program: Program
    """What the validator checks a program against."""
    texts: Path
    """The folder with INTERFACE.md, HISTORY.md and instructions.md."""
    seeds: str
    """The folder of the seed harnesses, below the one that the package ships."""
    simulated: str
    """The simulated model to use when none is named."""
    proposer: str
    """The proposer to use when none is named."""
    acts: bool = False
    """Whether its programs act in a world, so that trajectories are recorded."""
    budget: Budget = Budget()
    """What one run of a program may take, unless the user says otherwise."""

    def load(self, path: Path) -> AnyTaskSet:
        """The task set in a folder. Raises DataError."""
        ...

    def part(self, taskset: AnyTaskSet, tasks: Collection[str]) -> Part:
        """The examples and items of some tasks."""
        ...

    def characters(self, example: Example) -> int:
        """How many characters of text a program is given with an example."""
        ...

    def hosts(self, taskset: AnyTaskSet) -> Hosts | None:
        """What programs may ask besides the model; None for nothing."""
        return None

    def outcomes(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation) -> Outcomes:
        """The outcome of each item of the part, in order."""
        ...

    def metrics(self, taskset: AnyTaskSet, part: Part, evaluation: Evaluation, outcomes: Outcomes) -> Metrics:
        """The numbers of an evaluation."""
        ...

    def trajectories(self, taskset: AnyTaskSet, evaluation: Evaluation) -> Mapping[str, Trajectory]:
        """What programs did, by example, for a learned reward to score; empty for kinds whose programs do not act."""
        return {}

    def ungraded(self, evaluation: Evaluation) -> Evaluation:
        """The evaluation without its trusted outcomes, for a search that must not know them."""
        return evaluation

    def told(self, evaluation: Evaluation) -> Sequence[Result]:
        """The results whose traces are kept."""
        return evaluation.results

    def combined(self, outputs: Sequence[Output]) -> Output:
        """One output from several for the same example, such as the mean of rewards. outputs: at least one.

        Raises TypeError for kinds that cannot combine them.
        """
        raise TypeError(f"outputs of programs of kind {self.name} cannot be combined")

    def learned(
        self, taskset: AnyTaskSet, known: Collection[str], asked: Collection[str]
    ) -> Mapping[str, Output] | None:
        """Outputs of a control that asks no model, by example; None if the kind has none.

        known: the tasks to train it on. asked: the tasks to answer. Raises UsageError if a package is missing.
        """
        return None

    def artefacts(self, part: Part, evaluation: Evaluation) -> Mapping[str, bytes]:
        """Further files to store with an evaluation, by name, such as what a program has learned."""
        return {}

    def show(self, taskset: AnyTaskSet, tasks: Collection[str], folder: Path) -> None:
        """Write the search split for the proposer, as a task set of its own."""
        ...

    def parts(self, taskset: AnyTaskSet) -> Mapping[str, Mapping[str, Any]]:
        """The content of a task set by part and id, so that a change can be named later."""
        ...

    def cases(self, taskset: AnyTaskSet, tasks: Collection[str], common: Sequence[str]) -> Cases:
        """What is specific to single cases of some tasks and not in the common texts, to find copied answers."""
        ...
