"""Task sets of kind `agent`: tasks that an agent has to do in a world that answers it.

    tasks/<name>/
      taskset.json         with "kind": "agent"
      policy.md            the policy that the agent works under
      tools.json           the tools that it has
      tasks.jsonl          one task per line: id, prompt, world, arguments, maybe trials and categories
      splits.json          which task belongs to which split; written at first use if it is missing

`prompt` is what the agent is told when it starts: the customer's first words, or what is to be done. `world` names what
answers it: `skyways`, the simulated desk, or `command:PROGRAM`, any program that speaks the protocol of
docs/worlds.md. `arguments` is what the world is opened with, which no agent sees. Loading checks everything and names
file and line of what is wrong; the digest covers these files and nothing else in the folder.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.about import About, load_about
from meta_reward.tasks.base import AnyTaskSet, check_folder, digest_of, new_task_set
from meta_reward.tasks.divide import Division
from meta_reward.tasks.records import is_name, parse_tools
from meta_reward.tasks.registry import LIVE
from meta_reward.tasks.splits import load_division
from meta_reward.trajectory import Tool

KIND = "agent"
COMMAND = "command:"
"""What the name of a world begins with that is a program."""
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
    """How often each agent tries it; the score is the mean."""
    categories: tuple[str, ...] = ()

    @property
    def task(self) -> str:
        """Its own name, as everything has that belongs to a task."""
        return self.id


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

    @property
    def tasks_of_items(self) -> Sequence[str]:
        return [task.id for task in self.agent_tasks]

    def part(self, tasks: Collection[str]) -> list[AgentTask]:
        """Some tasks, in file order."""
        wanted = set(tasks)
        return [task for task in self.agent_tasks if task.id in wanted]


def load_agent_set(path: Path) -> AgentSet:
    """Load and check a task set for agents. Raises DataError that names the file and what to fix."""
    check_folder(path)
    about = load_about(path, kind=KIND)
    policy = files.read_text(path / "policy.md")
    tools = parse_tools(files.load_json(path / "tools.json"), path / "tools.json")
    tasks = _load_tasks(path / "tasks.jsonl")
    ids = {task.id for task in tasks}
    return AgentSet(path, about, policy, tools, tasks, load_division(path, ids, ids), digest_of(path, AgentSet.content))


def save_agent_set(
    path: Path,
    about: About,
    *,
    policy: str,
    tools: Sequence[Tool],
    tasks: Iterable[AgentTask],
    division: Division | None = None,
    replace: bool = False,
) -> None:
    """Write a task set; the folder appears whole or not at all. replace: an existing one, except its openings."""
    with new_task_set(path, about, division, replace=replace) as folder:
        files.write_bytes(folder / "policy.md", policy.encode())
        files.write_json(folder / "tools.json", tools)
        files.write_lines(folder / "tasks.jsonl", tasks)


def command_of(world: str) -> str:
    """The command line of a world that is a program; empty for any other."""
    return world.removeprefix(COMMAND).strip() if world.startswith(COMMAND) else ""


def _load_tasks(path: Path) -> tuple[AgentTask, ...]:
    found: dict[str, AgentTask] = {}
    for number, data in files.numbered_lines(path):
        try:
            task = _parse_task(data if isinstance(data, dict) else {})
            if task.id in found:
                raise ValueError(f"id {task.id!r} occurs twice")
        except ValueError as error:
            raise DataError(path, str(error), place=f"line {number}", hint="correct the line") from None
        found[task.id] = task
    if not found:
        raise DataError(path, "holds no tasks", hint="write one per line: id, prompt, world, arguments")
    return tuple(found.values())


def _parse_task(data: dict[str, Any]) -> AgentTask:
    id, prompt, world = (data.get(key) for key in ("id", "prompt", "world"))
    arguments, trials, categories = data.get("arguments", {}), data.get("trials", 1), data.get("categories", [])
    if not isinstance(id, str) or not is_name(id):
        raise ValueError(f"id {id!r:.40} is not letters, digits, dots, dashes and underscores")
    if not isinstance(prompt, str):
        raise ValueError("prompt is missing, or not a text")
    if not isinstance(world, str) or not (world in LIVE or command_of(world)):
        raise ValueError(f"world {world!r:.40} is unknown: known are {', '.join(LIVE)} and {COMMAND}PROGRAM")
    if not isinstance(arguments, dict):
        raise ValueError("arguments is not an object")
    if isinstance(trials, bool) or not isinstance(trials, int) or not 1 <= trials <= MAX_TRIALS:
        raise ValueError(f"trials is {trials!r:.40}, not a whole number from 1 to {MAX_TRIALS}")
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
        raise ValueError("categories is not a list of texts")
    return AgentTask(id, prompt, world, arguments, trials, tuple(categories))
