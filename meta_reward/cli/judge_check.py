"""`meta-reward judge check`: whether a judge answers, how fast, at what price, and what it can do."""

from pathlib import Path

import click

from meta_reward.cli.common import json_option, print_json


@click.command("check")
@click.option(
    "--judge",
    "--model",
    "judge",
    metavar="KIND",
    help="Such as anthropic:claude-haiku-4-5 or openai:m@http://localhost:8000/v1.",
)
@click.option("--config", type=click.Path(path_type=Path), help="A file with the tables of run.toml.")
@json_option
@click.pass_context
def check(ctx: click.Context, judge: str | None, config: Path | None, as_json: bool) -> None:
    """Make a few tiny real calls: does it answer, how fast, at what price, with schemas, with tools.

    \b
    meta-reward judge check --judge anthropic:claude-haiku-4-5
    meta-reward judge check --judge openai:Qwen/Qwen3-8B@http://localhost:8000/v1

    Exits with 1 if it does not answer, or if schemas or tools do not work.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.errors import UsageError
    from meta_reward.models.check import check_judge
    from meta_reward.models.registry import make_backend
    from meta_reward.report.results import render_check
    from meta_reward.run.config import load_user_config, new_config, overlay

    settings = new_config(overlay(load_user_config(config), {"judge.spec": judge})).judge
    if not settings.spec:
        raise UsageError("no judge is named", hint="say which one, such as --judge anthropic:claude-haiku-4-5")
    found = run_interruptible(check_judge(make_backend(settings.spec, settings.settings)))
    if as_json:
        print_json({"spec": settings.spec, "check": found})
    else:
        click.echo(render_check(settings.spec, found))
    ctx.exit(0 if found.schema.works and found.tools.works else 1)
