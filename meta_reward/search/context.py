"""What a search works with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from meta_reward import files
from meta_reward.evaluation.records import Result
from meta_reward.harness.validate import Cases, cases_of
from meta_reward.models.gateway import Gateway
from meta_reward.propose.base import Proposer
from meta_reward.run.create import interface_text
from meta_reward.run.events import LIMIT, EventLog
from meta_reward.run.layout import HistoryLayout, Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.settings import RunConfig
from meta_reward.search.limits import Used
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Pair, Rollout


class Progress(Protocol):
    """What is told how a search goes. Every method returns at once."""

    def evaluation(self, what: str, split: str, total: int, pairs: Sequence[Pair]) -> None:
        """A candidate is about to be evaluated on so many trajectories; several may be at the same time."""
        ...

    def result(self, what: str, result: Result) -> None:
        """A trajectory of that evaluation is done, now or in an earlier process."""
        ...

    def note(self, text: str) -> None:
        """Something happened that is worth a line."""
        ...


@dataclass(slots=True)
class Search:
    """What a search works with."""

    layout: Layout
    config: RunConfig
    taskset: TaskSet
    splits: Mapping[str, tuple[str, ...]]
    """Task ids by split."""
    gateway: Gateway
    proposer: Proposer
    progress: Progress
    events: EventLog
    _near_limits: set[str] = field(default_factory=set)
    _cases: Cases | None = None

    def part(self, split: str) -> tuple[list[Rollout], list[Pair]]:
        """The rollouts and pairs of a split."""
        return self.taskset.part(self.splits[split])

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


def run_cases(layout: Layout, taskset: TaskSet, search_tasks: tuple[str, ...]) -> Cases:
    """What is specific to single cases of a run's search split, and not in the seeds, which the user wrote."""
    recorded = programs_of(layout, [row for row in load_ledger(layout.ledger) if row.iteration == 0])
    staged = map(files.read_text, sorted(layout.staging(0).glob("*/harness.py")))
    return search_cases(taskset, search_tasks, [source for source, _ in recorded] or list(staged))


def programs_of(history: HistoryLayout | Layout, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """The programs of candidates, each with its id."""
    return [(files.read_text(history.candidate(row.folder) / "harness.py"), row.id) for row in rows]


def search_cases(taskset: TaskSet, search_tasks: tuple[str, ...], common: Sequence[str] = ()) -> Cases:
    """What is specific to single cases of a search split: not in its policy, its tools or the `common` texts."""
    rollouts, _ = taskset.part(search_tasks)
    return cases_of(rollouts, policy=taskset.policy, tools=taskset.tools, common=[interface_text(), *common])
