"""`meta-reward view`: a run in the browser, live while a search works on it."""

import click

from meta_reward.cli.find import run_here
from meta_reward.errors import UsageError

serving_options = (
    click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1. Default: a free one."),
    click.option("--no-open", is_flag=True, help="Do not open the browser."),
)


@click.command("view")
@click.argument("run", required=False)
@serving_options[0]
@serving_options[1]
def command(run: str | None, port: int, no_open: bool) -> None:
    """Show a run in the browser, live while a search works on it.

    \b
    meta-reward view
    meta-reward view night-1 --port 8000 --no-open

    Serves the page of `report` on this machine only, with pages for every candidate, search pair and trace, until
    Ctrl-C. It changes nothing. Without RUN: the newest in ./runs.
    """
    check_installed("view")

    from meta_reward.report.server.app import make_app
    from meta_reward.report.server.serve import serve
    from meta_reward.run.layout import Layout

    serve(make_app(Layout(run_here(run))), port=port, show=show_address, browser=not no_open)


def check_installed(extra: str) -> None:
    """Raise UsageError unless the packages of an extra with a server are there."""
    import importlib.util

    for name in ("starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise UsageError(f"{name} is not installed", hint=f"pip install 'meta-reward[{extra}]'")


def show_address(address: str) -> None:
    """Say where the pages are."""
    click.echo(f"{address}  (Ctrl-C ends it)")
