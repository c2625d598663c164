"""`meta-reward validate`: whether a program is a harness."""

from pathlib import Path

import click

from meta_reward.cli.common import json_option, print_json, sandbox_option


@click.command("validate")
@click.argument("harness", type=click.Path(path_type=Path))
@sandbox_option
@json_option
@click.pass_context
def command(ctx: click.Context, harness: Path, sandbox: str | None, as_json: bool) -> None:
    """Check a harness before anything is spent on it: what is wrong, in which line, how to mend it.

    \b
    meta-reward validate my_harness.py

    Exits with 1 where something is wrong.
    """
    import asyncio

    from meta_reward.files import printable, read_text
    from meta_reward.harness.budget import Budget
    from meta_reward.harness.levels import AUTO, UNCONFINED_WARNING, choose_level
    from meta_reward.harness.sandbox import Sandbox
    from meta_reward.harness.validate import Report, report_to_json, validate

    async def look() -> Report:
        async with Sandbox(Budget(), level=await choose_level(sandbox or AUTO)) as opened:
            return await validate(read_text(harness), sandbox=opened)

    if sandbox == "none":
        click.echo(UNCONFINED_WARNING, err=True)
    report = asyncio.run(look())
    if as_json:
        print_json(report_to_json(report))
    else:
        for finding in report.findings:
            click.echo(printable(f"{harness}: {finding}"))
        if report.ok:
            click.echo(f"{harness}: ok (parts: {', '.join(report.parts) or 'none'})")
    ctx.exit(0 if report.ok else 1)
