"""`meta-reward search`: start a run, or go on with one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import (
    OFFLINE_WORLD,
    STOPPED,
    default_judge,
    find_run,
    find_task_set,
    judge_option,
    limit_options,
    limits_given,
    open_task_set,
    run_path,
    sandbox_option,
    seed_folder,
)
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.run.create import Seed
    from meta_reward.run.layout import Layout
    from meta_reward.tasks.taskset import TaskSet


@click.command("search")
@click.argument("taskset", required=False)
@click.option("--run", "name", help="Name or path of the run; the task set's name by default.")
@judge_option
@click.option("--proposer", metavar="KIND", help="catalog (default), claude:MODEL, or command:PROGRAM ...")
@click.option("--proposer-jail", type=click.Choice(["none"]), help="none: run a command with your own rights.")
@click.option("--proposer-bind", metavar="PATH", multiple=True, help="Shown in a command's jail; PATH:rw to write to.")
@click.option("--proposer-env", metavar="NAME", multiple=True, help="A variable that the proposer is given.")
@click.option("--proposer-net", type=click.Choice(["none"]), help="none: no network in a command's jail.")
@click.option(
    "--history",
    type=click.Choice(["full", "scores", "summaries", "none"]),
    help="What the proposer sees: everything (default), code and scores, these with summaries, or the seeds alone.",
)
@click.option("--instructions", type=click.Path(path_type=Path), help="Markdown to tell an agent in place of ours.")
@click.option("--iterations", type=click.IntRange(min=0), help="After the seeds; 8 by default.")
@click.option("--candidates", type=click.IntRange(min=1), help="An iteration; 2 by default.")
@click.option("--patience", type=click.IntRange(min=0), help="Iterations without progress before it ends; 0: any.")
@limit_options
@click.option("--seed", type=click.IntRange(min=0), help="Of the simulated judge, the proposer and all orders.")
@click.option(
    "--seeds",
    type=click.Path(path_type=Path),
    help="Seed harnesses of a new run; ./seed_harnesses by default, else those that come with meta-reward.",
)
@click.option("--baseline", type=click.Path(path_type=Path), help="Harness to beat; the seed `baseline` by default.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@sandbox_option
@click.option("--config", type=click.Path(path_type=Path), help="A file with the tables of run.toml; flags win.")
@click.option("--dry-run", is_flag=True, help="Estimate what it will take and cost, and ask the judge nothing.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    taskset: str | None,
    name: str | None,
    judge: str | None,
    seeds: Path | None,
    baseline: Path | None,
    instructions: Path | None,
    config: Path | None,
    dry_run: bool,
    **flags: object,
) -> None:
    """Search for a harness whose rewards agree with the preferences of a task set.

    \b
    meta-reward search tasks/skyways
    meta-reward search tau-airline --run night-1 --judge simulated --iterations 8 --candidates 2
    meta-reward search night-1

    Without a task set it is that of the run, for a new one skyways, which is simulated. On an existing run, which
    may stand in place of the task set, it goes on where it stopped; only limits can be raised then. Stop it with
    Ctrl-C at any time: what was finished is on disk.

    Exit codes: 0 finished; 4 stopped at a limit, or because its proposer left nothing three times in a
    row; 130 interrupted; 1 something is wrong, and a line says what. The same command goes on.
    """
    import asyncio

    from meta_reward.cli.progress import shown
    from meta_reward.propose.prompt import load_instructions
    from meta_reward.report.status import render_status, status_of
    from meta_reward.run import config as settings
    from meta_reward.run.integrity import restore_unfinished
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.run.stop_reason import save_stop
    from meta_reward.search.create import baseline_key, create, keep_instructions, load_seeds, raise_limits
    from meta_reward.search.loop import run_search
    from meta_reward.search.open import make_search, task_set_of
    from meta_reward.tasks.taskset import load_task_set

    told = None if instructions is None else load_instructions(instructions)
    seeds = seeds or seed_folder()
    taskset = taskset or _taskset_of(name)
    path, name = _task_set_and_run(taskset, name)
    tasks = load_task_set(path)
    layout = Layout(run_path(name or tasks.name))
    requested = settings.overlay(settings.load_user_config(config), _dotted(flags, judge))
    if baseline is not None:
        requested["baseline"] = baseline_key(load_seeds(seeds, baseline)[0])
    if dry_run:
        _forecast(layout, requested, tasks, load_seeds(seeds, baseline))
        return
    if not layout.config.exists():
        if layout.root.exists():
            raise UsageError(f"{layout.root} exists and is no run", hint="choose another --run NAME")
        chosen = default_judge(tasks, requested.get("judge", {}).get("spec"))
        starts = load_seeds(seeds, baseline)
        tasks = open_task_set(taskset, settings.new_config(requested).splits)
        asyncio.run(create(layout, requested, tasks, judge=chosen, seeds=starts, instructions=told))
    with locked(layout), shown() as progress:
        tasks = task_set_of(layout, settings.load_run_config(layout.config), tasks)
        for note in restore_unfinished(layout):
            progress.note(note)
        raise_limits(layout, {**requested, "digest": tasks.digest}, notice=progress.note)
        keep_instructions(layout, told, notice=progress.note)
        ready = make_search(layout, tasks, progress)
        with save_stop(layout) as stop:
            outcome = asyncio.run(run_search(ready))
            stop(outcome)
    click.echo(render_status(status_of(layout)))
    ctx.exit(0 if outcome.state == "finished" else STOPPED)


def _task_set_and_run(given: str, run: str | None) -> tuple[Path, str | None]:
    """The task set to search on and the run to do it in, where a run may stand in place of its task set."""
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
    """The task set of a run that is there already, else the simulated one."""
    from meta_reward.run.config import load_run_config
    from meta_reward.run.layout import Layout

    config = Layout(run_path(run)).config if run else None
    return load_run_config(config).taskset if config and config.exists() else OFFLINE_WORLD


def _listed(values: object) -> tuple[object, ...] | None:
    return values if isinstance(values, tuple) and values else None


def _dotted(flags: dict[str, object], judge: str | None) -> dict[str, object]:
    """Flags by the keys under which run.toml has them."""
    return {
        "judge.spec": judge,
        "judge.concurrency": flags["concurrency"],
        "proposer.spec": flags["proposer"],
        "proposer.jail": flags["proposer_jail"],
        "proposer.bind": _listed(flags["proposer_bind"]),
        "proposer.env": _listed(flags["proposer_env"]),
        "proposer.net": flags["proposer_net"],
        "proposer.candidates": flags["candidates"],
        "proposer.history": flags["history"],
        "seed": flags["seed"],
        "sandbox": flags["sandbox"],
        "limits.iterations": flags["iterations"],
        "limits.patience": flags["patience"],
        **limits_given(flags),
    }


def _forecast(layout: "Layout", requested: dict[str, Any], tasks: "TaskSet", seeds: "Sequence[Seed]") -> None:
    """Print what a new run, or the rest of an existing one, will take."""
    import asyncio

    from meta_reward.report.forecast import render_forecast
    from meta_reward.run import config as settings
    from meta_reward.run.record import load_iterations
    from meta_reward.search.forecast import forecast
    from meta_reward.search.open import check_task_set

    if layout.config.exists():
        done = max(0, len(load_iterations(layout)) - 1)
        stored = settings.load_run_config(layout.config)
        check_task_set(layout, stored, tasks)
        config = settings.raised(stored, requested, layout.root.name)
    else:
        done, chosen = None, default_judge(tasks, requested.get("judge", {}).get("spec"))
        config = settings.new_config(settings.overlay(requested, {"judge.spec": chosen}))
    click.echo(render_forecast(asyncio.run(forecast(config, tasks, seeds, done=done))))
