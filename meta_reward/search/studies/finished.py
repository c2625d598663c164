"""A run that has a decision, as studies read it: its baseline, its chosen harness, and the outcome of each pair.

Writes nothing and asks no judge. Anything that is missing or damaged raises an error of one line.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward import files
from meta_reward.completion import CHARS_PER_TOKEN
from meta_reward.errors import DataError, UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.kinds.reward import pairwise
from meta_reward.run.config import load_run_config
from meta_reward.run.decisions import Decision, last_decision
from meta_reward.run.evaluations import load_pairs, load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.settings import RunConfig
from meta_reward.search.open import task_set_of
from meta_reward.tasks.splits import splits_of
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair


@dataclass(frozen=True, slots=True)
class Size:
    """How long a harness is."""

    lines: int
    tokens: int
    """Estimated from its characters."""


@dataclass(frozen=True, slots=True)
class Program:
    """The baseline or the chosen harness of a run."""

    id: str
    name: str
    folder: str
    """Name of the folder of its results, such as `c0016-second-look`."""
    source: str

    @property
    def size(self) -> Size:
        return Size(len(self.source.splitlines()), len(self.source) // CHARS_PER_TOKEN)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.source.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run with a decision."""

    layout: Layout
    config: RunConfig
    taskset: TaskSet
    splits: Mapping[str, tuple[str, ...]]
    """Task ids by split."""
    decision: Decision
    baseline: Program
    chosen: Program

    @property
    def name(self) -> str:
        return self.layout.root.resolve().name

    @property
    def baseline_stays(self) -> bool:
        return self.chosen.id == self.baseline.id

    @property
    def programs(self) -> tuple[Program, ...]:
        """The baseline and the chosen harness; only one if they are the same."""
        return (self.baseline,) if self.baseline_stays else (self.baseline, self.chosen)

    @property
    def inputs(self) -> dict[str, str]:
        """Digests of what a study of this run reads, each by what it is of."""
        judge = {"judge": self.config.judge.spec, "settings": self.config.judge.settings, "seed": self.config.seed}
        return {
            f"the baseline of {self.name}": self.baseline.digest,
            f"the chosen harness of {self.name}": self.chosen.digest,
            f"the judge of {self.name}": files.digest(judge),
            f"task set {self.taskset.name}": self.taskset.digest,
        }

    def evaluation(self, program: Program, split: str) -> Path:
        """The folder with a program's results on a split."""
        return self.layout.evaluation(split, program.folder)

    def has(self, split: str) -> bool:
        """Whether baseline and chosen harness are both evaluated on a split."""
        return all(load_scores(self.evaluation(program, split)) is not None for program in self.programs)

    def pairs(self, program: Program, split: str) -> list[PairOutcome]:
        """The outcome of each pair of a split. Raises DataError if the results are damaged."""
        return pairs_of(self.evaluation(program, split), self.taskset.part(self.splits[split])[1])


def load_finished(root: Path, taskset: TaskSet | None = None) -> FinishedRun:
    """The run in a folder. Raises UsageError if it has no decision, DataError if it is damaged.

    taskset: the run's, if it is loaded already.
    """
    layout, name = Layout(root), root.resolve().name
    config, rows, decision = load_run_config(layout.config), load_ledger(layout.ledger), last_decision(layout)
    if decision is None:
        hint = f"`meta-reward search {name}` makes one when it ends; `meta-reward test {name}` makes one at once"
        raise UsageError(f"run {name} has no decision yet", hint=hint)
    tasks = pairwise(task_set_of(layout, config, taskset))
    baseline, chosen = (_program(layout, rows, id) for id in (decision.baseline, decision.chosen))
    return FinishedRun(layout, config, tasks, splits_of(tasks, config.splits), decision, baseline, chosen)


def pairs_of(folder: Path, wanted: Sequence[Pair]) -> list[PairOutcome]:
    """The outcomes of these pairs in an evaluation. Raises DataError if it holds other pairs, or is damaged."""
    found = load_pairs(folder)
    if sorted(pair.id for pair in found) != sorted(pair.id for pair in wanted):
        raise DataError(folder / "pairs.jsonl", "does not hold each pair of its split once")
    return found


def is_simulated(spec: str) -> bool:
    """Whether a judge is simulated, by its name."""
    return spec.partition(":")[0] == "simulated"


def _program(layout: Layout, rows: list[Row], id: str) -> Program:
    row = next((row for row in rows if row.id == id), None)
    if row is None:
        raise UsageError(f"run {layout.root.name} decided on {id}, which its ledger does not have")
    return Program(row.id, row.name, row.folder, files.read_text(layout.candidate(row.folder) / "harness.py"))
