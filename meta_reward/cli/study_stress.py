"""`meta-reward study stress`: what happens to agents that are improved by a learned reward."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.find import find_run
from meta_reward.cli.study_searches import Shared, Study, make_study, searches_options, shared

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.search.studies.folder import StudyFolder
    from meta_reward.search.studies.stress import StressPlan

_FROM_1 = click.IntRange(min=1)


@click.command("stress")
@click.argument("run")
@click.argument("taskset")
@click.option("--updates", type=_FROM_1, default=6, show_default=True, help="Iterations per search.")
@click.option("--seeds", "repeats", type=_FROM_1, default=10, show_default=True, help="Searches per arm.")
@click.option("--first-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of an arm's first.")
@click.option("--draws", type=_FROM_1, default=64, show_default=True, help="Trials per task that a reward picks from.")
@click.option("--failures", type=_FROM_1, default=40, show_default=True, help="Honest failures to exploit.")
@click.option("--proposer", metavar="KIND", help="Proposer of all searches. Default: stock.")
@click.option(
    "--seed-harnesses", "seeds", type=click.Path(path_type=Path), help="Seed programs. Default: those of search."
)
@searches_options
def command(
    run: str,
    taskset: str,
    updates: int,
    repeats: int,
    first_seed: int,
    draws: int,
    failures: int,
    **flags: Any,
) -> None:
    """Whether a learned reward still measures success once agents are improved by it.

    \b
    meta-reward study stress night-1 frontdesk --dry-run
    meta-reward study stress night-1 frontdesk --updates 6 --seeds 10

    Searches for agents in three arms, scored by the reward that RUN chose, by the reward of its baseline, and by true
    success, which the first two arms never see. In the end the leaders of all arms run on held-out tasks, both rewards
    pick the best of many trials there, and exploits are tried on both.
    """
    from meta_reward.report.study_stress import stress_blocks
    from meta_reward.search.studies import stress as study_of

    common = shared(taskset, flags)
    size = study_of.StressSize(updates, repeats, first_seed, draws, failures)
    plan = study_of.stress_plan(find_run(run), common.taskset, size, common.search)
    study = Study(
        study_of.stress_subject(plan, common.given),
        f"{study_of.STUDY}-{plan.reward.name}-{plan.taskset.name}",
        [common.config, plan.reward.config],
        lambda study, means, simulated: study_of.study_stress(study, plan, means, simulated=simulated),
        stress_blocks,
        lambda study: _estimate(study, plan, common),
    )
    make_study(study, flags)


async def _estimate(study: "StudyFolder", plan: "StressPlan", common: Shared) -> "tuple[object, Sequence[Block]]":
    """What the study would ask and cost, as JSON and as blocks."""
    from meta_reward.report.studies import estimate_blocks
    from meta_reward.search.studies.stress_estimate import stress_estimate

    found = await stress_estimate(study, plan, common.config, common.seeds)
    return found, estimate_blocks(found)
