"""`meta-reward tasks`: the task sets here, and building the simulated one; `check` and `power` beside it."""

from pathlib import Path
from typing import Any

import click

from meta_reward.cli.common import TASKS, json_option, print_json
from meta_reward.cli.tasks_check import check
from meta_reward.cli.tasks_power import power
from meta_reward.errors import DataError, UsageError
from meta_reward.tasks.divide import SPLITS
from meta_reward.tasks.registry import WORLDS, world_builder

_LEGEND = (
    f"{', '.join(SPLITS)}: tasks/pairs in that split; opened: how often the test split was looked at. "
    "Under each its failure categories, with their pairs."
)


@click.group("tasks", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the task sets in ./tasks: tasks, trajectories, pairs by split and category.

    \b
    meta-reward tasks --json
    """
    if ctx.invoked_subcommand is not None:
        return
    listed = []
    for path in sorted(TASKS.glob("*/taskset.json")):
        try:
            listed.append(_summary(path.parent))
        except DataError as error:  # the others are there all the same
            click.echo(f"meta-reward: {error}", err=True)
    if as_json:
        print_json({"tasksets": listed})
    elif listed:
        click.echo(_rendered(listed))
    else:
        click.echo(
            "no task sets in ./tasks: `meta-reward import` makes one, and `meta-reward search` begins with skyways"
        )


@command.command("build")
@click.argument("world", type=click.Choice(WORLDS))
@click.option("--name", help="Name of the task set; the world's own by default.")
@click.option("--tasks", "count", type=click.IntRange(min=1), default=90, show_default=True)
@click.option("--rollouts", type=click.IntRange(min=2), default=6, show_default=True, help="Trajectories a task.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--force", is_flag=True, help="Replace a task set of this name.")
def build(world: str, name: str | None, count: int, rollouts: int, seed: int, force: bool) -> None:
    """Build a simulated task set in ./tasks; the same arguments give the same bytes.

    \b
    meta-reward tasks build skyways --tasks 500 --rollouts 8 --seed 3 --name big
    """
    from meta_reward.cli.common import new_task_set_path

    path = new_task_set_path(name or world, force=force)
    world_builder(world)(path, name=path.name, tasks=count, rollouts=rollouts, seed=seed)
    click.echo(_rendered([_summary(path)]))


command.add_command(check)
command.add_command(power)


def _summary(path: Path) -> dict[str, Any]:
    from meta_reward.tasks.openings import count_openings
    from meta_reward.tasks.splits import splits_of
    from meta_reward.tasks.taskset import load_task_set

    taskset = load_task_set(path)
    try:
        splits = splits_of(taskset)
    except UsageError:  # too few tasks
        splits = {}
    categories: dict[str, int] = {}
    for pair in taskset.pairs:
        for category in pair.categories:
            categories[category] = categories.get(category, 0) + 1
    return {
        "name": taskset.name,
        "simulated": taskset.about.simulated,
        "tasks": len({rollout.task for rollout in taskset.rollouts.values()}),
        "trajectories": len(taskset.rollouts),
        "pairs": len(taskset.pairs),
        "splits": {
            split: {"tasks": len(tasks), "pairs": len(taskset.part(tasks)[1])} for split, tasks in splits.items()
        },
        "categories": dict(sorted(categories.items())),
        "openings": count_openings(path),
    }


def _rendered(listed: list[dict[str, Any]]) -> str:
    from meta_reward.report.tables import fit, render_table

    headers = ["task set", "tasks", "trajectories", "pairs", *SPLITS, "opened"]
    rows = [
        [
            item["name"],
            *(item[key] for key in ("tasks", "trajectories", "pairs")),
            *(_split(item["splits"].get(split)) for split in SPLITS),
            f"{item['openings']}x",
        ]
        for item in listed
    ]
    below = [", ".join(f"{name} {count}" for name, count in item["categories"].items()) for item in listed]
    return f"{render_table(headers, rows, below=below)}\n\n{fit(_LEGEND)}"


def _split(split: dict[str, int] | None) -> str:
    return f"{split['tasks']}/{split['pairs']}" if split else "-"
