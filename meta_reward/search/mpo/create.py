"""Making a run that trains a policy. Everything is checked before anything is written."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.kinds.registry import kind_of
from meta_reward.kinds.reward import pairwise
from meta_reward.propose.meta.rubric import read_rubric
from meta_reward.propose.prompt import default_instructions
from meta_reward.run.config import new_config, overlay
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.run.settings import META
from meta_reward.search.create import create
from meta_reward.search.mpo.driver import blocks_of
from meta_reward.search.mpo.policies import TRL, make_policy
from meta_reward.search.mpo.policy import PolicyContext
from meta_reward.tasks.base import AnyTaskSet

_ABOUT_SAMPLES = Path(__file__).with_name("samples.md")
"""What a proposer that may change any part is told, in addition to the instructions of a search."""


async def create_training(
    layout: Layout, requested: Mapping[str, Any], taskset: AnyTaskSet, *, judge: str, harness: Seed
) -> None:
    """Make a new run from the harness that the policy is trained under at first.

    Raises UsageError where the policy cannot act in these tasks, or the harness has no rubric to refine.
    """
    config = new_config(requested)
    context = PolicyContext(pairwise(taskset), config.seed, config.mpo.policy_settings)
    if config.mpo.policy != TRL:
        make_policy(config.mpo.policy, context)
    instructions = None
    if config.proposer.spec == META:
        read_rubric(harness.source)
    else:
        told = default_instructions(kind_of(taskset), config.proposer.spec)
        instructions = f"{told.rstrip()}\n\n{files.read_text(_ABOUT_SAMPLES)}"
    limits = {"limits.iterations": blocks_of(config.mpo) - 1, "limits.patience": 0, "mpo": asdict(config.mpo)}
    await create(layout, overlay(requested, limits), taskset, judge=judge, seeds=[harness], instructions=instructions)
