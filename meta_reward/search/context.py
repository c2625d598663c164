"""What a search works with."""

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
    """What is told how a search goes. Every method returns at once."""

    def evaluation(self, what: str, split: str, total: int, so_far: "SoFar") -> None:
        """A candidate is about to be evaluated on so many examples; several may be at the same time."""
        ...

    def result(self, what: str, result: Result) -> None:
        """An example of that evaluation is done, now or in an earlier process."""
        ...

    def note(self, text: str) -> None:
        """Something happened that is worth a line."""
        ...


@dataclass(frozen=True, slots=True)
class SoFar:
    """What the results of an unfinished evaluation come to."""

    metric: str
    """Its name."""
    of: Callable[[Mapping[str, Result]], float | None]
    """Of the items that are complete, given results by example; None where none is."""


def so_far(taskset: AnyTaskSet, part: Part) -> SoFar:
    """What the results of an evaluation under way come to."""
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
    """What a search works with."""

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
    """The learned reward that it is scored by; None for trusted outcomes."""
    _near_limits: set[str] = field(default_factory=set)
    _cases: Cases | None = None

    @property
    def kind(self) -> Kind:
        """Of its programs."""
        return kind_of(self.taskset)

    def part(self, split: str) -> Part:
        """What is evaluated of a split."""
        return self.kind.part(self.taskset, self.splits[split])

    def tell_limits(self, used: Iterable[Used]) -> None:
        """Say once of each limit that it is nearly reached."""
        for one in used:
            if one.is_near and one.name not in self._near_limits:
                self._near_limits.add(one.name)
                total = one.value + one.held
                text = f"near the limit {one.name}: {total:.4g} of {one.limit:g}"
                self.events.add(LIMIT, text, limit=one.name, used=total, of=one.limit)

    @property
    def cases(self) -> Cases:
        """As `run_cases` finds them."""
        if self._cases is None:
            self._cases = run_cases(self.layout, self.taskset, self.splits["search"])
        return self._cases


def run_cases(layout: Layout, taskset: AnyTaskSet, search_tasks: tuple[str, ...]) -> Cases:
    """What is specific to single cases of a run's search split, and not in the seeds, which the user wrote."""
    recorded = programs_of(layout, [row for row in load_ledger(layout.ledger) if row.iteration == 0])
    staged = map(files.read_text, sorted(layout.staging(0).glob("*/harness.py")))
    return search_cases(taskset, search_tasks, [source for source, _ in recorded] or list(staged))


def programs_of(history: HistoryLayout | Layout, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """The programs of candidates, each with its id."""
    return [(files.read_text(history.candidate(row.folder) / "harness.py"), row.id) for row in rows]


def search_cases(taskset: AnyTaskSet, search_tasks: Collection[str], common: Sequence[str] = ()) -> Cases:
    """What is specific to single cases of a search split: not in what they share, nor in the `common` texts."""
    kind = kind_of(taskset)
    return kind.cases(taskset, search_tasks, [interface_text(kind), *common])
