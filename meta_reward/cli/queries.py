"""The commands that ask about the history of a run: `ledger`, `failures` and the others of `run/query_table.py`.

They read the history folder alone: nothing of validation, of the test split or of the task set.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import json_option, print_json, run_and
from meta_reward.cli.find import find_run, newest_run
from meta_reward.errors import UsageError
from meta_reward.run.query_table import QUERIES, Argument, Query

if TYPE_CHECKING:
    from meta_reward.run.layout import HistoryLayout, Layout
    from meta_reward.run.query_answers import Suspects

_MARKER = "INTERFACE.md"  # every history and every view of one has it

history_option = click.option(
    "--history",
    metavar="FOLDER",
    help="Folder of a history. Default: $META_REWARD_HISTORY, the one in this folder, or the newest run's.",
)
full_option = click.option("--full", is_flag=True, help="Shorten nothing.")
chain_option = click.option("--chain", is_flag=True, help="Only what the judge did: think, tool, obs, answer.")


def query_command(query: Query) -> click.Command:
    """The click command of a query: the run, which may be left out, its arguments, and how to print the answer."""

    def ask(
        run: str | None, history: str | None, as_json: bool, full: bool = False, chain: bool = False, **given: Any
    ) -> None:
        from meta_reward.report.queries import RENDERERS
        from meta_reward.run.queries import ANSWERS
        from meta_reward.run.query_answers import Suspects, answer_to_json
        from meta_reward.run.under_way import check_seeds_scored

        found = find_history(run, history)
        if layout := run_of(found):
            check_seeds_scored(layout)
        answer = ANSWERS[query.name](found, **given)
        if layout and isinstance(answer, Suspects):
            answer = _with_votes(answer, layout)
        if as_json:
            print_json(answer_to_json(answer))
        else:
            how = {**({"full": full} if query.has_full_text else {}), **({"chain": chain} if query.has_chain else {})}
            click.echo(RENDERERS[query.name](answer, **how))

    options = [_option(argument) for argument in query.arguments if not argument.is_required]
    options += [full_option] if query.has_full_text else []
    options += [chain_option] if query.has_chain else []
    for option in (json_option, history_option, *reversed(options)):
        ask = option(ask)
    words = [argument.name for argument in query.arguments if argument.is_required]
    return click.command(query.name, help=_help(query))(run_and(*words)(ask))


def _with_votes(answer: "Suspects", layout: "Layout") -> "Suspects":
    """The answer with the annotators' votes, which are kept beside the task set: people see them, agents do not."""
    from meta_reward.run.config import load_run_config
    from meta_reward.run.query_suspects import with_votes
    from meta_reward.tasks.annotations import load_annotations

    taskset = load_run_config(layout.config).taskset
    return with_votes(answer, load_annotations(Path(taskset)).votes) if taskset else answer


def _option(argument: Argument) -> Callable[[Callable[..., None]], Callable[..., None]]:
    is_count = argument.kind is int
    kind = click.IntRange(min=0) if is_count else argument.kind
    name = f"--{argument.name}"
    return click.option(name, type=kind, default=argument.default, show_default=is_count, help=argument.help)


def _help(query: Query) -> str:
    """Its sentence, what its words mean, and examples, which click is told not to wrap."""
    words = [f"{a.name.upper()}: {a.help}." for a in query.arguments if a.is_required and a.help]
    examples = "\n".join(f"meta-reward {example}" for example in query.examples)
    about = [query.about] if query.about else []
    return "\n\n".join([f"{query.help[0].upper()}{query.help[1:]}.", *about, *words, f"\b\n{examples}"])


COMMANDS = {query.name: query_command(query) for query in QUERIES}


def find_history(run: str | None, folder: str | None) -> "HistoryLayout":
    """The history of a run or in a folder; without either, the one in the current folder, else the newest run's.

    Raises UsageError that says what there is.
    """
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


def run_of(history: "HistoryLayout") -> "Layout | None":
    """The run that a history belongs to; None for a copy or a view of one."""
    from meta_reward.run.layout import Layout

    path = history.path.resolve()
    layout = Layout(path.parent)
    return layout if layout.history == path and layout.config.exists() else None
