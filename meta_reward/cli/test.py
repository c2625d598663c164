"""`meta-reward test`: open the sealed split of a run."""

import click

from meta_reward.cli.common import find_run, json_option, max_usd_option, print_json, sandbox_option


@click.command("test")
@click.argument("run")
@max_usd_option("Raise the run's limit on money.")
@sandbox_option
@json_option
def command(run: str, max_usd: float | None, sandbox: str | None, as_json: bool) -> None:
    """Open the sealed test split: the baseline against the chosen harness.

    \b
    meta-reward test night-1

    The result is kept; asking again shows it again. Every opening of a task set's test split is counted.
    """
    import asyncio

    from meta_reward.cli.progress import shown
    from meta_reward.report.final import render_test
    from meta_reward.run.config import overlay
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.search.final import open_test
    from meta_reward.search.setup import open_setup, raise_limits

    layout = Layout(find_run(run))
    with locked(layout), shown(quiet=as_json) as progress:
        raise_limits(layout, overlay({}, {"sandbox": sandbox, "limits.max_usd": max_usd}), notice=progress.note)
        result = asyncio.run(open_test(open_setup(layout, progress)))
    if as_json:
        print_json({key: value for key, value in result.items() if key != "schema"})
    else:
        click.echo(render_test(result))
