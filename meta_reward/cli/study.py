"""`meta-reward study`: questions about finished searches, each answered in a folder under runs/."""

import click

from meta_reward.cli.common import json_option, print_json
from meta_reward.cli.find import find_run, study_path

name_option = click.option("--name", help="Of the folder in ./runs. Default: that of the study and the run.")


@click.group("study")
def command() -> None:
    """Say what made a gain, where it is, and how far it carries.

    \b
    meta-reward study clusters night-1
    meta-reward study ablate night-1 --max-usd 10
    meta-reward study transfer night-1 --judge openai:MODEL --max-usd 10

    Each leaves its tables in a folder under runs/ (study.json, study.md) and goes on where it was stopped.
    """


@command.command("clusters")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@name_option
@json_option
def clusters(runs: tuple[str, ...], name: str | None, as_json: bool) -> None:
    """Agreement by category before and after, and which pairs.

    \b
    meta-reward study clusters night-1
    meta-reward study clusters haiku gpt-mini --name judges

    What got worse comes first. Pairs without a category are put into clusters by stated rules. No judge is asked: the
    results are those of the test split where every run has opened it, else of the search split. Several runs on one
    task set, each with its judge, stand side by side.
    """
    from meta_reward.report.studies import cluster_blocks, render_page, render_text
    from meta_reward.search.studies.clusters import STUDY, cluster_subject, cluster_tables
    from meta_reward.search.studies.finished import load_finished
    from meta_reward.search.studies.folder import open_study

    found = [load_finished(find_run(run)) for run in runs]
    root = study_path(name or "-".join([STUDY, *(run.name for run in found)]))
    with open_study(root, cluster_subject(found)) as study:
        tables = cluster_tables(found)
        blocks = cluster_blocks(tables)
        study.save(tables, render_page(blocks))
    if as_json:
        print_json(tables)
    else:
        click.echo(render_text(blocks))
        click.echo(f"\nwritten to {study.page} and {study.record.name}")
