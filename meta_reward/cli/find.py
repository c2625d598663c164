"""Finding task sets, runs and seed harnesses by name: in the folders here, else those that come with the package."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_reward import shipped
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.tasks.base import AnyTaskSet
    from meta_reward.tasks.divide import SplitShares

TASKS, RUNS, SEEDS = Path("tasks"), Path("runs"), Path("seed_harnesses")


def find_task_set(name: str) -> Path:
    """The folder of a task set given by name or path: one of ./tasks, else one that comes with the package.

    Raises UsageError that lists what there is.
    """
    own = any((path / "taskset.json").exists() for path in (Path(name), TASKS / name))
    hint = "`meta-reward import` or `meta-reward tasks build` make one"
    return (None if own else shipped.task_set(name)) or _find(name, TASKS, "task set", "taskset.json", hint)


def open_task_set(name: str, shares: "SplitShares", *, kind: str = "") -> "AnyTaskSet":
    """A task set to work on: copied to ./tasks if it comes with the package, and with its splits written down.

    shares: of search, validation and test, for a set that is not divided yet. kind: of the programs; "" for the one
    that the set names. Whatever is written is reported on stderr.
    """
    from meta_reward.kinds.registry import load_any_task_set
    from meta_reward.tasks.splits import write_splits

    path = find_task_set(name)
    if path == shipped.task_set(name):
        path = _copied(path)
    tasks, line = write_splits(load_any_task_set(path, kind=kind), shares)
    if line:
        click.echo(line, err=True)
    return tasks


def new_task_set_path(name: str, *, force: bool) -> Path:
    """Where a new task set goes. Raises UsageError for a name that is not valid or taken."""
    from meta_reward.tasks.records import is_name

    if not is_name(name):
        raise UsageError(f"task set name {name!r}", hint="use letters, digits, dots, dashes and underscores")
    path = TASKS / name
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="choose another --name, or pass --force to replace it")
    return path


def seed_folder(taskset: "AnyTaskSet | None" = None) -> Path:
    """Where seeds are, by default reward harnesses: below ./seed_harnesses, else those that come with the package."""
    from meta_reward.kinds.registry import kind_of

    below = kind_of(taskset).seeds if taskset else ""
    return SEEDS / below if (SEEDS / below).is_dir() else shipped.seeds() / below


def find_run(name: str) -> Path:
    """The folder of a run given by name or path. Raises UsageError that lists what there is."""
    from meta_reward.run.runs import is_candidate

    if is_candidate(name):
        raise UsageError(f"{name} is a candidate, not a run", hint=f"known runs: {', '.join(_run_names()) or 'none'}")
    _refuse_study(name)
    return _find(name, RUNS, "run", "run.toml", "`meta-reward search` makes one")


def newest_run() -> Path:
    """The run in ./runs whose record changed last; stderr names it. Raises UsageError if there is no run."""
    from meta_reward.run.runs import runs_in

    found = runs_in(RUNS)
    if not found:
        raise UsageError("there is no run in ./runs", hint="`meta-reward search` makes one")
    click.echo(f"meta-reward: run {found[0].root.name}, the newest", err=True)
    return found[0].root


def run_here(name: str | None) -> Path:
    """The run that is named, else the one in the current folder, else the newest."""
    if name is not None:
        return find_run(name)
    return Path.cwd() if Path("run.toml").exists() else newest_run()


def named_run(name: str | None, purpose: str) -> Path:
    """The run that is named. Raises UsageError that lists the runs if none is named: no default is safe here."""
    if name is None:
        raise UsageError(f"say which run to {purpose}", hint=f"known: {', '.join(_run_names()) or 'none'}")
    return find_run(name)


def run_path(name: str) -> Path:
    """Where a run of this name is, or would be. Raises UsageError for a name that a run cannot have."""
    from meta_reward.run.runs import is_candidate

    path = _path_below_runs(name)
    _check_name(path, "run")
    _refuse_study(name)
    if is_candidate(path.name):
        raise UsageError(
            f"run name {name!r}", hint="c and digits is the name of a candidate; choose another --run NAME"
        )
    return path


def study_path(name: str) -> Path:
    """Where a study of this name is, or would be. Raises UsageError for a name that it cannot have."""
    path = _path_below_runs(name)
    _check_name(path, "study")
    return path


def _path_below_runs(name: str) -> Path:
    path = Path(name)
    return RUNS / name if len(path.parts) == 1 and not path.is_absolute() else path


def _check_name(path: Path, what: str) -> None:
    from meta_reward.tasks.records import is_name

    if not is_name(path.name):
        raise UsageError(f"{what} name {path.name!r}", hint="use letters, digits, dots, dashes and underscores")


def _refuse_study(name: str) -> None:
    """Raise UsageError if a name is that of a study."""
    from meta_reward.run.layout import STUDY

    for path in (Path(name), _path_below_runs(name)):
        if (path / STUDY).exists():
            raise UsageError(f"{name} is a study, not a run", hint=f"see {path / STUDY}")


def _copied(path: Path) -> Path:
    """A copy, in ./tasks, of a task set that comes with the package: openings of its test split are counted there."""
    import shutil

    from meta_reward import folders

    own = TASKS / path.name
    with folders.new_folder(own) as folder:
        shutil.copytree(path, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("openings.jsonl"))
    click.echo(f"{path.name} comes with meta-reward: copied to {own}", err=True)
    return own


def _run_names() -> list[str]:
    return sorted(path.parent.name for path in RUNS.glob("[!.]*/run.toml"))


def _find(name: str, home: Path, what: str, marker: str, hint: str) -> Path:
    for path in (Path(name), home / name):
        if (path / marker).exists():
            return path
    if Path(name).is_dir() or os.sep in name:
        raise UsageError(f"{name} is no {what}: it has no {marker}", hint=hint)
    known = sorted(p.parent.name for p in home.glob(f"[!.]*/{marker}"))
    raise UsageError(f"there is no {what} {name!r}", hint=f"known: {', '.join(known)}" if known else hint)
