"""`meta-reward search`: start a run, or continue one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import (
    OFFLINE_TASKS,
    STOPPED,
    default_judge,
    judge_option,
    limit_options,
    limits_given,
    sandbox_option,
)
from meta_reward.cli.find import find_run, find_task_set, open_task_set, run_path, seed_folder
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.cli.search_process import Said
    from meta_reward.run.create import Seed
    from meta_reward.run.layout import Layout
    from meta_reward.tasks.base import AnyTaskSet


@click.command("search")
@click.argument("taskset", required=False)
@click.option("--run", "name", help="Name or path of the run. Default: the task set's name.")
@click.option("--kind", help="Kind of the programs, if not the task set's own: compare, on a task set of pairs.")
@judge_option
@click.option(
    "--proposer",
    metavar="KIND",
    help="catalog (default), claude:MODEL, gepa, openevolve, writer, library:MODEL, command:PROGRAM ...",
)
@click.option("--writer", metavar="KIND", help="The model behind gepa, openevolve and writer; any that --judge takes.")
@click.option("--proposer-jail", type=click.Choice(["none"]), help="none: run a command proposer with your own rights.")
@click.option(
    "--proposer-bind",
    metavar="PATH",
    multiple=True,
    help="Make a path readable in a command's jail; PATH:rw: writable.",
)
@click.option("--proposer-env", metavar="NAME", multiple=True, help="Pass this environment variable to the proposer.")
@click.option("--proposer-net", type=click.Choice(["none"]), help="none: no network in a command's jail.")
@click.option(
    "--history",
    type=click.Choice(["full", "scores", "summaries", "model-summaries", "none"]),
    help="What the proposer sees: everything (default), code and scores, these and summaries (by code, or by the "
    "model of --writer), or only the seeds.",
)
@click.option("--instructions", type=click.Path(path_type=Path), help="Instructions for an agent, in Markdown.")
@click.option("--objective", metavar="SPEC", help="learned:RUN scores by the reward that RUN chose.")
@click.option(
    "--validate-on", type=click.Choice(["official"]), help="With a learned objective: trusted outcomes decide."
)
@click.option("--traces", metavar="TASKSET", help="With a learned objective: recorded runs of an agent, as evidence.")
@click.option("--iterations", type=click.IntRange(min=0), help="Iterations after the seeds. Default: 8.")
@click.option("--candidates", type=click.IntRange(min=1), help="Candidates per iteration. Default: 2.")
@click.option(
    "--patience", type=click.IntRange(min=0), help="End after this many iterations without progress; 0: never."
)
@limit_options
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the simulated judge, the proposer and all orders.")
@click.option(
    "--seeds",
    type=click.Path(path_type=Path),
    help="Seed harnesses of a new run. Default: ./seed_harnesses, else those that come with meta-reward.",
)
@click.option("--baseline", type=click.Path(path_type=Path), help="Harness to beat. Default: the seed `baseline`.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time. Default: 16.")
@click.option("--hint", metavar="TEXT", help="Advice for the proposer, in every session from now on; recorded.")
@click.option("--notify", metavar="COMMAND", help="Run this at the end, near a limit, and when something fails.")
@click.option("--track", type=click.Choice(["mlflow"]), help="Log scores, spending and the decision to MLflow.")
@sandbox_option
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win.")
@click.option("--dry-run", is_flag=True, help="Estimate what it will take and cost; send nothing.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    taskset: str | None,
    name: str | None,
    seeds: Path | None,
    baseline: Path | None,
    instructions: Path | None,
    config: Path | None,
    dry_run: bool,
    hint: str | None,
    notify: str | None,
    track: str | None,
    **flags: object,
) -> None:
    """Search for a harness that agrees with trusted preferences.

    \b
    meta-reward search tasks/skyways
    meta-reward search tau-airline --run night-1 --judge simulated --iterations 8 --candidates 2
    meta-reward search night-1

    Without TASKSET: that of the run or, for a new run, skyways, which is simulated. An existing run continues where it
    stopped, and can be given in place of TASKSET. Its limits can be raised; its other settings are fixed. Stop a search
    with Ctrl-C at any time: what was finished is on disk, and the same command continues.

    Exit codes: 0 finished; 4 stopped at a limit, or because the proposer left nothing three times in a row; 130
    interrupted; 1 an error, described in one line.
    """
    from meta_reward.cli.report import leave_report
    from meta_reward.cli.search_process import go_on
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status
    from meta_reward.search.create import load_seeds

    said = _said(instructions, hint, notify, track)
    taskset = taskset or _taskset_of(name)
    tasks, layout = task_set_and_run(taskset, name, kind=str(flags["kind"] or ""))
    requested = _requested(config, flags, seeds or seed_folder(tasks), baseline)
    if seeds is None and str(requested.get("proposer", {}).get("spec")).startswith("library:"):
        seeds, baseline = seed_folder(tasks) / "library", baseline or seed_folder(tasks) / "baseline.py"
    begun = load_seeds(seeds or seed_folder(tasks), baseline)
    if dry_run:
        _forecast(layout, requested, tasks, begun)
        return
    if not layout.config.exists():
        tasks = _start(layout, requested, taskset, tasks, begun, said.instructions)
    ending = go_on(layout, requested, tasks, said)
    leave_report(layout)
    click.echo(render_status(status_of(layout)))
    ctx.exit(0 if ending.state == "finished" else STOPPED)


def _said(instructions: Path | None, hint: str | None, notify: str | None, track: str | None) -> "Said":
    """What the user says of this start, checked before a run is made."""
    from meta_reward.cli.search_process import Said
    from meta_reward.propose.prompt import load_instructions
    from meta_reward.run.hints import checked_hint
    from meta_reward.search.track import check_mlflow

    if track:
        check_mlflow()
    if hint is not None:
        checked_hint(hint)
    return Said(None if instructions is None else load_instructions(instructions), hint, notify, track)


def _requested(config: Path | None, flags: Mapping[str, object], seeds: Path, baseline: Path | None) -> dict[str, Any]:
    """The tables of run.toml that are asked for: those of a file, with the flags over them."""
    from meta_reward.run.config import load_user_config, overlay
    from meta_reward.search.create import baseline_key, load_seeds
    from meta_reward.use.objective_traces import traces_given

    key = None if baseline is None else baseline_key(load_seeds(seeds, baseline)[0])
    requested = overlay(load_user_config(config), {**_dotted(flags), "baseline": key})
    traces = requested.get("objective", {}).get("traces")
    return overlay(requested, traces_given(find_task_set(traces))) if traces else requested


def _start(
    layout: "Layout",
    requested: Mapping[str, Any],
    taskset: str,
    tasks: "AnyTaskSet",
    seeds: "Sequence[Seed]",
    told: str | None,
) -> "AnyTaskSet":
    """Make a new run, and say what its decision will be able to find; the task set with its splits written down."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.results import render_power
    from meta_reward.run.config import new_config, overlay
    from meta_reward.search.create import create
    from meta_reward.search.forecast import power_on
    from meta_reward.search.open import divided
    from meta_reward.use.objective import check_objective, objective_as_it_is
    from meta_reward.use.objective_traces import check_traces

    if layout.root.exists():
        raise UsageError(f"{layout.root} exists and is not a run", hint="choose another --run NAME")
    judge = default_judge(tasks, requested.get("judge", {}).get("spec"))
    config = new_config(requested)
    tasks = open_task_set(taskset, config.splits, kind=tasks.about.kind)
    limits = requested.get("limits", {})
    for note in [*check_objective(config, tasks, limits), *check_traces(config, tasks)]:
        click.echo(note, err=True)
    requested = overlay(requested, objective_as_it_is(config))
    run_interruptible(create(layout, requested, tasks, judge=judge, seeds=seeds, instructions=told))
    click.echo(render_power(power_on(tasks, divided(tasks, config)["validation"])), err=True)
    return tasks


def task_set_and_run(given: str, run: str | None, *, kind: str = "", ending: str = "") -> tuple["AnyTaskSet", "Layout"]:
    """The task set, for programs of a kind, and the run to search in; an existing run keeps its own kind.

    ending: what a run without a name has after the name of its task set.
    """
    from meta_reward.kinds.registry import for_programs, load_any_task_set
    from meta_reward.run.config import load_run_config
    from meta_reward.run.layout import Layout

    path, name = _paths_of(given, run)
    tasks = load_any_task_set(path)
    layout = Layout(run_path(name or tasks.name + ending))
    if layout.config.exists():
        kind = load_run_config(layout.config).kind
    return for_programs(tasks, kind), layout


def _paths_of(given: str, run: str | None) -> tuple[Path, str | None]:
    """The path of a task set, and the name or path of a run; None for a new run without one.

    given: a task set, or a run in place of its task set.
    """
    from meta_reward.run.config import load_run_config
    from meta_reward.run.layout import Layout

    try:
        return find_task_set(given), run
    except UsageError as no_task_set:
        try:
            folder = find_run(given)
        except UsageError:
            raise no_task_set from None
    if run is not None:
        raise UsageError(f"{given} is a run, and --run {run} names another", hint="leave out one of them")
    return Path(load_run_config(Layout(folder).config).taskset), str(folder.resolve())


def _taskset_of(run: str | None) -> str:
    """The task set of an existing run, else the simulated one."""
    from meta_reward.run.config import load_run_config
    from meta_reward.run.layout import Layout

    config = Layout(run_path(run)).config if run else None
    return load_run_config(config).taskset if config and config.exists() else OFFLINE_TASKS


def _listed(values: object) -> tuple[object, ...] | None:
    return values if isinstance(values, tuple) and values else None


def _dotted(flags: Mapping[str, object]) -> dict[str, object]:
    """Flags by their keys in run.toml."""
    from meta_reward.use.objective import objective_given

    return {
        "kind": flags["kind"],
        "judge.spec": flags["judge"],
        "judge.concurrency": flags["concurrency"],
        "proposer.spec": flags["proposer"],
        "proposer.writer": flags["writer"],
        "proposer.jail": flags["proposer_jail"],
        "proposer.bind": _listed(flags["proposer_bind"]),
        "proposer.env": _listed(flags["proposer_env"]),
        "proposer.net": flags["proposer_net"],
        "proposer.candidates": flags["candidates"],
        "proposer.history": flags["history"],
        "seed": flags["seed"],
        "sandbox": flags["sandbox"],
        **({} if flags["objective"] is None else objective_given(str(flags["objective"]))),
        "objective.validate_on": flags["validate_on"],
        "objective.traces": flags["traces"],
        "limits.iterations": flags["iterations"],
        "limits.patience": flags["patience"],
        **limits_given(flags),
    }


def _forecast(layout: "Layout", requested: Mapping[str, Any], tasks: "AnyTaskSet", seeds: "Sequence[Seed]") -> None:
    """Print what a new run, or the rest of an existing one, will take."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.results import render_forecast, render_reward
    from meta_reward.run import config as settings
    from meta_reward.run.record import iterations_done, load_iterations
    from meta_reward.search.forecast import forecast_from, try_seeds
    from meta_reward.search.open import check_task_set
    from meta_reward.use.objective import check_objective
    from meta_reward.use.objective_forecast import reward_forecasts
    from meta_reward.use.objective_traces import check_traces

    if layout.config.exists():
        done = iterations_done(load_iterations(layout))
        stored = settings.load_run_config(layout.config)
        check_task_set(layout, stored, tasks)
        config = settings.raised(stored, requested, layout.root.name)
    else:
        done, chosen = None, default_judge(tasks, requested.get("judge", {}).get("spec"))
        config = settings.new_config(settings.overlay(requested, {"judge.spec": chosen}))
        check_objective(config, tasks, requested.get("limits", {}))
        check_traces(config, tasks)
    tried = run_interruptible(try_seeds(config, tasks, seeds))
    whole = forecast_from(config, tasks, tried, done=done)
    click.echo(render_forecast(whole))
    for one in run_interruptible(reward_forecasts(config, tasks, tried, layout, whole)):
        click.echo(render_reward(one))
