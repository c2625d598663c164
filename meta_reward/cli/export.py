"""`meta-reward export`: the chosen harness of a run, with all that it takes to use it."""

from pathlib import Path

import click

from meta_reward.cli.find import find_run


@click.command("export")
@click.argument("run")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder.")
def command(run: str, folder: Path) -> None:
    """Write the chosen harness into a folder of its own, to use without the run.

    \b
    meta-reward export night-1 --to billing-reward
    meta-reward score billing-reward new-runs.jsonl --max-usd 5

    It holds the harness, the interface it imports, the judge's settings, and a dated record of what it was measured to
    be worth. It holds no trajectory.
    """
    import datetime

    from meta_reward.report.scored import render_exported
    from meta_reward.run.layout import Layout
    from meta_reward.use.export import export

    exported = export(Layout(find_run(run)), folder, today=datetime.datetime.now().astimezone().date())
    click.echo(render_exported(exported))
