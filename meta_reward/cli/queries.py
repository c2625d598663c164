"""`meta-reward ledger`, `failures`, `flips`, `diff`, `trace`: walking the history of a run.

Each reads a history folder alone: nothing of validation, of the test split or of the task set.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import find_run, json_option, newest_run, print_json, run_and
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.run.layout import HistoryLayout

_MARKER = "INTERFACE.md"  # every history and every view of one has it

history_option = click.option(
    "--history",
    metavar="FOLDER",
    help="A history by itself. Default: $META_REWARD_HISTORY, the one this is called in, or the newest run's.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(min=0), default=5, show_default=True, help="Pairs shown of each kind; 0: all."
)
category_option = click.option("--category", default="", help="Only pairs of this failure category.")
full_option = click.option("--full", is_flag=True, help="Cut nothing short.")


@click.command("ledger")
@run_and()
@click.option("--limit", type=click.IntRange(min=0), default=40, show_default=True, help="The last so many; 0: all.")
@history_option
@json_option
def ledger(run: str | None, limit: int, history: str | None, as_json: bool) -> None:
    """Candidates of a run: what each changed, what came of it.

    \b
    meta-reward ledger
    meta-reward ledger night-1
    """
    from meta_reward.report.queries import render_ledger
    from meta_reward.run import queries

    _show(queries.ledger(find_history(run, history), limit=limit), as_json, render_ledger)


@click.command("failures")
@run_and("candidate")
@category_option
@limit_option
@history_option
@json_option
def failures(run: str | None, candidate: str, category: str, limit: int, history: str | None, as_json: bool) -> None:
    """Pairs that a candidate does not win, by category.

    \b
    meta-reward failures c0007
    meta-reward failures night-1 c0007
    meta-reward failures c0007 --category over-refusal --limit 20
    """
    from meta_reward.report.queries import render_failures
    from meta_reward.run import queries

    answer = queries.failures(find_history(run, history), candidate, category=category, limit=limit)
    _show(answer, as_json, render_failures)


@click.command("flips")
@run_and("first", "second")
@category_option
@limit_option
@history_option
@json_option
def flips(
    run: str | None, first: str, second: str, category: str, limit: int, history: str | None, as_json: bool
) -> None:
    """Pairs that two candidates decide differently, both ways.

    \b
    meta-reward flips c0003 c0007
    """
    from meta_reward.report.queries import render_flips
    from meta_reward.run import queries

    answer = queries.flips(find_history(run, history), first, second, category=category, limit=limit)
    _show(answer, as_json, render_flips)


@click.command("diff")
@run_and("first", "second")
@full_option
@history_option
@json_option
def diff(run: str | None, first: str, second: str, full: bool, history: str | None, as_json: bool) -> None:
    """What one candidate's program changes against another's.

    \b
    meta-reward diff c0003 c0007
    """
    from meta_reward.report.queries import render_diff
    from meta_reward.run import queries

    _show(
        queries.diff(find_history(run, history), first, second), as_json, lambda answer: render_diff(answer, full=full)
    )


@click.command("trace")
@run_and("candidate", "trajectory")
@click.option("--ask", type=click.IntRange(min=1), help="Only this question, counted from 1.")
@full_option
@history_option
@json_option
def trace(
    run: str | None, candidate: str, trajectory: str, ask: int | None, full: bool, history: str | None, as_json: bool
) -> None:
    """What the judge was shown of a trajectory or of both sides of a pair, and said of it.

    \b
    meta-reward trace c0007 t012-r3
    meta-reward trace night-1 c0007 t012-p3
    """
    from meta_reward.report.queries import render_trace
    from meta_reward.run import queries

    answer = queries.trace(find_history(run, history), candidate, trajectory, ask=ask or 0)
    _show(answer, as_json, lambda shown: render_trace(shown, full=full))


def find_history(run: str | None, folder: str | None) -> "HistoryLayout":
    """The history of a run, or in a folder; else the one at hand. Raises UsageError that says what there is."""
    from meta_reward.run.layout import HistoryLayout, Layout

    if run is not None and folder is not None:
        raise UsageError(f"both run {run} and --history {folder} are given", hint="leave one out")
    wanted = run or folder or os.environ.get("META_REWARD_HISTORY")
    if wanted:
        if (Path(wanted) / _MARKER).exists():
            return HistoryLayout(Path(wanted))
        return HistoryLayout(Layout(find_run(wanted)).history)
    for path in (Path(), Path("history"), Path("../history")):
        if (path / _MARKER).exists():
            return HistoryLayout(path)
    return HistoryLayout(Layout(newest_run()).history)


def _show(answer: dict[str, Any], as_json: bool, render: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        print_json(answer)
    else:
        click.echo(render(answer))
