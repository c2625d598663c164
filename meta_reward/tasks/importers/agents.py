"""A task set for agents, from rows like those of `tasks.jsonl`: id, prompt, world, arguments, trials, categories.

A task set has one policy and one list of tools; unless they are given separately, the rows hold them too. Files next to
the rows that commands of worlds name become part of the set. All rows that cannot be read are reported together, as
Problems with their places.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from meta_reward.errors import DataError
from meta_reward.tasks.agents import AgentTask, check_trials, parse_agent_task, programs_of
from meta_reward.tasks.divide import MIN_TASKS, Division
from meta_reward.tasks.importers.fields import as_object, policy_of
from meta_reward.tasks.importers.record import Place, Problem, RowError, parse_each, usable
from meta_reward.tasks.importers.rows import iter_rows
from meta_reward.tasks.importers.tools import read_tools
from meta_reward.tasks.splits import division_of_new
from meta_reward.trajectory import Tool


@dataclass(frozen=True, slots=True)
class Shared:
    """What all tasks of a set have in common; None if not given."""

    policy: str | None = None
    tools: tuple[Tool, ...] | None = None


_KNOWN = {field.name for field in fields(AgentTask)} | {"policy", "tools"}


@dataclass(frozen=True, slots=True)
class AgentRows:
    """All rows of some files."""

    tasks: tuple[AgentTask, ...]
    shared: Shared
    skipped: tuple[Problem, ...]
    ignored: Mapping[str, int]
    """Fields that mean nothing here, with the number of rows that have each."""


@dataclass(frozen=True, slots=True)
class MadeAgents:
    """What a task set will have besides its tasks."""

    division: Division
    programs: Mapping[str, Path]
    """Files that the commands of worlds name, by their names in the set."""


def read_agent_rows(paths: Sequence[Path], shared: Shared, *, skip_errors: bool = False) -> AgentRows:
    """Every row of the files, in order. shared: the policy and tools, if they are not to be read from the rows.

    Raises BadRows with every row that cannot be read, unless they are skipped, and DataError for an unreadable file.
    """
    reader = _Reader(shared)
    items = (item for path in dict.fromkeys(paths) for item in parse_each(iter_rows(path), reader.task))
    tasks, skipped = usable(items, paths[0], skip_errors=skip_errors)
    return AgentRows(tasks, reader.shared, skipped, dict(sorted(reader.ignored.items())))


def make_agents(tasks: Sequence[AgentTask], path: Path, rows: Sequence[Path]) -> MadeAgents:
    """The rest of a task set. path: where it will be; tasks that are there already keep their splits.

    rows: the files that the tasks come from; programs next to them take precedence over those in the task set.
    Raises DataError if there are too few tasks to divide, or if a task has the same name as another task's trial.
    """
    check_trials(rows[0], tasks)
    division = division_of_new(path, path.name, tasks, tasks)
    if division is None:
        what = f"holds too few tasks to divide into three splits: {len(tasks)}, at least {MIN_TASKS} are needed"
        raise DataError(rows[0], what, hint="give more tasks")
    folders = (path, *(file.parent for file in reversed(rows)))
    return MadeAgents(division, {name: file for each in folders for name, file in programs_of(tasks, each).items()})


class _Reader:
    """Reads one row after the other."""

    def __init__(self, given: Shared) -> None:
        self._given = given
        self._ids: dict[str, Place] = {}
        self._said: dict[str, tuple[Any, Place]] = {}
        """The first row's value for each field that all tasks share."""
        self.ignored: Counter[str] = Counter()

    @property
    def shared(self) -> Shared:
        said = {field: value for field, (value, _) in self._said.items()}
        return Shared(said.get("policy", self._given.policy), said.get("tools", self._given.tools))

    def task(self, place: Place, given: Any) -> AgentTask:
        """The task of a row. Raises RowError."""
        row = as_object(given)
        id = row.get("id")
        try:
            task = parse_agent_task({**row, "id": str(id) if isinstance(id, int) else id})
        except ValueError as error:
            raise RowError("", str(error)) from None
        if task.id in self._ids:
            raise RowError("id", f"{task.id!r} occurs twice, first in {self._ids[task.id]}")
        if self._given.policy is None:
            self._share("policy", policy_of(row), place)
        if self._given.tools is None and row.get("tools") is not None:
            self._share("tools", read_tools(row["tools"]), place)
        self._ids[task.id] = place
        self.ignored.update(row.keys() - _KNOWN)
        return task

    def _share(self, field: str, value: Any, place: Place) -> None:
        if value is None:
            return
        known, where = self._said.setdefault(field, (value, place))
        if known != value:
            raise RowError(field, f"differs from {where}: all tasks of a set share one; give it with --{field}")
