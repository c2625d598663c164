"""`meta-reward export`: the chosen harness of a run with all that it takes to use it, or its judge's replies."""

from pathlib import Path

import click

from meta_reward.cli.find import find_run
from meta_reward.errors import UsageError

_PATH = click.Path(path_type=Path)


@click.command("export")
@click.argument("run")
@click.option("--to", "folder", type=_PATH, help="A new folder, for the harness.")
@click.option("--judge-training", "file", type=_PATH, help="A new file, for prompts and replies of the judge.")
def command(run: str, folder: Path | None, file: Path | None) -> None:
    """Write the chosen harness into a folder of its own, to use without the run.

    \b
    meta-reward export night-1 --to billing-reward
    meta-reward score billing-reward new-runs.jsonl --max-usd 5
    meta-reward export night-1 --judge-training judge.jsonl

    The folder has the harness, the interface that it imports, the judge's settings, and a dated record of its measured
    agreement. It has no trajectories.

    --judge-training writes data for training the judge itself, in TRL's format: prompts of the search split, each with
    replies that led to right and to wrong rewards. These contain trajectories.
    """
    import datetime

    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.scored import render_exported, render_training
    from meta_reward.run.layout import Layout
    from meta_reward.use.export import export
    from meta_reward.use.judge_training import export_judge_training

    if folder is None and file is None:
        raise UsageError("`export` has nothing to write", hint="pass --to FOLDER, --judge-training FILE, or both")
    layout = Layout(find_run(run))
    if folder is not None:
        today = datetime.datetime.now().astimezone().date()
        click.echo(render_exported(export(layout, folder, today=today)))
    if file is not None:
        click.echo(render_training(run_interruptible(export_judge_training(layout, file))))
