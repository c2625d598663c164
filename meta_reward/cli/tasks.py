"""`meta-reward tasks`: lists task sets, and builds simulated ones. Its other commands have modules of their own."""

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import TASKS
from meta_reward.cli.tasks_check import check
from meta_reward.cli.tasks_label import label
from meta_reward.cli.tasks_power import power
from meta_reward.errors import DataError, UsageError
from meta_reward.tasks.registry import WORLDS


@click.group("tasks", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the task sets in ./tasks.

    \b
    meta-reward tasks --json
    """
    if ctx.invoked_subcommand is not None:
        return

    from meta_reward.report.task_sets import render_task_sets, summary_of_task_set

    listed = []
    for path in sorted(TASKS.glob("*/taskset.json")):
        try:
            listed.append(summary_of_task_set(path.parent))
        except DataError as error:  # the others can still be listed
            click.echo(f"meta-reward: {error}", err=True)
    if as_json:
        print_json({"tasksets": listed})
    elif listed:
        click.echo(render_task_sets(listed))
    else:
        click.echo(
            "no task sets in ./tasks: make one with `meta-reward import`; `meta-reward search` works without one"
        )


@command.command("build")
@click.argument("world", type=click.Choice(tuple(WORLDS)))
@click.option("--name", help="Name of the task set. Default: that of the world.")
@click.option(
    "--tasks",
    type=click.IntRange(min=1),
    help="Number of tasks. Default: 90; 150 for errands, 200 for puzzles and solutions, 60 for frontdesk.",
)
@click.option("--texts", type=click.IntRange(min=1), help="Worked examples of puzzles. Default: 800.")
@click.option(
    "--rollouts",
    type=click.IntRange(min=2),
    help="Trajectories per task. Default: 8 for skyways, 6 for solutions.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--force", is_flag=True, help="Replace a task set with this name.")
def build(world: str, name: str | None, seed: int, force: bool, **size: int | None) -> None:
    """Build a simulated task set in ./tasks; the same arguments give the same bytes.

    \b
    meta-reward tasks build skyways --tasks 500 --rollouts 8 --seed 3 --name big
    """
    from meta_reward.cli.find import new_task_set_path
    from meta_reward.report.task_sets import render_task_sets, summary_of_task_set

    given = {option: value for option, value in size.items() if value is not None}
    if foreign := sorted(set(given) - set(WORLDS[world].size)):
        raise UsageError(f"--{foreign[0]} means nothing to {world}", hint="leave it out")
    path = new_task_set_path(name or world, force=force)
    WORLDS[world].build(path, name=path.name, seed=seed, **given)
    click.echo(render_task_sets([summary_of_task_set(path)]))


command.add_command(check)
command.add_command(label)
command.add_command(power)
