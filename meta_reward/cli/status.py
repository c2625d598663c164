"""`meta-reward status`: where a run stands."""

import click

from meta_reward.cli.common import find_run, json_option, print_json


@click.command("status")
@click.argument("run")
@json_option
def command(run: str, as_json: bool) -> None:
    """Where a run stands, also while it runs: candidates, best, frontier, what was spent.

    \b
    meta-reward status night-1
    """
    from meta_reward.report.status import render_status, status_of
    from meta_reward.run.layout import Layout

    status = status_of(Layout(find_run(run)))
    if as_json:
        print_json(status)
    else:
        click.echo(render_status(status))
