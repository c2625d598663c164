"""`meta-reward add`: a harness of one's own becomes a candidate of a run."""

from pathlib import Path

import click

from meta_reward.cli.common import limits_given, spending_options
from meta_reward.cli.find import find_run


@click.command("add")
@click.argument("run")
@click.argument("harness", type=click.Path(path_type=Path))
@spending_options
def command(run: str, harness: Path, **limits: object) -> None:
    """Add a harness of your own to a run, as a candidate like any other.

    \b
    meta-reward add night-1 my_harness.py

    It is validated and evaluated on the search split, and the proposer learns from it as from its own. If the search
    had ended, old and new finalists are tested together on validation once more, at a stricter level.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.files import read_text
    from meta_reward.propose.base import slug
    from meta_reward.report.status import status_of
    from meta_reward.report.status_text import render_status
    from meta_reward.run.config import overlay
    from meta_reward.run.integrity import restore_record
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.search.create import raise_limits
    from meta_reward.search.loop import add
    from meta_reward.search.open import open_search
    from meta_reward.use.objective import under_objective

    layout, source = Layout(find_run(run)), read_text(harness)
    with locked(layout), shown() as progress:
        for note in restore_record(layout):
            progress.note(note)
        raise_limits(layout, overlay({}, limits_given(limits)), notice=progress.note)
        run_interruptible(
            under_objective(open_search(layout, progress), lambda search: add(search, slug(harness.stem), source))
        )
    click.echo(render_status(status_of(layout)))
