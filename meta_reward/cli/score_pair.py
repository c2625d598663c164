"""`meta-reward score --pair`: one pair, judged once."""

from collections.abc import Mapping
from typing import Any

import click

from meta_reward.cli.common import print_json


def score_pair(harness: str, names: tuple[str, str], flags: Mapping[str, Any]) -> int:
    """Judge a pair and print what came of it; returns the exit code."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.score import loaded_with, path_of_harness
    from meta_reward.report.judged_pair import render_pair
    from meta_reward.tasks.about import OF_PAIRS
    from meta_reward.use.judge_pair import judge_pair, pair_to_json, sides_of

    loaded = loaded_with(harness, flags, kinds=OF_PAIRS)
    path = path_of_harness(harness)
    sides = sides_of(names, loaded, path if (path / "run.toml").exists() else None)
    pair = run_interruptible(judge_pair(loaded, sides, notice=lambda text: click.echo(text, err=True)))
    if flags["as_json"]:
        print_json(pair_to_json(pair, chain=flags["show_chain"]))
    else:
        click.echo(render_pair(pair, chain=flags["show_chain"]))
    return 0 if len(pair.scores) == len(names) else 1
