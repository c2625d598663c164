"""`meta-reward study optimizers`: proposers against each other at the same budget."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.study_searches import Shared, Study, make_study, searches_options, shared

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.search.studies.optimizers import OptimizerPlan

_LEVELS = ("full", "scores", "summaries", "model-summaries", "none")


@click.command("optimizers")
@click.argument("taskset")
@click.option(
    "--optimizers",
    "names",
    default="catalog,gepa,openevolve,best-of-n",
    help="Proposers of search, and best-of-n, separated by commas. Default: catalog,gepa,openevolve,best-of-n.",
)
@click.option(
    "--history", "levels", type=click.Choice(_LEVELS), multiple=True, help="As in search; repeat it for several arms."
)
@click.option("--writer", default="", metavar="KIND", help="The model behind gepa, openevolve, writer and best-of-n.")
@click.option("--evaluations", type=click.IntRange(min=1), default=60, help="Proposals per search. Default: 60.")
@click.option(
    "--candidates", "each", type=click.IntRange(min=1), default=1, help="Candidates per iteration. Default: 1."
)
@click.option("--seeds", "repeats", type=click.IntRange(min=1), default=5, help="Searches per optimizer. Default: 5.")
@click.option("--null", is_flag=True, help="Let a coin decide the labels, so that no program is better than another.")
@click.option(
    "--seed-harnesses", "seeds", type=click.Path(path_type=Path), help="Seed harnesses. Default: those of search."
)
@searches_options
def command(taskset: str, names: str, **flags: Any) -> None:
    """Which proposer finds more with the same evaluations.

    \b
    meta-reward study optimizers skyways --writer simulated:writer --evaluations 20 --seeds 2
    meta-reward study optimizers billing --optimizers claude:MODEL,gepa,best-of-n --writer openai:MODEL --max-usd 300
    meta-reward study optimizers billing --optimizers claude:MODEL --history full --history scores --history none

    Each search is a run in the study's folder, with the same judge, sandbox, limits and sealed tasks; --max-usd limits
    all of them together. best-of-n is the proposer writer with --history none.
    """
    from meta_reward.report.study_optimizers import optimizer_blocks
    from meta_reward.search.studies import optimizers as study_of
    from meta_reward.search.studies.optimizer_arms import arms_of, check_arms

    common = shared(taskset, flags, pairs=flags["null"])  # a null world is made of pairs
    arms = arms_of([part.strip() for part in names.split(",") if part.strip()], flags["levels"], flags["writer"])
    check_arms(arms, common.config.proposer, flags["max_usd"])
    size = (flags["evaluations"], flags["each"], flags["repeats"])
    plan = study_of.OptimizerPlan(common.taskset, tuple(arms), *size, flags["null"], common.search)
    study = Study(
        study_of.optimizers_subject(plan, common.given),
        f"{study_of.STUDY}-{common.taskset.name}{'-null' if plan.null else ''}",
        [common.config],
        lambda study, means, simulated: study_of.study_optimizers(study, plan, means, simulated=simulated),
        optimizer_blocks,
        lambda study: _estimate(plan, common),
    )
    make_study(study, flags)


async def _estimate(plan: "OptimizerPlan", common: Shared) -> "tuple[object, Sequence[Block]]":
    """What the study would ask the judge, as JSON and as blocks."""
    from meta_reward.report.study_optimizers import optimizer_estimate_blocks
    from meta_reward.search.forecast import forecast
    from meta_reward.search.studies.optimizers import optimizers_part

    one = replace(
        common.config,
        proposer=replace(common.config.proposer, spec="catalog", candidates=plan.candidates),
        limits=replace(common.config.limits, iterations=plan.iterations),
    )
    whole = await forecast(one, plan.taskset, common.seeds)
    part = optimizers_part(plan, whole.parts)
    return part, optimizer_estimate_blocks(plan, part, whole)
