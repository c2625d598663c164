"""`meta-reward evaluate`: one harness on one split."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from meta_reward.cli.common import (
    BELOW,
    json_option,
    judge_option,
    limit_options,
    print_json,
    sandbox_option,
    standalone_of,
)


@click.command("evaluate")
@click.argument("harness", type=click.Path(path_type=Path))
@click.argument("taskset")
@judge_option
@click.option("--split", type=click.Choice(["search", "validation", "test"]), default="search", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="For the simulated judge, the order and the interval.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@sandbox_option
@limit_options
@click.option("--config", type=click.Path(path_type=Path), help="A file with the tables of run.toml.")
@click.option("--out", type=click.Path(path_type=Path), help="Write scores, pairs and traces to this new folder.")
@click.option(
    "--fail-under", metavar="SHARE", type=click.FloatRange(0, 1), help="Exit with 5 below this agreement, such as 0.7."
)
@click.option("--markdown", type=click.Path(path_type=Path), help="Write a short report here, for a pull request.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    default=50.0,
    show_default=True,
    help="Rewards from here on predict success, to be compared with labels.",
)
@json_option
def command(
    harness: Path,
    taskset: str,
    split: str,
    config: Path | None,
    out: Path | None,
    fail_under: float | None,
    markdown: Path | None,
    threshold: float,
    as_json: bool,
    **flags: object,
) -> int:
    """How often a harness gives the preferred trajectory the higher reward.

    \b
    meta-reward evaluate seed_harnesses/baseline.py tasks/skyways
    meta-reward evaluate my_harness.py tau-airline --judge simulated --out looked-at

    As a gate in CI, with a report for a pull request; the exit code is 5 if the agreement is lower:

    \b
    meta-reward evaluate my_harness.py tau-airline --judge simulated --fail-under 0.7 --markdown report.md

    Every opening of the test split is counted, and shown with every later test result.
    """
    from dataclasses import replace

    from meta_reward import files
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.report.standalone import bar_of, evaluation_to_json, render_evaluation, render_markdown
    from meta_reward.search.standalone import evaluate_file

    standalone = replace(standalone_of(harness, taskset, split, config, flags), threshold=threshold)
    with shown(quiet=as_json) as progress, _folder(out) as folder:
        result = run_interruptible(evaluate_file(standalone, folder, progress))
    if as_json:
        print_json(evaluation_to_json(result))
    else:
        click.echo(render_evaluation(result, harness.stem))
    bar = None if fail_under is None else bar_of(result, fail_under)
    if markdown is not None:
        files.write_bytes(markdown, render_markdown(result, harness.stem, bar).encode())
    if bar is None:
        return 0
    click.echo(bar.sentence(), err=True)
    return 0 if bar.reached else BELOW


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Where results are written: a new folder that stays, or one that does not."""
    import tempfile

    from meta_reward import folders

    if out is not None:
        with folders.new_folder(out) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
