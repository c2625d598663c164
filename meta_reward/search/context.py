"""The context of a search: its run, task set, judge, proposer and listeners, opened once for all steps."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Protocol

from meta_reward import files
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.records import Evaluation, Result
from meta_reward.harness.validate import Cases
from meta_reward.kinds.base import Kind
from meta_reward.kinds.registry import kind_of
from meta_reward.models.gateway import Gateway
from meta_reward.propose.base import Proposer
from meta_reward.run.create import interface_text
from meta_reward.run.events import LIMIT, EventLog
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.settings import RunConfig
from meta_reward.search.limits import Used
from meta_reward.search.objective import Objective
from meta_reward.tasks.base import AnyTaskSet


class Progress(Protocol):
    """Receives the progress of a search. Every method returns at once."""

    def evaluation(self, what: str, split: str, total: int, so_far: "SoFar") -> None:
        """The evaluation of a candidate begins; several may run at the same time.

        what: the candidate's folder. split: may end in the number of a repeat, such as `test.1`. total: its examples.
        so_far: computes the score of its results so far.
        """
        ...

    def result(self, what: str, result: Result) -> None:
        """An example of the evaluation `what` is done, in this process or an earlier one."""
        ...

    def note(self, text: str) -> None:
        """Something happened that is worth a line."""
        ...


@dataclass(frozen=True, slots=True)
class SoFar:
    """The score of an unfinished evaluation."""

    metric: str
    """The name of the score."""
    of: Callable[[Mapping[str, Result]], float | None]
    """Takes results by example, returns the mean score of the items that are complete; None if there are none."""


def so_far(taskset: AnyTaskSet, part: Part) -> SoFar:
    """The score, so far, of an evaluation of `part`."""
    kind = kind_of(taskset)

    def mean(results: Mapping[str, Result]) -> float | None:
        complete = replace(part, items=[item for item in part.items if all(id in results for id in item.examples)])
        if not complete.items:
            return None
        found = kind.outcomes(taskset, complete, Evaluation(list(results.values())))
        return fmean(one.score for one in found)

    return SoFar(kind.words.metric, mean)


@dataclass(slots=True)
class Search:
    """Everything that the steps of a search share."""

    layout: Layout
    config: RunConfig
    taskset: AnyTaskSet
    splits: Mapping[str, tuple[str, ...]]
    """Task ids by split."""
    gateway: Gateway
    proposer: Proposer
    progress: Progress
    events: EventLog
    objective: Objective | None = None
    """The learned reward that candidates are scored by; None if trusted outcomes score them."""
    _near_limits: set[str] = field(default_factory=set)
    _cases: Cases | None = None

    @property
    def kind(self) -> Kind:
        """The kind of its programs."""
        return kind_of(self.taskset)

    def part(self, split: str) -> Part:
        """The examples and items of a split."""
        return self.kind.part(self.taskset, self.splits[split])

    def tell_limits(self, used: Iterable[Used]) -> None:
        """Warn, once per limit, that it is nearly reached."""
        for one in used:
            if one.is_near and one.name not in self._near_limits:
                self._near_limits.add(one.name)
                total = one.value + one.held
                text = f"near the limit {one.name}: {total:.4g} of {one.limit:g}"
                self.events.add(LIMIT, text, limit=one.name, used=total, of=one.limit)

    @property
    def cases(self) -> Cases:
        """See `run_cases`; found when first needed."""
        if self._cases is None:
            self._cases = run_cases(self.layout, self.taskset, self.splits["search"])
        return self._cases


def run_cases(layout: Layout, taskset: AnyTaskSet, search_tasks: tuple[str, ...]) -> Cases:
    """Texts that belong to single cases of a run's search split, without those in the seeds, which the user wrote."""
    recorded = programs_of(layout, [row for row in load_ledger(layout.ledger) if row.iteration == 0])
    staged = map(files.read_text, sorted(layout.staging(0).glob("*/harness.py")))
    return search_cases(taskset, search_tasks, [source for source, _ in recorded] or list(staged))


def programs_of(history: HistoryLayout | Layout, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """The source and id of each of these candidates."""
    return [(files.read_text(history.candidate(row.folder) / "harness.py"), row.id) for row in rows]


def search_cases(taskset: AnyTaskSet, search_tasks: Collection[str], common: Sequence[str] = ()) -> Cases:
    """Texts that belong to single cases of a search split: neither shared by all cases nor part of a `common` text."""
    kind = kind_of(taskset)
    return kind.cases(taskset, search_tasks, [interface_text(kind), *common])
