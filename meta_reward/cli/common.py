"""What commands share: finding task sets and runs by name, options, and how JSON is printed."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.tasks.taskset import TaskSet

OFFLINE_WORLD = "skyways"
TASKS, RUNS, SEEDS = Path("tasks"), Path("runs"), Path("seed_harnesses")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
judge_option = click.option(
    "--judge", metavar="KIND", help="The judge, such as simulated, which is the default for skyways alone."
)

sandbox_option = click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "locked", "seatbelt", "none"]),
    help="How candidates are confined: auto, the default, is the strictest that works here; none must be asked for.",
)


def find_task_set(name: str) -> Path:
    """The folder of a task set given by name or path. Raises UsageError that lists what there is."""
    return _find(name, TASKS, "task set", "taskset.json", "`meta-reward import` or `meta-reward tasks build` make one")


def find_run(name: str) -> Path:
    """The folder of a run given by name or path. Raises UsageError that lists what there is."""
    return _find(name, RUNS, "run", "run.toml", "`meta-reward search` makes one")


def run_path(name: str) -> Path:
    """Where a run of this name is, or would be. Raises UsageError for what can be no name of a folder."""
    from meta_reward.tasks.taskset import is_name

    path = Path(name)
    if len(path.parts) == 1 and not path.is_absolute():
        path = RUNS / name
    if not is_name(path.name):
        raise UsageError(f"run name {name!r}", hint="use letters, digits, dots, dashes and underscores")
    return path


def default_judge(taskset: "TaskSet", judge: str | None) -> str:
    """The judge to use. Raises UsageError where none is given and the task set has no default."""
    if judge:
        return judge
    if taskset.about.simulated and taskset.name == OFFLINE_WORLD:
        return "simulated"
    raise UsageError(f"task set {taskset.name} has no default judge", hint="say which one, such as --judge simulated")


def print_json(value: Any) -> None:
    """Print one JSON object."""
    from meta_reward.files import dump_json

    sys.stdout.buffer.write(dump_json(value))
    sys.stdout.flush()


def new_task_set_path(name: str, *, force: bool) -> Path:
    """Where a new task set goes. Raises UsageError for a bad name, or one that is taken."""
    from meta_reward.tasks.taskset import is_name

    if not is_name(name):
        raise UsageError(f"task set name {name!r}", hint="use letters, digits, dots, dashes and underscores")
    path = TASKS / name
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="choose another --name, or pass --force to replace it")
    return path


def _find(name: str, home: Path, what: str, marker: str, hint: str) -> Path:
    for path in (Path(name), home / name):
        if (path / marker).exists():
            return path
    if Path(name).is_dir() or os.sep in name:
        raise UsageError(f"{name} is no {what}: it has no {marker}", hint=hint)
    known = sorted(p.parent.name for p in home.glob(f"*/{marker}"))
    raise UsageError(f"there is no {what} {name!r}", hint=f"known: {', '.join(known)}" if known else hint)
