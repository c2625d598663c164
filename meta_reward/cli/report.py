"""`meta-reward report`: a run as one page for a browser."""

from typing import TYPE_CHECKING

import click

from meta_reward.cli.find import run_here

if TYPE_CHECKING:
    from meta_reward.run.layout import Layout


@click.command("report")
@click.argument("run", required=False)
def command(run: str | None) -> None:
    """Write a run as one HTML file to look at.

    \b
    meta-reward report
    meta-reward report night-1

    Writes runs/RUN/report.html, which needs neither server nor network. It can be written while a search runs; `search`
    and `test` write it when they end. Without RUN: the newest in ./runs.
    """
    from meta_reward.report.page.write import write_report
    from meta_reward.run.layout import Layout

    click.echo(write_report(Layout(run_here(run))))


def leave_report(layout: "Layout") -> None:
    """Write the report of what has just ended, and say where it is. A failure is reported and not raised."""
    from meta_reward.files import printable
    from meta_reward.report.page.write import write_report

    try:
        click.echo(f"to look at: {write_report(layout)}", err=True)
    except Exception as error:  # the result is on record, whatever a page cannot show
        click.echo(f"no report was written: {printable(str(error))}", err=True)
