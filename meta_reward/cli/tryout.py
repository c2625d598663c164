"""`meta-reward try`: a draft on a few search pairs, before it is submitted."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_reward.cli.common import json_option, print_json, run_and
from meta_reward.cli.queries import find_history, history_option, run_of
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.run.layout import HistoryLayout
    from meta_reward.search.tryout.answer_types import TryoutAnswer


@click.command("try")
@run_and("draft")
@click.option("--pairs", default="", metavar="NAMES", help="Pairs, tasks or categories. Default: a small sample.")
@click.option("--calls", type=click.IntRange(min=0), help="New judge calls it may make. Default: the run's try_calls.")
@history_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    run: str | None,
    draft: str,
    pairs: str,
    calls: int | None,
    history: str | None,
    as_json: bool,
) -> None:
    """Run a draft on a few search pairs, within a small budget.

    \b
    meta-reward try my_harness.py
    meta-reward try night-1 my_harness.py --pairs false-claim,t002,t003-p1

    Questions that the judge has answered before cost nothing. New calls count towards the run's limits, and stop there.
    Exits with 1 if the draft is not a valid harness.
    """
    from meta_reward.propose.client import SOCKET, split_names
    from meta_reward.report.results import render_tryout
    from meta_reward.search.tryout.answer_types import tryout_to_json

    names = split_names(pairs)
    if os.environ.get(SOCKET):
        answer = _in_session(Path(draft), names)
    else:
        answer = _on_run(find_history(run, history), Path(draft), names, calls)
    if as_json:
        print_json(tryout_to_json(answer))
    else:
        click.echo(render_tryout(answer))
    ctx.exit(0 if answer.ok else 1)


def _in_session(draft: Path, pairs: list[str]) -> "TryoutAnswer":
    from meta_reward.files import printable
    from meta_reward.propose.client import SOCKET, ask, from_staging
    from meta_reward.search.tryout.answer_types import tryout_from_json

    try:
        answer = ask(os.environ[SOCKET], "try", {"path": from_staging(str(draft)), "pairs": pairs})
    except (OSError, ValueError) as error:
        hint = "it may have ended, and without it a draft cannot be tried here"
        raise UsageError(f"the search does not answer at {os.environ[SOCKET]}: {error}", hint=hint) from None
    if "error" in answer:
        raise UsageError(printable(str(answer["error"])))
    return tryout_from_json(answer)


def _on_run(history: "HistoryLayout", draft: Path, pairs: list[str], calls: int | None) -> "TryoutAnswer":
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.files import read_text
    from meta_reward.search.tryout.run import tryouts_on_run

    layout = run_of(history)
    if layout is None:
        raise UsageError(f"{history.path} belongs to no run", hint="name a run: a draft is tried with its judge")
    source = read_text(draft / "harness.py" if draft.is_dir() else draft)
    return run_interruptible(tryouts_on_run(layout, calls=calls).try_source(source, pairs, path=draft.name))
