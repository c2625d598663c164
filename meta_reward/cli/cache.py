"""`meta-reward cache`: the judges' replies that are stored, and how to remove them."""

import sys
from typing import TYPE_CHECKING

import click

from meta_reward.cli.common import json_option, print_json

if TYPE_CHECKING:
    from meta_reward.models.cache import Holding


@click.group("cache", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show where the judges' replies are stored, how many there are, and how much space they take.

    \b
    meta-reward cache
    meta-reward cache clear --judge simulated --older-than 30

    Each reply is a file, with its request, to read with cat and grep. $META_REWARD_CACHE names another folder.
    """
    from meta_reward.models.cache import default_cache_folder, holdings

    if ctx.invoked_subcommand:
        return
    folder = default_cache_folder()
    held = holdings(folder)
    if as_json:
        print_json({"folder": str(folder), "judges": held})
    else:
        click.echo(f"{folder}\n\n{_rendered(held)}" if held else f"{folder}: empty")


@command.command("clear")
@click.option(
    "--judge",
    "--model",
    "judge",
    metavar="KIND",
    help="Only replies of this judge, named as `meta-reward cache` names it.",
)
@click.option(
    "--older-than",
    "days",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="DAYS",
    help="Only replies at least this old.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. Needed without a terminal.")
@click.pass_context
def clear(ctx: click.Context, judge: str | None, days: float, yes: bool) -> None:
    """Remove replies and the rewards beside them. Runs keep their traces; asking again costs money again.

    \b
    meta-reward cache clear --judge simulated --older-than 30

    Shows what will be removed, and asks for confirmation. Running searches are not disturbed.
    """
    from meta_reward.errors import UsageError
    from meta_reward.models import cache
    from meta_reward.report.tables import plural

    folder = cache.default_cache_folder()
    known = [holding.judge for holding in cache.holdings(folder)]
    if judge is not None and judge not in known:
        raise UsageError(f"the cache holds nothing of judge {judge!r}", hint=f"known: {', '.join(known) or 'none'}")
    going = cache.holdings(folder, judge=judge, older_than_days=days)
    if not going:
        click.echo(f"{folder}: nothing to remove")
        return
    click.echo(f"{folder}\n\n{_rendered(going)}\n")
    if not yes and not sys.stdin.isatty():
        raise UsageError("nothing was removed", hint="pass --yes to remove these without being asked")
    if not yes and not click.confirm("Remove these, and the rewards kept beside them?"):
        click.echo("nothing was removed")
        ctx.exit(1)
    gone = cache.clear(folder, judge=judge, older_than_days=days)
    size = sum(holding.bytes for holding in gone)
    click.echo(f"{plural(sum(holding.entries for holding in gone), 'reply', 'replies')} removed, {size / 1e6:.1f} MB")


def _rendered(held: "list[Holding]") -> str:
    from meta_reward.report.tables import render_table

    rows = [[holding.judge, holding.entries, f"{holding.bytes / 1e6:.1f}"] for holding in held]
    total = ["all", sum(holding.entries for holding in held), f"{sum(holding.bytes for holding in held) / 1e6:.1f}"]
    return render_table(["judge", "replies", "MB"], [*rows, total])
