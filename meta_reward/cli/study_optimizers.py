"""`meta-reward study optimizers`: proposers against each other at the same budget."""

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
    from meta_reward.search.studies.optimizers import OptimizerPlan
    from meta_reward.tasks.base import AnyTaskSet

_LEVELS = ("full", "scores", "summaries", "model-summaries", "none")


@click.command("optimizers")
@click.argument("taskset")
@click.option(
    "--optimizers",
    "names",
    default="catalog,gepa,openevolve,best-of-n",
    help="Proposers as of search, and best-of-n, with commas between. Default: catalog,gepa,openevolve,best-of-n.",
)
@click.option("--history", "levels", type=click.Choice(_LEVELS), multiple=True, help="As of search; several are arms.")
@click.option("--writer", default="", metavar="KIND", help="The model that writes for those that are no agents.")
@click.option("--evaluations", type=click.IntRange(min=1), default=60, help="Proposals of each search. Default: 60.")
@click.option("--candidates", type=click.IntRange(min=1), default=1, help="Of an iteration. Default: 1.")
@click.option("--seeds", "repeats", type=click.IntRange(min=1), default=5, help="Searches of each. Default: 5.")
@click.option("--null", is_flag=True, help="Draw the labels by a coin, so that every program is equally good.")
@judge_option
@click.option("--seed-harnesses", "seeds", type=click.Path(path_type=Path), help="Default: as --seeds of search.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Harness to beat. Default: the seed `baseline`.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win.")
@sandbox_option
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Searches at a time.")
@max_usd_option
@click.option("--name", help="Of the folder in ./runs. Default: optimizers and the task set.")
@click.option("--dry-run", is_flag=True, help="Say what it would ask and cost, and do nothing.")
@json_option
def command(
    taskset: str,
    names: str,
    jobs: int,
    max_usd: float | None,
    name: str | None,
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> None:
    """Which proposer finds more with the same evaluations.

    \b
    meta-reward study optimizers skyways --writer simulated:writer --evaluations 20 --seeds 2
    meta-reward study optimizers billing --optimizers claude:MODEL,gepa,best-of-n --writer openai:MODEL --max-usd 300
    meta-reward study optimizers billing --optimizers claude:MODEL --history full --history scores --history none

    Each search is a run in the study's folder, with the same judge, sandbox, limits and sealed tasks; --max-usd holds
    for all of them together. best-of-n is the proposer writer with --history none.
    """
    from meta_reward.report.study_optimizers import optimizer_blocks
    from meta_reward.search.create import load_seeds
    from meta_reward.search.studies import optimizers as study_of
    from meta_reward.search.studies.folder import check_free
    from meta_reward.search.studies.optimizer_arms import arms_of, check_arms

    config, arguments = shared_search({**flags, "proposer": None, "iterations": None, "candidates": None})
    tasks = _task_set(taskset, config, null=flags["null"])
    judge = default_judge(tasks, flags["judge"] or (config.judge.spec if flags["config"] else None))
    arms = arms_of([part.strip() for part in names.split(",") if part.strip()], flags["levels"], flags["writer"])
    check_arms(arms, config.proposer, max_usd)
    search = ("--judge", judge, *arguments)
    size = (flags["evaluations"], flags["candidates"], flags["repeats"])
    plan = study_of.OptimizerPlan(tasks, tuple(arms), *size, flags["null"], search)
    seeds = load_seeds(flags["seeds"] or seed_folder(tasks), flags["baseline"])
    subject = study_of.optimizers_subject(plan, given_files(flags, config, seeds))
    root = study_path(name or f"{study_of.STUDY}-{tasks.name}{'-null' if plan.null else ''}")
    if dry_run:
        check_free(root, subject)
        _estimate(plan, judge, config, seeds, as_json)
        return
    simulated = check_limit(judge, config, max_usd)
    run_study(
        lambda study, means: study_of.study_optimizers(study, plan, means, simulated=simulated),
        optimizer_blocks,
        root=root,
        subject=subject,
        processes=jobs,
        max_usd=max_usd,
        as_json=as_json,
    )


def _task_set(name: str, config: "RunConfig", *, null: bool) -> "AnyTaskSet":
    """The task set to search on; a null world is made of pairs."""
    from meta_reward.kinds.reward import pairwise

    tasks = open_task_set(name, config.splits)
    return pairwise(tasks) if null else tasks


def _estimate(plan: "OptimizerPlan", judge: str, config: "RunConfig", seeds: "Sequence[Seed]", as_json: bool) -> None:
    """Print what the study would ask the judge."""
    from dataclasses import replace

    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.blocks import render_text
    from meta_reward.report.study_optimizers import optimizer_estimate_blocks
    from meta_reward.search.forecast import forecast
    from meta_reward.search.studies.optimizers import optimizers_part

    one = replace(
        config,
        judge=replace(config.judge, spec=judge),
        proposer=replace(config.proposer, spec="catalog", candidates=plan.candidates),
        limits=replace(config.limits, iterations=plan.iterations),
    )
    whole = run_interruptible(forecast(one, plan.taskset, seeds))
    part = optimizers_part(plan, whole.parts)
    if as_json:
        print_json(part)
    else:
        click.echo(render_text(optimizer_estimate_blocks(plan, part, whole)))
