"""`meta-reward status`: where a run stands."""

import sys
import time
from typing import TYPE_CHECKING

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import run_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_reward.report.status import Status
    from meta_reward.run.layout import Layout

_EVERY_S = 2.0
_ROWS_BESIDE = 20  # of the terminal, for what is not the table of candidates


@click.command("status")
@click.argument("run", required=False)
@click.option("--watch", is_flag=True, help="Show it again as it changes, until the search ends.")
@json_option
def command(run: str | None, watch: bool, as_json: bool) -> None:
    """Show where a run stands, also while it runs.

    \b
    meta-reward status
    meta-reward status night-1
    meta-reward status --watch

    Without RUN: the newest in ./runs, whose record (settings, ledger, test) changed last. Without a terminal, or with
    --json, --watch prints a line each time something changes.
    """
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status
    from meta_reward.report.training import is_training, render_training, training_of
    from meta_reward.run.layout import Layout

    layout = Layout(run_here(run))
    if watch:
        _watch(layout, as_json)
        return
    status = status_of(layout)
    if as_json:
        print_json(status)
        return
    if is_training(layout):
        click.echo(render_training(training_of(layout)))
    click.echo(render_status(status))


def _watch(layout: "Layout", as_json: bool) -> None:
    """Print the status until the run is no longer running; on a terminal in place of the one before."""
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status

    show = _print_changes(as_json) if as_json or not sys.stdout.isatty() else _draw
    try:
        while (status := status_of(layout)).state == "running":
            show(status)
            time.sleep(_EVERY_S)
    except KeyboardInterrupt:
        return
    if show is _draw:
        click.echo(render_status(status))
    else:
        show(status)


def _draw(status: "Status") -> None:
    import shutil

    from meta_reward.report.status_text import render_watched

    rows = max(3, shutil.get_terminal_size().lines - _ROWS_BESIDE)
    click.clear()
    click.echo(render_watched(status, most=rows))


def _print_changes(as_json: bool) -> "Callable[[Status], None]":
    """Prints a line each time it differs from the one before."""
    from meta_reward.files import dump_line
    from meta_reward.report.status_text import render_headline

    last = ""

    def show(status: "Status") -> None:
        nonlocal last
        now = (status.under_way, status.events, status.state, status.proposing, status.decision)
        if repr(now) != last:
            last = repr(now)
            click.echo(dump_line(status).decode().rstrip() if as_json else render_headline(status))
            sys.stdout.flush()

    return show
