"""`meta-reward judge`: what can be said of a judge by itself."""

import click

from meta_reward.cli.judge_check import check


@click.group("judge")
def command() -> None:
    """Try a judge: whether it answers, at what price, and what it can do.

    \b
    meta-reward judge check --judge anthropic:claude-haiku-4-5
    """


command.add_command(check)
