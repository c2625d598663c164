"""`meta-reward status`: where a run stands."""

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import run_here


@click.command("status")
@click.argument("run", required=False)
@json_option
def command(run: str | None, as_json: bool) -> None:
    """Show where a run stands, also while it runs.

    \b
    meta-reward status
    meta-reward status night-1

    Without RUN: the newest in ./runs, whose record (settings, ledger, test) changed last.
    """
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status
    from meta_reward.run.layout import Layout

    status = status_of(Layout(run_here(run)))
    if as_json:
        print_json(status)
    else:
        click.echo(render_status(status))
