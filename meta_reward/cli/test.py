"""`meta-reward test`: open the sealed split of a run."""

import click

from meta_reward.cli.common import json_option, limits_given, print_json, sandbox_option, spending_options
from meta_reward.cli.find import named_run


@click.command("test")
@click.argument("run", required=False)
@spending_options
@sandbox_option
@json_option
def command(run: str | None, sandbox: str | None, as_json: bool, **limits: object) -> None:
    """Open the sealed test split: chosen harness against baseline.

    \b
    meta-reward test night-1

    The result is kept, and shown again the next time. Every opening of a task set's test split is counted. If a
    limit of the run is used up, nothing is opened (exit code 4): raise it here or in a search.
    """
    import asyncio

    from meta_reward.cli.progress import shown
    from meta_reward.report.results import render_test
    from meta_reward.run.config import overlay
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.search.context import open_search, raise_limits
    from meta_reward.search.test_split import open_test

    layout = Layout(named_run(run, "test"))
    with locked(layout), shown(quiet=as_json) as progress:
        raise_limits(layout, overlay({}, {"sandbox": sandbox, **limits_given(limits)}), notice=progress.note)
        result = asyncio.run(open_test(open_search(layout, progress)))
    if as_json:
        print_json({key: value for key, value in result.items() if key != "schema"})
    else:
        click.echo(render_test(result))
