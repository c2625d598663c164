"""`meta-reward score`: rewards for trajectories without labels."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import judge_option, limits_given, sandbox_option, spending_options
from meta_reward.cli.find import find_run

if TYPE_CHECKING:
    from meta_reward.use.loaded import Loaded
    from meta_reward.use.score_files import Tally

_LIVE_EVERY_S, _PLAIN_EVERY_S = 0.2, 20.0


@click.command("score")
@click.argument("harness", metavar="RUN|HARNESS")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Write here; the same command goes on after a stop.")
@click.option("--best-of", metavar="FIELD", help="Also write the best trajectory of each value of this field.")
@judge_option
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@sandbox_option
@spending_options
@click.option("--policy", type=click.Path(path_type=Path), help="Of trajectories that carry none.")
@click.option("--tools", type=click.Path(path_type=Path), help="JSON, of trajectories that carry none.")
@click.option("--config", type=click.Path(path_type=Path), help="A file with the tables of run.toml.")
def command(harness: str, paths: tuple[Path, ...], out: Path | None, best_of: str | None, **flags: Any) -> int:
    """Score trajectories with a run's chosen harness, an export, or a harness of your own.

    \b
    meta-reward score night-1 new-runs.jsonl --out scored.jsonl --max-usd 5
    meta-reward score night-1 new-runs.jsonl --out scored.jsonl --best-of task
    meta-reward score my_harness.py new-runs.jsonl --judge simulated

    Each line of a FILE is an object with messages, and maybe policy, tools, task and id; what `import` reads is read
    too. As many lines come out, in the same order; where there is no score, it is null, and the line says why. Scores
    run from 0 to 100.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.scored import render_scored
    from meta_reward.use.score_files import Job, score_files
    from meta_reward.use.trajectories import count_rows

    if best_of and out is None:
        raise click.UsageError("--best-of needs --out")
    job = Job(_loaded(harness, flags), paths, out, best_of)
    counts = [count_rows(path) for path in paths]
    total = None if None in counts else sum(count or 0 for count in counts)
    watch, note = _shown(total)
    tally = run_interruptible(score_files(job, watch=watch, notice=note))
    note("")
    click.echo(render_scored(job, tally), err=out is None)
    return 1 if tally.lines and tally.failed == tally.lines else 0


def _loaded(harness: str, flags: dict[str, Any]) -> "Loaded":
    from dataclasses import replace

    from meta_reward import files
    from meta_reward.run.config import load_user_config, overlay
    from meta_reward.use.loaded import SETTINGS, Wanted, load, shared_of

    path = Path(harness)
    known = path.suffix == ".py" or path.is_file() or (path / SETTINGS).exists()
    about = {"judge.concurrency": flags["concurrency"], "sandbox": flags["sandbox"], **limits_given(flags)}
    tables = overlay(load_user_config(flags["config"]), about)
    loaded = load(path if known else find_run(harness), Wanted(flags["judge"], tables))
    policy = files.read_text(flags["policy"]) if flags["policy"] else None
    tools = files.load_json(flags["tools"]) if flags["tools"] else None
    if policy is None and tools is None:
        return loaded
    return replace(loaded, shared=shared_of(policy, tools, loaded.shared))


def _shown(total: int | None) -> "tuple[Callable[[Tally], None], Callable[[str], None]]":
    """What shows progress on standard error, and what says a line beside it."""
    from meta_reward.files import printable
    from meta_reward.report.scored import render_progress

    live = sys.stderr.isatty()
    began = told = time.monotonic()

    def watch(tally: "Tally") -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= (_LIVE_EVERY_S if live else _PLAIN_EVERY_S):
            told = now
            text = render_progress(tally, total, now - began)
            print(f"\r\x1b[K{text}" if live else text, end="" if live else "\n", file=sys.stderr, flush=True)

    def note(text: str) -> None:
        start = "\r\x1b[K" if live else ""
        print(f"{start}{printable(text)}", end="\n" if text else "", file=sys.stderr, flush=True)

    return watch, note
