"""`meta-reward choose`: a person overrides the decision on a run."""

import click

from meta_reward.cli.find import find_run


@click.command("choose")
@click.argument("run")
@click.argument("candidate")
def command(run: str, candidate: str) -> None:
    """Choose a candidate yourself, whatever the decision was.

    \b
    meta-reward choose night-1 c0009

    It is recorded as your choice. `test`, `score` and everything else that uses the result follow it, until the search
    decides again: after it was extended, or a harness was added.
    """
    from meta_reward.run.decisions import sentence_of
    from meta_reward.run.integrity import restore_record
    from meta_reward.run.layout import Layout
    from meta_reward.run.lock import locked
    from meta_reward.search.decide import choose

    layout = Layout(find_run(run))
    with locked(layout):
        for note in restore_record(layout):
            click.echo(note, err=True)
        click.echo(sentence_of(choose(layout, candidate)))
