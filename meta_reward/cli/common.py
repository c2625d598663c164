"""What commands share: finding task sets and runs by name, options, and how JSON is printed."""

import functools
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from meta_reward import shipped
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.search.standalone import Standalone
    from meta_reward.tasks.divide import SplitShares
    from meta_reward.tasks.taskset import TaskSet

Command = TypeVar("Command", bound=Callable[..., Any])

STOPPED = 4
"""The exit code of what stopped at a limit, and goes on when that is raised."""

OFFLINE_WORLD = "skyways"
TASKS, RUNS, SEEDS = Path("tasks"), Path("runs"), Path("seed_harnesses")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
judge_option = click.option(
    "--judge", metavar="KIND", help="The judge, such as simulated, which is the default for skyways alone."
)

sandbox_option = click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "locked", "none"]),
    help="How candidates are confined: auto, the default, is the strictest that works here; none must be asked for.",
)


def _dollars(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An amount of money; 0 for `none`, where its user wants no limit."""
    if value in (None, "none"):
        return None if value is None else 0.0
    try:
        amount = float(value)
    except ValueError:
        amount = 0.0
    if not 0 < amount < float("inf"):
        raise click.BadParameter(f"{value!r} is neither an amount such as 20 nor none", ctx, param)
    return amount


def finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """A number that is one: ranges let NaN pass."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number", ctx, param)
    return value


_SPENDING = (
    click.option("--max-calls", type=click.IntRange(min=1), help="Judge calls, counting cached ones."),
    click.option("--max-tokens", type=click.IntRange(min=1), help="Judge tokens, counting cached calls."),
    click.option("--max-usd", metavar="USD|none", callback=_dollars, help="Money spent on judge calls."),
)
_HOURS = click.option("--max-hours", type=click.FloatRange(min=0, min_open=True), help="Of this process.")


def spending_options(command: Command) -> Command:
    """The limits on what may be spent on the judge."""
    for option in reversed(_SPENDING):
        command = option(command)
    return command


def limit_options(command: Command) -> Command:
    """All limits: on what may be spent, and on time."""
    return spending_options(_HOURS(command))


def limits_given(flags: dict[str, Any]) -> dict[str, Any]:
    """The limits among flags, by the keys under which run.toml has them."""
    return {f"limits.{name}": flags.get(name) for name in ("max_calls", "max_tokens", "max_usd", "max_hours")}


def find_task_set(name: str) -> Path:
    """The folder of a task set given by name or path: one of ./tasks, else one that comes with the package.

    Raises UsageError that lists what there is.
    """
    own = any((path / "taskset.json").exists() for path in (Path(name), TASKS / name))
    hint = "`meta-reward import` or `meta-reward tasks build` make one"
    return (None if own else shipped.task_set(name)) or _find(name, TASKS, "task set", "taskset.json", hint)


def open_task_set(name: str, shares: "SplitShares") -> "TaskSet":
    """A task set to work on, in a folder of the user's own and with its splits written down.

    shares: by which it is divided if it is not yet. What is written is said on stderr.
    """
    from meta_reward.tasks.splits import write_splits
    from meta_reward.tasks.taskset import load_task_set

    path = find_task_set(name)
    if path == shipped.task_set(name):
        path = _copied(path)
    tasks, line = write_splits(load_task_set(path), shares)
    if line:
        click.echo(line, err=True)
    return tasks


def seed_folder() -> Path:
    """Where seed harnesses are: ./seed_harnesses, else those that come with the package."""
    return SEEDS if SEEDS.is_dir() else shipped.seeds()


def find_run(name: str) -> Path:
    """The folder of a run given by name or path. Raises UsageError that lists what there is."""
    from meta_reward.run.runs import is_candidate

    if is_candidate(name):
        raise UsageError(f"{name} is a candidate, not a run", hint=f"known runs: {', '.join(_run_names()) or 'none'}")
    return _find(name, RUNS, "run", "run.toml", "`meta-reward search` makes one")


def newest_run() -> Path:
    """The run in ./runs whose record changed last, which is said on stderr. Raises UsageError without any."""
    from meta_reward.run.runs import runs_in

    found = runs_in(RUNS)
    if not found:
        raise UsageError("there is no run in ./runs", hint="`meta-reward search` makes one")
    click.echo(f"meta-reward: run {found[0].root.name}, the newest", err=True)
    return found[0].root


def run_here(name: str | None) -> Path:
    """The run that is named, else the one this is called in, else the newest."""
    if name is not None:
        return find_run(name)
    return Path.cwd() if Path("run.toml").exists() else newest_run()


def named_run(name: str | None, purpose: str) -> Path:
    """The run that is named. Raises UsageError that lists the runs where none is: this one is not to be guessed."""
    if name is None:
        raise UsageError(f"say which run to {purpose}", hint=f"known: {', '.join(_run_names()) or 'none'}")
    return find_run(name)


def run_and(*names: str) -> Callable[[Command], Command]:
    """The arguments of a command on a run: the run, which may be left out, and these after it."""

    def split(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> dict[str, str | None]:
        return dict(zip(("run", *names), _split(ctx, words, names), strict=True))

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def call(*, words: dict[str, str | None], **options: Any) -> Any:
            return command(**words, **options)

        metavar = " ".join(["[RUN]", *(name.upper() for name in names)])
        return cast(Command, click.argument("words", nargs=-1, metavar=metavar, callback=split)(call))

    return decorate


def _split(ctx: click.Context, words: tuple[str, ...], names: tuple[str, ...]) -> tuple[str | None, ...]:
    """A run, or None, and a word for each name. Raises click's UsageError for too few words or too many."""
    from meta_reward.run.runs import is_candidate

    if len(words) < len(names):
        raise click.UsageError(f"Missing argument '{names[len(words)].upper()}'.", ctx)
    if len(words) > len(names) + 1 or (len(words) > len(names) and is_candidate(words[0])):
        raise click.UsageError(f"Got unexpected extra argument ({words[-1]})", ctx)
    return words if len(words) > len(names) else (None, *words)


def run_path(name: str) -> Path:
    """Where a run of this name is, or would be. Raises UsageError for what can be no name of a run."""
    from meta_reward.run.runs import is_candidate
    from meta_reward.tasks.records import is_name

    path = Path(name)
    if len(path.parts) == 1 and not path.is_absolute():
        path = RUNS / name
    if not is_name(path.name):
        raise UsageError(f"run name {name!r}", hint="use letters, digits, dots, dashes and underscores")
    if is_candidate(path.name):
        raise UsageError(
            f"run name {name!r}", hint="c and digits is the name of a candidate; choose another --run NAME"
        )
    return path


def default_judge(taskset: "TaskSet", judge: str | None) -> str:
    """The judge to use. Raises UsageError where none is given and the task set has no default."""
    if judge:
        return judge
    if taskset.about.simulated and taskset.name == OFFLINE_WORLD:
        return "simulated"
    raise UsageError(f"task set {taskset.name} has no default judge", hint="say which one, such as --judge simulated")


def job_of(harness: Path, taskset: str, split: str, config: Path | None, flags: dict[str, Any]) -> "Standalone":
    """What to evaluate outside any run. flags: judge, seed, concurrency, sandbox and limits, None where not given."""
    from meta_reward.run.config import load_user_config, new_config, overlay
    from meta_reward.search.standalone import Standalone

    about = {"judge.spec": flags["judge"], "judge.concurrency": flags["concurrency"]}
    about |= {name: flags[name] for name in ("seed", "sandbox")}
    tables = overlay(load_user_config(config), {**about, **limits_given(flags)})
    tasks = open_task_set(taskset, new_config(tables).splits)
    chosen = default_judge(tasks, tables.get("judge", {}).get("spec"))
    return Standalone(
        harness, tasks, split, new_config(overlay(tables, {"judge.spec": chosen})), tables.get("limits", {})
    )


def print_json(value: Any) -> None:
    """Print one JSON object."""
    from meta_reward.files import dump_json

    sys.stdout.buffer.write(dump_json(value))
    sys.stdout.flush()


def new_task_set_path(name: str, *, force: bool) -> Path:
    """Where a new task set goes. Raises UsageError for a bad name, or one that is taken."""
    from meta_reward.tasks.records import is_name

    if not is_name(name):
        raise UsageError(f"task set name {name!r}", hint="use letters, digits, dots, dashes and underscores")
    path = TASKS / name
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="choose another --name, or pass --force to replace it")
    return path


def _copied(path: Path) -> Path:
    """A task set that comes with the package, copied into ./tasks, where openings of its test split are counted."""
    import shutil

    from meta_reward import folders

    own = TASKS / path.name
    with folders.new_folder(own) as folder:
        shutil.copytree(path, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("openings.jsonl"))
    click.echo(f"{path.name} comes with meta-reward: copied to {own}", err=True)
    return own


def _run_names() -> list[str]:
    return sorted(path.parent.name for path in RUNS.glob("*/run.toml"))


def _find(name: str, home: Path, what: str, marker: str, hint: str) -> Path:
    for path in (Path(name), home / name):
        if (path / marker).exists():
            return path
    if Path(name).is_dir() or os.sep in name:
        raise UsageError(f"{name} is no {what}: it has no {marker}", hint=hint)
    known = sorted(p.parent.name for p in home.glob(f"*/{marker}"))
    raise UsageError(f"there is no {what} {name!r}", hint=f"known: {', '.join(known)}" if known else hint)
