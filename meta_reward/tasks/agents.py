"""Task sets of kind `agent`: tasks that an agent carries out in a world that responds to it.

    tasks/<name>/
      taskset.json         with "kind": "agent"
      policy.md            the policy that the agent works under
      tools.json           the tools that it has
      tasks.jsonl          one task per line: id, prompt, world, arguments, maybe trials and categories
      splits.json          which task belongs to which split; written at first use if it is missing

`prompt` is what the agent is told at the start: the customer's first words, or a description of the task. `world` is
`skyways`, the simulated desk, or `command:PROGRAM`, any program that speaks the protocol of docs/worlds.md. `arguments`
is what the world is opened with; no agent sees it. Loading checks everything; errors name the file and the line. The
digest covers these files and the files that commands of worlds name, and nothing else in the folder.
"""

import glob
import os
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.about import About, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder, copy_into, digest_of, new_task_set
from meta_reward.tasks.divide import Division
from meta_reward.tasks.entries import load_entries
from meta_reward.tasks.records import is_name, parse_tools
from meta_reward.tasks.registry import LIVE
from meta_reward.tasks.splits import load_division
from meta_reward.trajectory import Tool

KIND = "agent"
COMMAND = "command:"
"""The prefix of worlds that are programs."""
MAX_TRIALS = 100


@dataclass(frozen=True, slots=True)
class AgentTask:
    """One task."""

    id: str
    prompt: str
    """What the agent is told when it starts."""
    world: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """What the world is opened with; no agent sees it."""
    trials: int = 1
    """How often each agent tries it; the score is the mean over these trials."""
    categories: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """Its own id, so that it counts as an item of its own task."""
        return self.id

    @property
    def trial_ids(self) -> tuple[str, ...]:
        """The id of each of its trials."""
        return self.id, *(f"{self.id}-{number}" for number in range(2, self.trials + 1))


def check_trials(path: Path, tasks: Sequence[AgentTask]) -> None:
    """Raise DataError if a task has the same name as another task's trial, because their results would be mixed up."""
    ids = {task.id for task in tasks}
    taken = next(((id, task.id) for task in tasks for id in task.trial_ids[1:] if id in ids), None)
    if taken:
        what = f"task {taken[0]!r} has the same name as a trial of task {taken[1]!r}"
        raise DataError(path, what, hint="rename one of them")


@dataclass(frozen=True, slots=True)
class AgentSet(AnyTaskSet):
    """A loaded task set for agents."""

    content = ("taskset.json", "policy.md", "tools.json", "tasks.jsonl", "splits.json")

    path: Path
    about: About
    policy: str
    tools: tuple[Tool, ...]
    agent_tasks: tuple[AgentTask, ...]
    division: Division | None
    """Its splits, which cover every task; None without `splits.json`."""
    digest: str
    programs: tuple[str, ...] = ()
    """Files in its folder that commands of worlds name, by relative path."""

    @property
    def covered(self) -> tuple[str, ...]:
        return (*self.content, *map(glob.escape, self.programs))

    @property
    def tasks_of_items(self) -> Sequence[str]:
        return [task.id for task in self.agent_tasks]

    def part(self, tasks: Collection[str]) -> list[AgentTask]:
        """These tasks, in file order."""
        wanted = set(tasks)
        return [task for task in self.agent_tasks if task.id in wanted]


def load_agent_set(path: Path) -> AgentSet:
    """Load and check a task set for agents. Raises DataError that names the file and what to fix."""
    check_folder(path)
    about = load_about(path, kind=KIND)
    policy = files.read_text(path / "policy.md")
    tools = parse_tools(files.load_json(path / "tools.json"), path / "tools.json")
    tasks = load_entries(path / "tasks.jsonl", parse_agent_task, what="tasks")
    check_trials(path / "tasks.jsonl", tasks)
    ids = {task.id for task in tasks}
    programs = tuple(sorted(programs_of(tasks, path)))
    loaded = AgentSet(path, about, policy, tools, tasks, load_division(path, ids, ids), "", programs)
    return replace(loaded, digest=digest_of(path, loaded.covered))


def save_agent_set(
    path: Path,
    about: About,
    *,
    policy: str,
    tools: Sequence[Tool],
    tasks: Iterable[AgentTask],
    programs: Mapping[str, Path] | None = None,
    division: Division | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all.

    programs: files of its worlds to copy into it, by their names there. replace: whether to replace an existing task
    set; its openings are kept.
    """
    with new_task_set(path, about, division, replace=replace) as folder:
        files.write_bytes(folder / "policy.md", policy.encode())
        files.write_json(folder / "tools.json", tools)
        files.write_lines(folder / "tasks.jsonl", tasks)
        for name, file in (programs or {}).items():
            copy_into(folder, file, Path(name))


def command_of(world: str) -> str:
    """The command line of a world that is a program; empty for any other world."""
    return world.removeprefix(COMMAND).strip() if world.startswith(COMMAND) else ""


def programs_of(tasks: Iterable[AgentTask], folder: Path) -> dict[str, Path]:
    """Files in a folder that the commands of worlds name, by their relative paths."""
    names = {name for task in tasks for name in files_named(command_of(task.world))}
    return {name: folder / name for name in sorted(names) if os.path.isfile(folder / name)}  # noqa: PTH113


def files_named(command: str) -> set[str]:
    """The words of a command that may name files in its folder; paths that lead out of the folder are left out."""
    paths = map(PurePosixPath, shlex.split(command))
    return {str(path) for path in paths if not path.is_absolute() and ".." not in path.parts}


def parse_agent_task(data: Mapping[str, Any]) -> AgentTask:
    """A task from a line of `tasks.jsonl`. Raises ValueError that says what is wrong."""
    id, prompt, world = (data.get(key) for key in ("id", "prompt", "world"))
    arguments, trials, categories = data.get("arguments", {}), data.get("trials", 1), data.get("categories", [])
    if not isinstance(id, str) or not is_name(id):
        raise ValueError(f"id {id!r:.40} is not 1 to 100 letters, digits, dots, dashes and underscores")
    if not isinstance(prompt, str):
        raise ValueError("prompt is missing or not text")
    if not isinstance(world, str) or not (world in LIVE or command_of(world)):
        raise ValueError(f"world {world!r:.40} is unknown: known are {', '.join(LIVE)} and {COMMAND}PROGRAM")
    if "\0" in world:
        raise ValueError(f"world {world!r:.60} has a character that is not allowed in a command")
    if not _can_be_split(command_of(world)):
        raise ValueError(f"world {world!r:.60} has an unclosed quotation mark")
    if not isinstance(arguments, dict):
        raise ValueError("arguments is not an object")
    if files.is_too_deep(arguments):
        raise ValueError("arguments is nested too deeply")
    if isinstance(trials, bool) or not isinstance(trials, int) or not 1 <= trials <= MAX_TRIALS:
        raise ValueError(f"trials is {trials!r:.40}, not a whole number from 1 to {MAX_TRIALS}")
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
        raise ValueError("categories is not a list of texts")
    return AgentTask(id, prompt, world, arguments, trials, tuple(categories))


def _can_be_split(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True
