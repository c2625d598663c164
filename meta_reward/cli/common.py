"""What commands share: options, arguments, and how JSON is printed."""

import functools
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from meta_reward import shipped
from meta_reward.cli.find import open_task_set
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.search.standalone import Standalone
    from meta_reward.tasks.base import AnyTaskSet

Command = TypeVar("Command", bound=Callable[..., Any])

STOPPED = 4
"""The exit code of a command that stopped at a limit; it continues when the limit is raised."""

BELOW = 5
"""The exit code of an evaluation whose agreement is lower than --fail-under asks."""

OFFLINE_TASKS = "skyways"
"""The task set of a new search that names none."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
judge_option = click.option(
    "--judge",
    "--model",
    "judge",
    metavar="KIND",
    help="The fixed model, such as simulated (the default for skyways) or anthropic:MODEL.",
)

study_name_option = click.option("--name", help="Name of the folder in ./runs. Default: the study and the run.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what it would ask and cost, and do nothing.")
split_option = click.option("--split", type=click.Choice(["search", "validation", "test"]), help="Split to measure on.")

sandbox_option = click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "locked", "none"]),
    help="How candidates are confined. Default: auto, the strictest that works here; that is never none.",
)


def _dollars(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """An amount of money; 0 for `none`, which lifts the limit."""
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
    """A finite number: click's ranges let NaN pass."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number", ctx, param)
    return value


max_usd_option = click.option(
    "--max-usd",
    metavar="USD|none",
    callback=_dollars,
    help="Stop when judge calls have cost this much; none lifts the limit.",
)
_SPENDING = (
    click.option(
        "--max-calls", type=click.IntRange(min=1), help="Stop at this many judge calls, cached ones included."
    ),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), help="Stop at this many judge tokens, cached calls included."
    ),
    max_usd_option,
)
_HOURS = click.option(
    "--max-hours", type=click.FloatRange(min=0, min_open=True), help="Stop when this process has run this long."
)


def spending_options(command: Command) -> Command:
    """Options: the limits on what may be spent on the judge."""
    for option in reversed(_SPENDING):
        command = option(command)
    return command


def limit_options(command: Command) -> Command:
    """Options: all limits, on what may be spent and on time."""
    return spending_options(_HOURS(command))


def limits_given(flags: Mapping[str, object]) -> dict[str, object]:
    """The limits among flags, by their keys in run.toml."""
    return {f"limits.{name}": flags.get(name) for name in ("max_calls", "max_tokens", "max_usd", "max_hours")}


def run_and(*names: str) -> Callable[[Command], Command]:
    """The arguments of a command on a run: the run, which may be left out, then one for each of these names."""

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
    """A run, or None, and a word for each name. Raises click's UsageError for too few or too many words."""
    from meta_reward.run.runs import is_candidate

    if len(words) < len(names):
        raise click.UsageError(f"Missing argument '{names[len(words)].upper()}'.", ctx)
    if len(words) > len(names) + 1 or (len(words) > len(names) and is_candidate(words[0])):
        raise click.UsageError(f"Got unexpected extra argument ({words[-1]})", ctx)
    return words if len(words) > len(names) else (None, *words)


def default_judge(taskset: "AnyTaskSet", judge: str | None) -> str:
    """The judge to use. Raises UsageError if none is given and the task set has no default."""
    if judge:
        return judge
    from meta_reward.kinds.registry import kind_of

    if taskset.about.simulated and taskset.name in shipped.TASK_SETS:
        return kind_of(taskset).simulated
    hint = f"say which one, such as --judge {kind_of(taskset).simulated}"
    raise UsageError(f"task set {taskset.name} has no default judge", hint=hint)


def standalone_of(
    harness: Path, taskset: str, split: str, config: Path | None, flags: Mapping[str, object]
) -> "Standalone":
    """An evaluation outside any run. flags: judge, seed, concurrency, sandbox and limits; None if not given."""
    from meta_reward.files import read_text
    from meta_reward.kinds.registry import for_source
    from meta_reward.run.config import load_user_config, new_config, overlay
    from meta_reward.search.standalone import Standalone

    about = {"judge.spec": flags["judge"], "judge.concurrency": flags["concurrency"]}
    about |= {name: flags[name] for name in ("seed", "sandbox")}
    tables = overlay(load_user_config(config), {**about, **limits_given(flags)})
    tasks = for_source(open_task_set(taskset, new_config(tables).splits), read_text(harness))
    chosen = default_judge(tasks, tables.get("judge", {}).get("spec"))
    return Standalone(
        harness, tasks, split, new_config(overlay(tables, {"judge.spec": chosen})), tables.get("limits", {})
    )


def print_json(value: Any) -> None:
    """Print one JSON object."""
    from meta_reward.files import dump_json

    sys.stdout.buffer.write(dump_json(value))
    sys.stdout.flush()
