"""`meta-reward test`: open the sealed split of a run."""

import click

from meta_reward.cli.common import json_option, limits_given, print_json, sandbox_option, spending_options
from meta_reward.cli.find import named_run


@click.command("test")
@click.argument("run", required=False)
@click.option("--candidate", "candidates", metavar="ID", multiple=True, help="Test this one; may be repeated.")
@click.option("--frontier", is_flag=True, help="Test the finalists, and the frontier over what was validated.")
@click.option("--no-controls", is_flag=True, help="Do not ask the baseline again, nor train the learned control.")
@spending_options
@sandbox_option
@json_option
def command(
    run: str | None,
    candidates: tuple[str, ...],
    frontier: bool,
    no_controls: bool,
    sandbox: str | None,
    as_json: bool,
    **limits: object,
) -> None:
    """Open the sealed test split: chosen harness against baseline.

    \b
    meta-reward test night-1
    meta-reward test night-1 --candidate c0005
    meta-reward test night-1 --frontier

    If the search stopped before it made a decision, the decision is made first. The result is stored, and shown again
    by the same command. Next to the difference it has controls, which are cheaper ways to a reward: the baseline asked
    until it has spent as many tokens, the baseline asked once more, and a classifier of words and calls trained on the
    same pairs. Every opening of a task set's test split is counted; several harnesses at once count as one. If a limit
    of the run is used up, nothing is opened (exit code 4): raise the limit here or in a search.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.cli.report import leave_report
    from meta_reward.report.test_result import render_test
    from meta_reward.run.config import overlay
    from meta_reward.run.integrity import restore_record
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.search.create import raise_limits
    from meta_reward.search.open import open_search
    from meta_reward.search.test_record import test_to_json
    from meta_reward.search.test_split import chosen_alone, finalists_and_frontier, open_test
    from meta_reward.use.objective import under_objective

    if candidates and frontier:
        raise click.UsageError("--candidate and --frontier exclude each other")
    layout = Layout(named_run(run, "test"))
    with locked(layout), shown(quiet=as_json) as progress:
        for note in restore_record(layout):
            progress.note(note)
        raise_limits(layout, overlay({}, {"sandbox": sandbox, **limits_given(limits)}), notice=progress.note)
        wanted = candidates or (finalists_and_frontier if frontier else chosen_alone)
        result = run_interruptible(
            under_objective(
                open_search(layout, progress),
                lambda search: open_test(search, wanted, controls=not no_controls),
                only_if_needed=True,
            )
        )
    leave_report(layout)
    if as_json:
        print_json(test_to_json(result))
    else:
        click.echo(render_test(result))
