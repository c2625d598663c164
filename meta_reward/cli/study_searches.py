"""What studies that are made of searches share: the settings of those, as flags and as digests."""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from meta_reward.errors import UsageError

if TYPE_CHECKING:
    from meta_reward.report.blocks import Block
    from meta_reward.run.create import Seed
    from meta_reward.run.settings import RunConfig
    from meta_reward.search.studies.folder import StudyFolder, Subject
    from meta_reward.search.studies.runner import Means

_Tables = TypeVar("_Tables")


def check_limit(judge: str, config: "RunConfig", max_usd: float | None) -> bool:
    """Whether the judge is simulated. Raises UsageError for one that may cost money without a limit."""
    from meta_reward.models.registry import make_backend
    from meta_reward.search.limits import require_limit

    backend = make_backend(judge, config.judge.settings, seed=config.seed)
    limits = {} if max_usd is None else {"max_usd": max_usd}
    require_limit(backend, judge, limits, unpriced="give its price in --config, as price_input and price_output")
    return backend.simulated


def shared_search(flags: dict[str, Any]) -> tuple["RunConfig", list[str]]:
    """The settings that all searches share, and the arguments that say so, without the judge."""
    from meta_reward.run.config import load_user_config, new_config, overlay

    keys = {
        "judge": "judge.spec",
        "proposer": "proposer.spec",
        "iterations": "limits.iterations",
        "candidates": "proposer.candidates",
        "sandbox": "sandbox",
    }
    config = new_config(overlay(load_user_config(flags["config"]), {key: flags[flag] for flag, key in keys.items()}))
    if other := [name for name in ("max_calls", "max_tokens", "max_hours") if getattr(config.limits, name)]:
        what = f"{flags['config']}: {other[0]} would hold for each search, and none it stops could be tested"
        raise UsageError(what, hint="leave it out; --max-usd holds for the study")
    names = ("proposer", "iterations", "candidates", "sandbox", "seeds", "baseline", "config")
    given = {name: flags[name] for name in names if flags[name] is not None}
    words = {name: str(value.resolve() if isinstance(value, Path) else value) for name, value in given.items()}
    return config, [word for name, value in words.items() for word in (f"--{name}", value)]


def given_files(flags: dict[str, Any], config: "RunConfig", seeds: "Sequence[Seed]") -> dict[str, str]:
    """Digests of the files that all searches are given; without limits, and what has no effect on results."""
    from dataclasses import asdict, replace

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


def run_study(
    work: "Callable[[StudyFolder, Means], Coroutine[Any, Any, _Tables]]",
    blocks: "Callable[[_Tables], Sequence[Block]]",
    *,
    root: Path,
    subject: "Subject",
    processes: int,
    max_usd: float | None,
    as_json: bool,
) -> None:
    """Make a study that is made of searches, or go on with it, and show its tables. blocks: what they look like."""
    from meta_reward.cli.interrupt import run_interruptible
    from meta_reward.cli.progress import shown
    from meta_reward.cli.study import finish
    from meta_reward.search.studies.folder import open_study
    from meta_reward.search.studies.runner import Means

    with open_study(root, subject) as study, shown(quiet=as_json) as progress:
        tables = run_interruptible(work(study, Means(processes, max_usd or 0.0, progress.note)))
        finish(study, tables, blocks(tables), as_json)
