"""`meta-reward doctor`: what this machine can do."""

import click

from meta_reward.cli.common import json_option, print_json


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show what works on this machine, and how to fix what does not.

    \b
    meta-reward doctor

    Tries git, the sandbox and the disk, and looks for coding agents and keys; keys are never shown. Exits with 1 if
    a search cannot run offline.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.doctor import can_search_offline, examine, render_rows

    rows = run_interruptible(examine())
    ready = can_search_offline(rows)
    if as_json:
        print_json({"can_search_offline": ready, "rows": rows})
    else:
        click.echo(render_rows(rows))
        click.echo("\na search can run offline here" if ready else "\na search cannot run here: see FAIL")
    ctx.exit(0 if ready else 1)
