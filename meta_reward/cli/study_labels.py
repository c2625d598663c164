"""`meta-reward study labels`: how many labelled tasks a search needs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import default_judge, json_option, judge_option, max_usd_option, print_json, sandbox_option
from meta_reward.cli.find import open_task_set, seed_folder, study_path
from meta_reward.cli.study_searches import check_limit, given_files, run_study, shared_search

if TYPE_CHECKING:
    from meta_reward.run.create import Seed
    from meta_reward.run.settings import RunConfig
    from meta_reward.search.studies.labels import LabelPlan


def _percents(ctx: click.Context, param: click.Parameter, value: str) -> list[int]:
    """Percents such as `20,40,100`."""
    try:
        shares = [int(part) for part in value.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < share <= 100 for share in shares):
        raise click.BadParameter(f"{value!r} are no percents such as 20,40,60,80,100", ctx, param)
    return shares


@click.command("labels")
@click.argument("taskset")
@click.option("--shares", default="20,40,60,80,100", callback=_percents, help="Percents of the search tasks.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, help="Searches for each, with other seeds.")
@click.option("--pairs-per-task", type=click.IntRange(min=1), help="The most pairs that a search task keeps.")
@judge_option
@click.option("--proposer", metavar="KIND", help="As of search.")
@click.option("--iterations", type=click.IntRange(min=0), help="Of each search. Default: 8.")
@click.option("--candidates", type=click.IntRange(min=1), help="Of an iteration. Default: 2.")
@click.option("--seeds", type=click.Path(path_type=Path), help="Seed harnesses. Default: as of search.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Harness to beat. Default: the seed `baseline`.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win.")
@sandbox_option
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Searches at a time.")
@max_usd_option
@click.option("--name", help="Of the folder in ./runs. Default: labels and the task set.")
@click.option("--dry-run", is_flag=True, help="Say what it would ask and cost, and do nothing.")
@json_option
def command(
    taskset: str,
    shares: list[int],
    repeats: int,
    pairs_per_task: int | None,
    jobs: int,
    max_usd: float | None,
    name: str | None,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """How many labelled tasks a search needs.

    \b
    meta-reward study labels tasks/skyways --dry-run
    meta-reward study labels billing --pairs-per-task 5 --judge openai:MODEL --max-usd 100

    Searches with 20, 40, 60, 80 and 100% of the search tasks, several times each, and tests what they choose on the
    same sealed tasks. Each search is a run in the study's folder, and --max-usd holds for all of them together.
    """
    from meta_reward.kinds.reward import pairwise
    from meta_reward.report.study_labels import label_blocks
    from meta_reward.search.create import load_seeds
    from meta_reward.search.studies import labels as study_of
    from meta_reward.search.studies.folder import check_free

    config, arguments = shared_search(flags)
    tasks = pairwise(open_task_set(taskset, config.splits))
    judge = default_judge(tasks, flags["judge"] or (config.judge.spec if flags["config"] else None))
    plan = study_of.label_plan(tasks, shares, repeats, pairs_per_task, ["--judge", judge, *arguments])
    seeds = load_seeds(flags["seeds"] or seed_folder(tasks), flags["baseline"])
    subject = study_of.label_subject(plan, given_files(flags, config, seeds))
    root = study_path(name or f"{study_of.STUDY}-{tasks.name}")
    if dry_run:
        check_free(root, subject)
        _estimate(plan, judge, config, seeds, as_json)
        return
    simulated = check_limit(judge, config, max_usd)
    run_study(
        lambda study, means: study_of.study_labels(study, plan, means, simulated=simulated),
        label_blocks,
        root=root,
        subject=subject,
        processes=jobs,
        max_usd=max_usd,
        as_json=as_json,
    )


def _estimate(plan: "LabelPlan", judge: str, config: "RunConfig", seeds: "Sequence[Seed]", as_json: bool) -> None:
    """Print what the study would take."""
    from dataclasses import replace

    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.blocks import render_text
    from meta_reward.report.study_labels import estimate_blocks
    from meta_reward.search.forecast import forecast
    from meta_reward.search.studies.labels import labels_part

    config = replace(config, judge=replace(config.judge, spec=judge))
    whole = run_interruptible(forecast(config, plan.taskset, seeds))
    part = labels_part(plan, whole.parts)
    if as_json:
        print_json(part)
    else:
        click.echo(render_text(estimate_blocks(plan, part, whole)))
