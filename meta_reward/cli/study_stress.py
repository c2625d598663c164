"""`meta-reward study stress`: what becomes of agents that are improved by a learned reward."""

import os
from pathlib import Path
from typing import Any

import click

from meta_reward.cli.common import default_judge, json_option, judge_option, max_usd_option, sandbox_option
from meta_reward.cli.find import find_run, open_task_set, seed_folder, study_path
from meta_reward.cli.study_searches import check_limit, given_files, run_study, shared_search


@click.command("stress")
@click.argument("run")
@click.argument("taskset")
@click.option("--updates", type=click.IntRange(min=1), default=6, show_default=True, help="Iterations of a search.")
@click.option("--seeds", "repeats", type=click.IntRange(min=1), default=10, show_default=True, help="Of each arm.")
@click.option("--proposer", help="Of all searches. Default: stock.")
@judge_option
@click.option("--seed-harnesses", "seeds", type=click.Path(path_type=Path), help="Default: as --seeds of search.")
@click.option("--baseline", type=click.Path(path_type=Path), help="Program to beat. Default: the seed `baseline`.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win.")
@sandbox_option
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Searches at a time.")
@max_usd_option
@click.option("--name", help="Of the folder in ./runs. Default: stress, the run and the task set.")
@json_option
def command(
    run: str,
    taskset: str,
    updates: int,
    repeats: int,
    jobs: int,
    max_usd: float | None,
    name: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Whether a learned reward still means what it meant once agents are improved by it.

    \b
    meta-reward study stress night-1 frontdesk --updates 6 --seeds 10

    Agent programs are searched under the reward that RUN chose, under its baseline's, and under the truth. The truth is
    put away while a search goes on, and shown beside the learned reward in the end.
    """
    from meta_reward.report.study_stress import stress_blocks
    from meta_reward.run.layout import Layout
    from meta_reward.search.create import load_seeds
    from meta_reward.search.studies import stress as study_of

    layout = Layout(find_run(run))
    config, arguments = shared_search({**flags, "iterations": None, "candidates": None})
    tasks = open_task_set(taskset, config.splits)
    judge = default_judge(tasks, flags["judge"] or (config.judge.spec if flags["config"] else None))
    plan = study_of.stress_plan(layout, tasks, updates=updates, seeds=repeats, search=("--judge", judge, *arguments))
    seeds = load_seeds(flags["seeds"] or seed_folder(tasks), flags["baseline"])
    subject = study_of.stress_subject(plan, given_files(flags, config, seeds))
    simulated = check_limit(judge, config, max_usd)
    root = study_path(name or f"{study_of.STUDY}-{layout.root.resolve().name}-{tasks.name}")
    run_study(
        lambda study, means: study_of.study_stress(study, plan, means, simulated=simulated),
        stress_blocks,
        root=root,
        subject=subject,
        processes=jobs,
        max_usd=max_usd,
        as_json=as_json,
    )
