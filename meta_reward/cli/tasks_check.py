"""`meta-reward tasks check`: problems of a task set."""

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import find_task_set


@click.command("check")
@click.argument("taskset", metavar="NAME")
@click.option("--window", type=click.IntRange(min=1), help="Context window of the judge, in tokens.")
@json_option
def check(taskset: str, window: int | None, as_json: bool) -> None:
    """Look for contradicting pairs, leaking splits, unreadable trajectories, and labels that mean little.

    \b
    meta-reward tasks check billing --window 200000
    """
    from meta_reward.files import printable
    from meta_reward.report.imported import render_check
    from meta_reward.report.tables import plural
    from meta_reward.tasks.annotations import load_annotations
    from meta_reward.tasks.check import JUDGE_WINDOW, check_task_set
    from meta_reward.tasks.taskset import load_task_set

    loaded = load_task_set(find_task_set(taskset))
    found = check_task_set(loaded, load_annotations(loaded.path), window=window or JUDGE_WINDOW)
    if as_json:
        print_json(found)
        return
    lines = render_check(found)
    if not found.findings:
        lines.append(f"{loaded.name}: nothing to look at in {plural(len(loaded.rollouts), 'trajectory')}")
    click.echo(printable("\n".join(lines)))
