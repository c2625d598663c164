"""`meta-reward score`: rewards for trajectories without labels."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_reward.cli.common import json_option, judge_option, limits_given, sandbox_option, spending_options
from meta_reward.cli.find import find_run
from meta_reward.tasks.importers.registry import FORMATS

if TYPE_CHECKING:
    from meta_reward.use.loaded import Loaded
    from meta_reward.use.score_files import Tally

_PATH = click.Path(path_type=Path)
_STANDARD_INPUT = Path("-")
_LIVE_EVERY_S, _PLAIN_EVERY_S = 0.2, 20.0


@click.command("score")
@click.argument("harness", metavar="RUN|HARNESS")
@click.argument("paths", metavar="FILE...", nargs=-1, type=_PATH)
@click.option("--pair", nargs=2, metavar="A B", help="Judge two trajectories: files with one each, or ids of a run.")
@click.option("--show-chain", is_flag=True, help="With --pair: also what the judge thought, called and answered.")
@click.option("--out", type=_PATH, help="Write to this file; the same command resumes after a stop.")
@click.option("--best-of", metavar="FIELD", help="Also write the best trajectory for each value of this field.")
@judge_option
@click.option("--concurrency", type=click.IntRange(min=1), help="Trajectories and judge calls at a time.")
@sandbox_option
@spending_options
@click.option("--format", "format_", type=click.Choice(sorted(FORMATS)), help="Detected where it is left out.")
@click.option("--policy", type=_PATH, help="A file with the policy, in place of what the trajectories say.")
@click.option("--tools", type=_PATH, help="A JSON list of the tools, in place of what the trajectories say.")
@click.option("--task-key", metavar="KEY", help="The field that names the task; a.b is field b of field a.")
@click.option("--config", type=_PATH, help="A file with the tables of run.toml.")
@json_option
def command(
    harness: str,
    paths: tuple[Path, ...],
    pair: tuple[str, str] | None,
    out: Path | None,
    best_of: str | None,
    format_: str | None,
    task_key: str | None,
    **flags: Any,
) -> int:
    """Score trajectories with a run's chosen harness, an export, or a harness of your own.

    \b
    meta-reward score night-1 new-runs.jsonl --out scored.jsonl --max-usd 5
    meta-reward score night-1 new-runs.jsonl --out scored.jsonl --best-of task
    meta-reward score my_harness.py new-runs.jsonl --judge simulated
    my-agent | meta-reward score night-1 - --out scored.jsonl
    meta-reward score night-1 --pair good.json t009-r2 --show-chain

    Each line of a FILE is an object with messages, and optionally policy, tools, task and id; all formats that `import`
    reads are accepted. - is standard input, which is read to its end first. The output has one line per trajectory, in
    the same order, with a score from 0 to 100. A trajectory that could not be scored has null, and its line says why.

    --pair judges two trajectories once; a program that compares sees them in both orders. A and B are files with one
    trajectory each, or ids from the search split of RUN.
    """
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.report.scored import render_scored
    from meta_reward.use.score_files import Job, score_files
    from meta_reward.use.trajectories import count_rows

    if pair:
        return _score_pair(harness, pair, {"paths": paths, "--out": out, "--best-of": best_of}, flags)
    if not paths:
        raise click.UsageError("Missing argument 'FILE...', or --pair.")
    if flags["show_chain"] or flags["as_json"]:
        raise click.UsageError("--show-chain and --json go with --pair")
    if best_of and out is None:
        raise click.UsageError("--best-of needs --out")
    if task_key and best_of not in (None, "task", task_key):
        raise click.UsageError("--best-of and --task-key name different fields: leave --task-key out")
    loaded = loaded_with(harness, flags)
    with _at_hand(paths) as files:
        job = Job(loaded, files, out, best_of, format_, task_key)
        counts = [count_rows(path, format=format_) for path in files]
        total = None if None in counts else sum(count or 0 for count in counts)
        watch, note = _shown(total)
        tally = run_interruptible(score_files(job, watch=watch, notice=note))
        note("")
        click.echo(render_scored(job, tally), err=out is None)
    return 1 if tally.lines and tally.failed == tally.lines else 0


def _score_pair(harness: str, pair: tuple[str, str], others: Mapping[str, object], flags: Mapping[str, Any]) -> int:
    """Judge a pair, as the flags say. others: values of options that --pair refuses, by name."""
    from meta_reward.cli.score_pair import score_pair

    for name, value in others.items():
        if value:
            raise click.UsageError(f"--pair takes no {'FILE' if name == 'paths' else name}")
    return score_pair(harness, pair, flags)


def path_of_harness(harness: str) -> Path:
    """The path of a harness, an export, or a run, which may be given by name."""
    from meta_reward.use.loaded import SETTINGS

    path = Path(harness)
    known = path.suffix == ".py" or path.is_file() or (path / SETTINGS).exists()
    return path if known else find_run(harness)


def loaded_with(harness: str, flags: Mapping[str, Any], *, kinds: Collection[str] = ()) -> "Loaded":
    """The program that scores, as the flags of `score` and `serve` say. kinds: which are accepted; default: rewards."""
    from dataclasses import replace

    from meta_reward import files
    from meta_reward.run.config import load_user_config, overlay
    from meta_reward.tasks.about import REWARDS
    from meta_reward.tasks.importers.messages import clean
    from meta_reward.tasks.importers.tools import load_tools
    from meta_reward.use.loaded import Wanted, load
    from meta_reward.use.trajectories import Instead

    about = {"judge.concurrency": flags["concurrency"], "sandbox": flags["sandbox"], **limits_given(flags)}
    tables = overlay(load_user_config(flags["config"]), about)
    loaded = load(path_of_harness(harness), Wanted(flags["judge"], tables, kinds=kinds or REWARDS))
    policy = clean(files.read_text(flags["policy"])) if flags["policy"] else None
    tools = load_tools(flags["tools"]) if flags["tools"] else None
    return replace(loaded, shared=replace(loaded.shared, instead=Instead(policy, tools)))


@contextmanager
def _at_hand(paths: tuple[Path, ...]) -> Iterator[tuple[Path, ...]]:
    """The files, with standard input copied to one, since files are read several times."""
    if _STANDARD_INPUT not in paths:
        yield paths
        return
    with tempfile.TemporaryDirectory(prefix="meta-reward-") as folder:
        copy = Path(folder) / "standard input"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield tuple(copy if path == _STANDARD_INPUT else path for path in paths)


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
