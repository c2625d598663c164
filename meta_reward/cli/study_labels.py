"""`meta-reward study labels`: how many labelled tasks a search needs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.study_searches import Shared, Study, make_study, searches_options, shared

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.search.studies.labels import LabelPlan


def _percents(ctx: click.Context, param: click.Parameter, value: str) -> list[int]:
    """Percentages such as `20,40,100`."""
    try:
        shares = [int(part) for part in value.split(",")]
    except ValueError:
        shares = []
    if not shares or not all(0 < share <= 100 for share in shares):
        raise click.BadParameter(f"{value!r} is not a list of percentages such as 20,40,60,80,100", ctx, param)
    return shares


@click.command("labels")
@click.argument("taskset")
@click.option("--shares", default="20,40,60,80,100", callback=_percents, help="Percentages of the search tasks.")
@click.option("--repeats", type=click.IntRange(min=1), default=3, help="Searches per percentage, with different seeds.")
@click.option("--pairs-per-task", type=click.IntRange(min=1), help="Most pairs that a search task keeps.")
@click.option("--proposer", metavar="KIND", help="As in search.")
@click.option("--iterations", type=click.IntRange(min=0), help="Iterations per search. Default: 8.")
@click.option("--candidates", type=click.IntRange(min=1), help="Candidates per iteration. Default: 2.")
@click.option("--seeds", type=click.Path(path_type=Path), help="Seed harnesses. Default: those of search.")
@searches_options
def command(taskset: str, shares: list[int], repeats: int, pairs_per_task: int | None, **flags: Any) -> None:
    """How many labelled tasks a search needs.

    \b
    meta-reward study labels tasks/skyways --dry-run
    meta-reward study labels billing --pairs-per-task 5 --judge openai:MODEL --max-usd 100

    Searches with 20, 40, 60, 80 and 100% of the search tasks, several times each, and tests what they choose on the
    same sealed tasks. Each search is a run in the study's folder; --max-usd limits all of them together.
    """
    from meta_reward.kinds.reward import pairwise
    from meta_reward.report.study_labels import label_blocks
    from meta_reward.search.studies import labels as study_of

    common = shared(taskset, flags, pairs=True)
    plan = study_of.label_plan(pairwise(common.taskset), shares, repeats, pairs_per_task, common.search)
    study = Study(
        study_of.label_subject(plan, common.given),
        f"{study_of.STUDY}-{common.taskset.name}",
        [common.config],
        lambda study, means, simulated: study_of.study_labels(study, plan, means, simulated=simulated),
        label_blocks,
        lambda study: _estimate(plan, common),
    )
    make_study(study, flags)


async def _estimate(plan: "LabelPlan", common: Shared) -> "tuple[object, Sequence[Block]]":
    """What the study would take."""
    from meta_reward.report.study_labels import estimate_blocks
    from meta_reward.search.forecast import forecast
    from meta_reward.search.studies.labels import labels_part

    whole = await forecast(common.config, plan.taskset, common.seeds)
    part = labels_part(plan, whole.parts)
    return part, estimate_blocks(plan, part, whole)
