"""The result of importing tasks for agents, as text and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_reward.files import printable
from meta_reward.report.imported import Skipped, power_of_task_set, render_power, render_skipped
from meta_reward.report.tables import plural
from meta_reward.tasks.agents import command_of, files_named
from meta_reward.tasks.divide import SPLITS

if TYPE_CHECKING:
    from meta_reward.tasks.agents import AgentSet
    from meta_reward.tasks.importers.record import Problem

_GAIN = 0.2
_WORLDS_SHOWN = 5
_FIELDS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ImportedAgents:
    """The imported tasks, as `--json` prints them."""

    rows: int
    tasks: int
    trials: int
    splits: dict[str, int]
    """Tasks of each split."""
    policy_characters: int
    tools: list[str]
    """Their names."""
    worlds: dict[str, int]
    """Tasks of each."""
    programs: list[str]
    """Files of the set that are named by commands of worlds."""
    categories: dict[str, int]
    """Tasks of each."""
    skipped: list[Skipped]
    ignored: dict[str, int]
    """Fields that mean nothing here, with the number of rows that have each."""


def imported_agents(taskset: "AgentSet", skipped: Sequence["Problem"], ignored: Mapping[str, int]) -> ImportedAgents:
    """A summary of the imported tasks."""
    tasks, division = taskset.agent_tasks, taskset.division
    assert division is not None
    return ImportedAgents(
        rows=len(tasks) + len(skipped),
        tasks=len(tasks),
        trials=sum(task.trials for task in tasks),
        splits={split: len(division.splits[split]) for split in SPLITS},
        policy_characters=len(taskset.policy),
        tools=[tool.name for tool in taskset.tools],
        worlds=dict(Counter(task.world for task in tasks)),
        programs=list(taskset.programs),
        categories=dict(sorted(Counter(name for task in tasks for name in task.categories).items())),
        skipped=[Skipped(str(p.place.path), p.place.row, p.field, p.what) for p in skipped],
        ignored={printable(name): rows for name, rows in ignored.items()},
    )


def render_agents(about: ImportedAgents, skipped: Sequence["Problem"], taskset: "AgentSet") -> list[str]:
    """The imported tasks in a few lines."""
    parts = ", ".join(f"{split} {count}" for split, count in about.splits.items())
    policy = f"a policy of {about.policy_characters:,} characters" if about.policy_characters else "no policy"
    worlds = [f"{name} {plural(count, 'task')}" for name, count in about.worlds.items()]
    more = [f"{len(worlds) - _WORLDS_SHOWN} more"] if len(worlds) > _WORLDS_SHOWN else []
    lines = [
        f"{plural(about.tasks, 'task')}, {plural(about.trials, 'trial')}: {parts}",
        f"{policy}; {plural(len(about.tools), 'tool')}",
        f"worlds: {', '.join([*worlds[:_WORLDS_SHOWN], *more])}",
    ]
    if about.programs:
        lines.append(f"files of the worlds, kept in the set: {', '.join(about.programs)}")
    lines += _not_kept(about)
    if about.categories:
        lines.append("categories: " + ", ".join(f"{name} {count}" for name, count in about.categories.items()))
    if about.ignored:
        fields = [f"{name} ({plural(rows, 'row')})" for name, rows in about.ignored.items()]
        lines.append(f"look at: unknown fields were ignored: {', '.join(fields[:_FIELDS_SHOWN])}")
    if skipped:
        lines.append(render_skipped(skipped, about.rows))
    lines.append(render_power(power_of_task_set(taskset, _GAIN)))
    return lines


def _not_kept(about: ImportedAgents) -> list[str]:
    """A warning about worlds that are programs with no file in the set."""
    commands = filter(None, map(command_of, about.worlds))
    outside = [command for command in commands if not files_named(command) & set(about.programs)]
    if not outside:
        return []
    what = "names no file beside the rows: put its program there, or a change of it goes unnoticed"
    others = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
    return [f"look at: world {outside[0]}{others} {what}"]
