"""What studies that are made of searches share: options, settings of the searches, and how the study is run."""

import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from meta_reward.cli.common import (
    Command,
    default_judge,
    dry_run_option,
    json_option,
    judge_option,
    max_usd_option,
    print_json,
    sandbox_option,
)
from meta_reward.cli.find import open_task_set, seed_folder, study_path
from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.run.create import Seed
    from meta_reward.run.settings import RunConfig
    from meta_reward.search.studies.folder import StudyFolder, Subject
    from meta_reward.search.studies.runner import Means
    from meta_reward.tasks.base import AnyTaskSet

_Tables = TypeVar("_Tables")
_OPTIONS = (
    judge_option,
    click.option("--baseline", type=click.Path(path_type=Path), help="Program to beat. Default: the seed `baseline`."),
    click.option("--config", type=click.Path(path_type=Path), help="TOML file with the tables of run.toml; flags win."),
    sandbox_option,
    click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="Searches at a time."),
    max_usd_option,
    click.option("--name", help="Name of the folder in ./runs. Default: the study and what it is about."),
    dry_run_option,
    json_option,
)


def searches_options(command: Command) -> Command:
    """Options: what every study that is made of searches takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Shared:
    """What all searches of a study share."""

    config: "RunConfig"
    taskset: "AnyTaskSet"
    seeds: "Sequence[Seed]"
    search: tuple[str, ...]
    """The same settings as arguments of `meta-reward search`."""
    given: dict[str, str]
    """Digests of the files that they are given, each by what it is."""


@dataclass(frozen=True, slots=True)
class Study(Generic[_Tables]):
    """A study that is made of searches."""

    subject: "Subject"
    name: str
    """Of its folder, unless --name is given."""
    configs: "Sequence[RunConfig]"
    """Of the searches, and of whatever else asks a model."""
    work: "Callable[[StudyFolder, Means, bool], Coroutine[Any, Any, _Tables]]"
    """Starts or resumes it, and returns its tables. The bool says whether any model is simulated."""
    blocks: "Callable[[_Tables], Sequence[Block]]"
    """Renders its tables."""
    estimate: "Callable[[StudyFolder], Coroutine[Any, Any, tuple[object, Sequence[Block]]]]"
    """What it would ask and cost, as JSON and as blocks for people."""


def shared(taskset: str, flags: dict[str, Any], *, pairs: bool = False) -> Shared:
    """What the searches of a study share, from its flags. pairs: whether only a task set of pairs will do."""
    from meta_reward.kinds.reward import pairwise
    from meta_reward.search.create import load_seeds

    config, arguments = _settings(flags)
    tasks = open_task_set(taskset, config.splits)
    tasks = pairwise(tasks) if pairs else tasks
    judge = default_judge(tasks, flags["judge"] or (config.judge.spec if flags["config"] else None))
    seeds = load_seeds(flags["seeds"] or seed_folder(tasks), flags["baseline"])
    given = _given_files(flags, config, seeds)
    config = replace(config, judge=replace(config.judge, spec=judge))
    return Shared(config, tasks, seeds, ("--judge", judge, *arguments), given)


def _settings(flags: dict[str, Any]) -> tuple["RunConfig", list[str]]:
    """The settings that all searches share, and the same as arguments, without the judge."""
    from meta_reward.run.config import load_user_config, new_config, overlay

    keys = {
        "judge": "judge.spec",
        "proposer": "proposer.spec",
        "iterations": "limits.iterations",
        "candidates": "proposer.candidates",
        "sandbox": "sandbox",
    }
    asked = {key: flags.get(flag) for flag, key in keys.items()}
    config = new_config(overlay(load_user_config(flags["config"]), asked))
    if other := [name for name in ("max_calls", "max_tokens", "max_hours") if getattr(config.limits, name)]:
        what = f"{flags['config']}: {other[0]} would limit each search, and a search that it stops cannot be tested"
        raise UsageError(what, hint="leave it out; --max-usd limits the study")
    names = ("proposer", "iterations", "candidates", "sandbox", "seeds", "baseline", "config")
    given = {name: flags[name] for name in names if flags.get(name) is not None}
    words = {name: str(value.resolve() if isinstance(value, Path) else value) for name, value in given.items()}
    return config, [word for name, value in words.items() for word in (f"--{name}", value)]


def _given_files(flags: dict[str, Any], config: "RunConfig", seeds: "Sequence[Seed]") -> dict[str, str]:
    """Digests of the files that all searches are given, leaving out limits and whatever has no effect on results."""
    from dataclasses import asdict

    from meta_reward.files import digest
    from meta_reward.run.settings import JudgeSettings, Limits

    found = {}
    if flags["seeds"] or flags["baseline"]:
        found["what --seeds and --baseline hold"] = digest([seed.source for seed in seeds])
    if flags["config"]:
        judge = JudgeSettings(config.judge.spec, settings=config.judge.settings)
        limits = Limits(config.limits.iterations, config.limits.patience)
        found["what --config holds"] = digest(asdict(replace(config, judge=judge, limits=limits, sandbox="auto")))
    return found


def make_study(study: Study[_Tables], flags: dict[str, Any]) -> None:
    """Start or resume a study that is made of searches, and show its tables; with --dry-run say what it would take."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.cli.study import finish
    from meta_reward.search.studies.folder import StudyFolder, check_free, open_study
    from meta_reward.search.studies.runner import Means

    root, max_usd, as_json = study_path(flags["name"] or study.name), flags["max_usd"], flags["as_json"]
    if flags["dry_run"]:
        check_free(root, study.subject)
        _show(*run_interruptible(study.estimate(StudyFolder(root, study.subject))), as_json)
        return
    checked = [_check_limit(config, max_usd) for config in study.configs]
    with open_study(root, study.subject) as folder, shown(quiet=as_json) as progress:
        tables = run_interruptible(study.work(folder, Means(flags["jobs"], max_usd or 0.0, progress), any(checked)))
        finish(folder, tables, study.blocks(tables), as_json)


def _show(found: object, blocks: "Sequence[Block]", as_json: bool) -> None:
    from meta_reward.report.blocks import render_text

    if as_json:
        print_json(found)
    else:
        click.echo(render_text(blocks))


def _check_limit(config: "RunConfig", max_usd: float | None) -> bool:
    """Whether the judge is simulated. Raises UsageError if it may cost money and there is no limit."""
    from meta_reward.search.limits import require_limit
    from meta_reward.search.open import open_backend

    backend = open_backend(config)
    limits = {} if max_usd is None else {"max_usd": max_usd}
    lacking = "give its price in --config, as price_input and price_output"
    require_limit(backend, config.judge.spec, limits, unpriced=lacking)
    return backend.simulated
