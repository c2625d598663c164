"""`meta-reward tasks power`: which gains the decision of a search can detect with a task set."""

from typing import TYPE_CHECKING

import click

from meta_reward.cli.common import finite, json_option, print_json
from meta_reward.cli.find import find_task_set

if TYPE_CHECKING:
    from meta_reward.report.imported import TaskSetPower


@click.command("power")
@click.argument("taskset", metavar="TASKSET")
@click.option(
    "--gain",
    type=click.FloatRange(min=0.01, max=1),
    default=0.1,
    callback=finite,
    show_default=True,
    help="A gain in agreement; 0.1 is 10 points.",
)
@json_option
def power(taskset: str, gain: float, as_json: bool) -> None:
    """Say which gains the decision finds with a task set, and how many more tasks a gain would need.

    \b
    meta-reward tasks power billing --gain 0.05
    """
    from meta_reward.files import as_dict
    from meta_reward.kinds.registry import kind_of, load_any_task_set
    from meta_reward.report.imported import power_of_task_set
    from meta_reward.report.tables import plural

    loaded = load_any_task_set(find_task_set(taskset))
    found = power_of_task_set(loaded, gain)
    if as_json:
        print_json({"taskset": loaded.name, **as_dict(found)})
        return
    item = kind_of(loaded).words.items.removesuffix("s")
    tasks, items = plural(found.validation_tasks, "task"), plural(found.validation_pairs, item)
    click.echo(f"validation: {tasks}, {items}")
    if found.smallest_p is None:
        click.echo("too few tasks for a test: a search keeps its baseline, and names the best as untested")
    else:
        click.echo(f"smallest p that they allow: {found.smallest_p:.2g}")
        shown = "none" if found.gain_found is None else f"{100 * found.gain_found:.0f} points"
        click.echo(f"gain found in 80% of searches: {shown}")
    click.echo(_needed(found))


def _needed(found: "TaskSetPower") -> str:
    from meta_reward.report.tables import plural

    points = f"{100 * found.gain:.0f} points"
    if not found.more_validation_tasks:
        return f"a gain of {points} is found in {100 * found.chance:.0f}% of searches: no more tasks are needed"
    return (
        f"a gain of {points} is found in {100 * found.chance:.0f}%; for 80% it takes "
        f"{plural(found.more_tasks, 'more task')}, {found.more_validation_tasks} of them in validation"
    )
