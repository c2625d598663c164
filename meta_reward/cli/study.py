"""`meta-reward study`: questions about finished searches, each answered in a folder under runs/."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import (
    dry_run_option,
    json_option,
    limit_options,
    limits_given,
    print_json,
    sandbox_option,
    split_option,
    study_name_option,
)
from meta_reward.cli.find import find_run, open_task_set, study_path
from meta_reward.cli.study_exploits import command as exploits
from meta_reward.cli.study_labels import command as labels
from meta_reward.cli.study_optimizers import command as optimizers
from meta_reward.cli.study_stress import command as stress

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.search.studies.finished import FinishedRun
    from meta_reward.search.studies.folder import StudyFolder, Subject
    from meta_reward.search.studies.measure import Bench, Job


@click.group("study")
def command() -> None:
    """Say what made a gain, where it is, and how far it carries.

    \b
    meta-reward study clusters night-1
    meta-reward study ablate night-1 --max-usd 10
    meta-reward study transfer night-1 --judge openai:MODEL --max-usd 10
    meta-reward study exploits night-1 --max-usd 10
    meta-reward study labels tasks/billing --judge openai:MODEL --max-usd 100
    meta-reward study optimizers tasks/billing --judge openai:MODEL --writer openai:MODEL --max-usd 300
    meta-reward study stress night-1 frontdesk

    Each leaves its tables in a folder under runs/ (study.json, study.md). The same command resumes a study that was
    stopped, and shows the tables of a finished one again. Limits hold for all its starts together.
    """


command.add_command(exploits)
command.add_command(labels)
command.add_command(optimizers)
command.add_command(stress)


@command.command("clusters")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@study_name_option
@json_option
def clusters(runs: tuple[str, ...], name: str | None, as_json: bool) -> None:
    """Agreement by category before and after, and which pairs.

    \b
    meta-reward study clusters night-1
    meta-reward study clusters haiku gpt-mini --name judges

    The worst change comes first. Pairs without a category are clustered by rules, which are printed. No judge is asked:
    results come from the test split if every run has opened it, else from the search split. Several runs on one task
    set, each with its judge, are compared side by side.
    """
    from meta_reward.report.studies import cluster_blocks
    from meta_reward.search.studies.clusters import STUDY, cluster_subject, cluster_tables
    from meta_reward.search.studies.finished import load_finished
    from meta_reward.search.studies.folder import open_study

    found = [load_finished(find_run(run)) for run in runs]
    with open_study(root_of(name, STUDY, found), cluster_subject(found), anew=True) as study:
        tables = cluster_tables(found)
        finish(study, tables, cluster_blocks(tables), as_json)


@command.command("ablate")
@click.argument("run")
@split_option
@study_name_option
@dry_run_option
@limit_options
@sandbox_option
@json_option
def ablate(
    run: str, split: str | None, name: str | None, dry_run: bool, sandbox: str | None, as_json: bool, **limits: object
) -> None:
    """What each part of the chosen harness is worth.

    \b
    meta-reward study ablate night-1 --dry-run
    meta-reward study ablate night-1 --max-usd 10

    One at a time, each of its six parts is replaced by the baseline's, and the loss is measured: on the test split if
    the run has opened it (which counts as another opening), else on validation. A part that is the same in both is not
    measured; one that cannot be replaced is listed with the reason.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.studies import ablation_blocks
    from meta_reward.search.studies import ablate as study_of

    found = run_of(run, sandbox)
    where = study_of.ablation_split(found, split)
    root, subject = root_of(name, study_of.STUDY, [found]), study_of.ablation_subject(found, where)
    if dry_run:
        variants = run_interruptible(study_of.variants_of(found))
        estimate(root, subject, study_of.ablation_jobs(found, where, variants), as_json)
        return
    with measuring(root, subject, found, limits, quiet=as_json) as bench:
        variants = run_interruptible(study_of.variants_of(found))
        tables = run_interruptible(study_of.ablate(bench, found, where, variants))
        finish(bench.study, tables, ablation_blocks(tables), as_json, bench)


@command.command("transfer")
@click.argument("run")
@click.option("--judge", "--model", "judges", metavar="KIND", multiple=True, help="Another judge; may be repeated.")
@click.option("--tasks", "tasksets", metavar="TASKSET", multiple=True, help="Another task set; may be repeated.")
@split_option
@study_name_option
@dry_run_option
@limit_options
@sandbox_option
@json_option
def transfer(
    run: str,
    judges: tuple[str, ...],
    tasksets: tuple[str, ...],
    split: str | None,
    name: str | None,
    dry_run: bool,
    sandbox: str | None,
    as_json: bool,
    **limits: object,
) -> None:
    """Whether the gain holds under other judges and on other tasks.

    \b
    meta-reward study transfer night-1 --judge openai:MODEL --judge anthropic:MODEL --dry-run
    meta-reward study transfer night-1 --tasks billing --tasks tau-airline --max-usd 10

    Compares baseline and chosen harness under every judge on every task set: on the test split of the run's own set,
    which must have been opened (and counts as another opening), and on the search split of others, new to this search.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.kinds.reward import pairwise
    from meta_reward.report.studies import transfer_blocks
    from meta_reward.search.studies import transfer as study_of
    from meta_reward.tasks.divide import SplitShares

    found = run_of(run, sandbox)
    others = [pairwise(open_task_set(one, SplitShares())) for one in tasksets]
    plan = study_of.transfer_plan(found, judges, others, split)
    root, subject = root_of(name, study_of.STUDY, [found]), study_of.transfer_subject(plan)
    if dry_run:
        estimate(root, subject, study_of.transfer_jobs(plan), as_json)
        return
    with measuring(root, subject, found, limits, quiet=as_json) as bench:
        tables = run_interruptible(study_of.transfer(bench, plan))
        finish(bench.study, tables, transfer_blocks(tables), as_json, bench)


def run_of(name: str, sandbox: str | None) -> "FinishedRun":
    """A run that has a decision. sandbox: a level in place of the run's."""
    from dataclasses import replace

    from meta_reward.search.studies.finished import load_finished

    found = load_finished(find_run(name))
    return replace(found, config=replace(found.config, sandbox=sandbox)) if sandbox else found


def root_of(name: str | None, study: str, runs: Sequence["FinishedRun"]) -> Path:
    """The folder of a study. name: in place of the default, the study's name and those of its runs."""
    return study_path(name or "-".join([study, *(run.name for run in runs)]))


@contextmanager
def measuring(
    root: Path, subject: "Subject", run: "FinishedRun", flags: dict[str, Any], *, quiet: bool
) -> "Iterator[Bench]":
    """Where a study is measured, in its folder and within the limits among the flags."""
    from meta_reward.cli.progress import shown
    from meta_reward.run.config import new_config, overlay
    from meta_reward.search.studies.folder import open_study
    from meta_reward.search.studies.measure import open_bench

    tables = overlay({}, limits_given(flags))
    limits, given = new_config(tables).limits, tables.get("limits", {})
    by = f"study {subject.study} of run {run.name}"
    with (
        open_study(root, subject) as study,
        shown(quiet=quiet) as progress,
        open_bench(study, by=by, limits=limits, given=given, progress=progress) as bench,
    ):
        yield bench


def estimate(root: Path, subject: "Subject", jobs: Sequence["Job"], as_json: bool) -> None:
    """Print what a study would ask and cost."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.blocks import render_text
    from meta_reward.report.studies import estimate_blocks
    from meta_reward.search.studies.estimate import estimate as estimate_of
    from meta_reward.search.studies.folder import StudyFolder, check_free

    check_free(root, subject)
    found = run_interruptible(estimate_of(StudyFolder(root, subject), jobs))
    if as_json:
        print_json(found)
    else:
        click.echo(render_text(estimate_blocks(found)))


def finish(
    study: "StudyFolder", tables: object, blocks: Sequence["Block"], as_json: bool, bench: "Bench | None" = None
) -> None:
    """Write the tables down and print them. bench: where they were measured, if a judge was asked."""
    from meta_reward.report.blocks import render_page, render_text
    from meta_reward.report.studies import render_spent
    from meta_reward.report.tables import fit

    study.save(tables, render_page(blocks))
    if as_json:
        print_json(tables)
        return
    click.echo(render_text(blocks))
    if bench is not None and not bench.is_free:
        click.echo(f"\n{render_spent(bench.spent)}")
    click.echo(fit(f"\nwritten to {study.page} and {study.record}"))
