"""`meta-reward runs`: the runs here, the newest first."""

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import RUNS
from meta_reward.errors import DataError


@click.command("runs")
@json_option
def command(as_json: bool) -> None:
    """List the runs in ./runs, the newest first.

    \b
    meta-reward runs
    meta-reward runs --json

    The newest is the one whose record (settings, ledger, test) changed last. Commands that look at a run take it
    if none is named.
    """
    from meta_reward.report.runs import render_runs, summary_of
    from meta_reward.run.runs import runs_in

    listed = []
    for layout in runs_in(RUNS):
        try:
            listed.append(summary_of(layout))
        except DataError as error:  # the others can still be listed
            click.echo(f"meta-reward: {error}", err=True)
    if as_json:
        print_json({"runs": listed})
    elif listed:
        click.echo(render_runs(listed))
    else:
        click.echo("no runs in ./runs: `meta-reward search` makes one")
