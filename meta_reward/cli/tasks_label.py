"""`meta-reward tasks label`: preferences given by hand, in the browser."""

import getpass
from typing import TYPE_CHECKING

import click

from meta_reward.cli.find import RUNS, find_run, open_task_set
from meta_reward.cli.view import check_installed, serving_options, show_address
from meta_reward.errors import MetaRewardError, UsageError
from meta_reward.tasks.divide import SPLITS, SplitShares

if TYPE_CHECKING:
    from pathlib import Path

    from meta_reward.report.server.telling import Telling
    from meta_reward.run.layout import Layout
    from meta_reward.tasks.taskset import TaskSet

_WHICH = ("any", "given", "new")


@click.command("label")
@click.argument("taskset", metavar="NAME")
@click.option("--annotator", metavar="WHO", help="Whose labels these are. Default: your user name.")
@click.option("--split", type=click.Choice(SPLITS), default="search", show_default=True, help="Split to label.")
@click.option(
    "--which",
    type=click.Choice(_WHICH),
    default="any",
    show_default=True,
    help="given: pairs of the task set; new: other pairs of a task's trajectories; any: both.",
)
@click.option("--run", metavar="RUN", help="Begin with pairs that tell its candidates apart; search split only.")
@click.option("--force", is_flag=True, help="Label new pairs even if an untested run needs the task set unchanged.")
@serving_options[0]
@serving_options[1]
def label(
    taskset: str,
    annotator: str | None,
    split: str,
    which: str,
    run: str | None,
    force: bool,
    port: int,
    no_open: bool,
) -> None:
    """Label pairs in the browser: which of two trajectories is better.

    \b
    meta-reward tasks label billing
    meta-reward tasks label billing --annotator ann --which given
    meta-reward tasks label billing --run night-1

    Each label is written at once to votes.jsonl, and the resulting pair to pairs.jsonl. Stop with Ctrl-C; the same
    command goes on. New pairs change the task set: runs made before can then be neither continued nor tested.
    """
    check_installed("view")

    from meta_reward.kinds.reward import pairwise
    from meta_reward.report.server.label_app import make_label_app
    from meta_reward.report.server.labels import Labelling
    from meta_reward.report.server.serve import serve
    from meta_reward.tasks.labelling import check_annotator, couples_of
    from meta_reward.tasks.splits import splits_of

    if run is not None and split != "search":
        what = f"--run does not go with --split {split}: candidates are compared on the search split only"
        raise UsageError(what, hint="leave out one of them")
    who = annotator if annotator is not None else _user()
    check_annotator(who)
    tasks = pairwise(open_task_set(taskset, SplitShares()))
    if which != "given":
        _check_runs(tasks, force=force)
    couples = couples_of(tasks, splits_of(tasks)[split], which)
    if not couples:
        raise UsageError(f"task set {tasks.name} has no such pairs on {split}", hint="try another --which or --split")
    labelling = Labelling(tasks, who, couples, _telling(find_run(run), tasks) if run else None)
    serve(make_label_app(labelling, split), port=port, show=show_address, browser=not no_open)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a user may have no name
        raise UsageError(
            "the user of this process has no name", hint="say whose labels these are: --annotator"
        ) from None


def _check_runs(tasks: "TaskSet", *, force: bool) -> None:
    """Say which runs here need the task set as it is. Raises UsageError if one of them was not tested yet."""
    from meta_reward.run.runs import runs_in

    on_it = [layout for layout in runs_in(RUNS) if _digest_of(layout) == tasks.digest]
    untested = [layout.root.name for layout in on_it if not layout.test_result.exists()]
    if untested and not force:
        what = f"a new pair changes task set {tasks.name}, and {', '.join(untested)} could not be continued or tested"
        hint = f"pass --which given, label a copy of {tasks.path}, or pass --force"
        raise UsageError(what, hint=hint)
    if on_it:
        names = ", ".join(layout.root.name for layout in on_it)
        click.echo(f"meta-reward: after the first new pair these runs cannot be continued: {names}", err=True)


def _digest_of(run: "Layout") -> str:
    from meta_reward.run.config import load_run_config

    try:
        return load_run_config(run.config).digest
    except MetaRewardError:  # of another version, or damaged: it does not go on anyway
        return ""


def _telling(path: "Path", tasks: "TaskSet") -> "Telling":
    from meta_reward.report.page.details import load_search_rollouts
    from meta_reward.report.server.telling import load_telling
    from meta_reward.run.layout import Layout

    run = Layout(path)
    judged = load_search_rollouts(run).items()
    if any(id not in tasks.rollouts or tasks.rollouts[id].trajectory != one.trajectory for id, one in judged):
        what = f"run {path.name} judged trajectories that are not those of task set {tasks.name}"
        raise UsageError(what, hint="name a run on this task set, or on one that it was copied from")
    found = load_telling(run)
    if not found.rewards:
        raise UsageError(f"run {path.name} has no candidate on record", hint="leave --run out, or wait for its seeds")
    return found
