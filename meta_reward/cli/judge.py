"""`meta-reward judge`: trying a judge by itself."""

import click

from meta_reward.cli.judge_check import check
from meta_reward.cli.judge_noise import noise


@click.group("judge")
def command() -> None:
    """Try a judge: whether it answers, what it can do, what it costs, and how far it agrees with itself.

    \b
    meta-reward judge check --judge anthropic:claude-haiku-4-5
    meta-reward judge noise tasks/skyways --repeats 5
    """


command.add_command(check)
command.add_command(noise)
