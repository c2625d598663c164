"""`meta-reward judge noise`: how far a judge agrees with itself."""

from pathlib import Path

import click

from meta_reward.cli.common import (
    json_option,
    judge_option,
    limit_options,
    print_json,
    sandbox_option,
    standalone_of,
)
from meta_reward.cli.find import seed_folder


@click.command("noise")
@click.argument("taskset")
@judge_option
@click.option("--repeats", type=click.IntRange(min=2), default=5, show_default=True)
@click.option(
    "--harness",
    type=click.Path(path_type=Path),
    help="The harness that asks the judge; the baseline of the seed harnesses by default.",
)
@click.option("--split", type=click.Choice(["search", "validation"]), default="search", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="For the simulated judge and the order.")
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@limit_options
@sandbox_option
@click.option("--config", type=click.Path(path_type=Path), help="A file with the tables of run.toml.")
@json_option
def noise(
    taskset: str,
    repeats: int,
    harness: Path | None,
    split: str,
    config: Path | None,
    as_json: bool,
    **flags: object,
) -> None:
    """How far a judge agrees with itself: the spread of its scores, and the pairs that flip.

    \b
    meta-reward judge noise tasks/skyways --repeats 5
    meta-reward judge noise tau-airline --judge simulated --harness my_harness.py --json

    Every repeat asks the judge again, and its replies are cached. The first one shares them with `evaluate`.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.report.standalone import noise_to_json, render_noise
    from meta_reward.search.standalone import measure_noise

    standalone = standalone_of(harness or seed_folder() / "baseline.py", taskset, split, config, flags)
    with shown(quiet=as_json) as progress:
        result = run_interruptible(measure_noise(standalone, repeats=repeats, progress=progress))
    if as_json:
        print_json(noise_to_json(result))
    else:
        click.echo(render_noise(result))
