"""What a search works with, and how it is put together: a new run, or one that goes on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from meta_reward import files
from meta_reward.errors import GitError, UsageError
from meta_reward.evaluation.evaluate import Result
from meta_reward.harness.levels import UNCONFINED_WARNING, choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.harness.validate import Cases, cases_of, fingerprint, validate
from meta_reward.models.billing import BillingLog, open_billing_log, reconcile
from meta_reward.models.cache import Cache, folder_of_judge
from meta_reward.models.gateway import Gateway
from meta_reward.models.rate_limit import RateLimiter
from meta_reward.models.registry import make_backend
from meta_reward.models.retry import RetryPolicy
from meta_reward.propose.base import Proposer, slug
from meta_reward.propose.prompt import default_instructions, load_instructions
from meta_reward.propose.registry import make_proposer
from meta_reward.propose.views import check_history_level
from meta_reward.run import git
from meta_reward.run.config import load_run_config, new_config, overlay, raised, render_config
from meta_reward.run.create import Seed, create_run, interface_text
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import commit_paths
from meta_reward.run.set_aside import write_over
from meta_reward.run.settings import RunConfig
from meta_reward.run.taskset_record import what_changed
from meta_reward.run.usage import paid_in_evaluations, spent_on_disk
from meta_reward.search.limits import require_limit
from meta_reward.tasks.divide import Splits
from meta_reward.tasks.splits import check_requested_shares, splits_of
from meta_reward.tasks.taskset import TaskSet, load_task_set
from meta_reward.trajectory import Pair


class Progress(Protocol):
    """Who watches a search. Every method returns at once."""

    def evaluation(self, what: str, split: str, total: int, pairs: Sequence[Pair]) -> None:
        """A candidate is about to be evaluated on so many trajectories."""
        ...

    def result(self, result: Result) -> None:
        """A trajectory is done, now or in an earlier process."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line has happened."""
        ...


@dataclass(slots=True)
class Search:
    """All that a search works with. splits: task ids by split."""

    layout: Layout
    config: RunConfig
    taskset: TaskSet
    splits: Mapping[str, tuple[str, ...]]
    gateway: Gateway
    proposer: Proposer
    progress: Progress
    _cases: Cases | None = None

    @property
    def cases(self) -> Cases:
        """What belongs to single cases of the search split. What the seeds hold does not: the user wrote it."""
        if self._cases is None:
            rows = [row for row in load_ledger(self.layout.ledger) if row.iteration == 0]
            recorded = [self.layout.candidate(row.folder) / "harness.py" for row in rows]
            seeds = recorded or sorted(self.layout.staging(0).glob("*/harness.py"))
            self._cases = search_cases(self.taskset, self.splits["search"], [files.read_text(seed) for seed in seeds])
        return self._cases


def search_cases(taskset: TaskSet, search_tasks: tuple[str, ...], common: Sequence[str] = ()) -> Cases:
    """What belongs to single cases of a search split, and not to its policy, its tools or `common` texts."""
    rollouts, _ = taskset.part(search_tasks)
    return cases_of(rollouts, policy=taskset.policy, tools=taskset.tools, common=[interface_text(), *common])


async def create(
    layout: Layout,
    requested: Mapping[str, Any],
    taskset: TaskSet,
    *,
    judge: str,
    seeds: Sequence[Seed],
    instructions: str | None = None,
) -> None:
    """Make a new run. Everything that can be wrong with it is found before anything is written.

    instructions: what a proposing agent will be told, in place of the package's own.
    """
    baseline = baseline_key(seeds[0])
    facts = {"taskset": str(taskset.path.resolve()), "digest": taskset.digest, "baseline": baseline}
    level = await choose_level(new_config(requested).sandbox)
    config = new_config(overlay(requested, {**facts, "judge.spec": judge, "sandbox": level}))
    require_limit(open_gateway(config).backend, judge, requested.get("limits", {}))
    make_proposer(config.proposer).check()
    check_history_level(config.proposer)
    splits = divided(taskset, config)
    await _check_seeds(seeds, config, search_cases(taskset, splits["search"], [seed.source for seed in seeds]))
    told = default_instructions() if instructions is None else instructions
    create_run(layout, config, taskset, splits, seeds, instructions=told)


def open_search(layout: Layout, progress: Progress, *, taskset: TaskSet | None = None) -> Search:
    """All that a search on an existing run works with. Raises UsageError where its task set has changed."""
    config = load_run_config(layout.config)
    tasks = (taskset or load_task_set(Path(config.taskset))).as_of(config.digest)
    check_task_set(layout, config, tasks)
    if config.sandbox == "none":
        progress.note(UNCONFINED_WARNING)
    gateway = open_gateway(config, layout=layout, notice=progress.note)
    splits = splits_of(tasks, config.splits)
    return Search(layout, config, tasks, splits, gateway, make_proposer(config.proposer), progress)


def check_task_set(layout: Layout, config: RunConfig, tasks: TaskSet) -> None:
    """Raise UsageError where a task set is not what a run was made on; it says what changed."""
    if tasks.digest != config.digest:
        run, changed = layout.root.name, what_changed(layout, tasks, splits_of(tasks, config.splits))
        if tasks.path.resolve() == Path(config.taskset):
            what = f"task set {tasks.name} ({tasks.path}) has changed since run {run} was made: {changed}"
        else:
            what = f"run {run} is on the task set in {config.taskset}, and {tasks.path} differs: {changed}"
        raise UsageError(what, hint="start another run with --run NAME, or restore the task set")


def open_gateway(
    config: RunConfig, *, layout: Layout | None = None, notice: Callable[[str], None] = lambda text: None
) -> Gateway:
    """The gateway to the judge that the settings name, with the user's cache. Raises UsageError for an unknown one.

    layout: of the run whose account it keeps.
    """
    judge = config.judge
    backend, cache = make_backend(judge.spec, judge.settings, seed=config.seed), Cache(folder_of_judge(judge.spec))
    pace = RateLimiter(
        judge.concurrency, requests_per_minute=judge.requests_per_minute, tokens_per_minute=judge.tokens_per_minute
    )
    if layout is not None:
        open_billing_log(layout.account, paid_in_evaluations(layout))
        reconcile(layout.account, cache, backend)
    return Gateway(
        backend,
        cache,
        concurrency=judge.concurrency,
        pace=pace,
        retries=RetryPolicy(again=judge.retries, retry_after_s=judge.retry_after_s),
        account=BillingLog(layout.account) if layout else None,
        spent=spent_on_disk(layout) if layout else None,
        notice=notice,
    )


async def open_sandbox(config: RunConfig) -> Sandbox:
    """The sandbox that the settings ask for, not yet entered. Raises UsageError where this machine cannot do it."""
    return Sandbox(config.budget, level=await choose_level(config.sandbox), packages=config.packages)


async def check_sandbox(setup: Search) -> None:
    """Raise UsageError where this machine cannot do the level that a run is at, before anything is spent on it."""
    await choose_level(setup.config.sandbox, of=f"run {setup.layout.root.name}")


def divided(taskset: TaskSet, config: RunConfig) -> Splits:
    """Task ids by split. Raises UsageError for a task set that cannot be divided so."""
    check_requested_shares(taskset, config.splits)
    return splits_of(taskset, config.splits)


def raise_limits(
    layout: Layout, requested: Mapping[str, Any], *, notice: Callable[[str], None] = lambda note: None
) -> None:
    """Put raised limits, and another sandbox level, on record. notice: is told what of the file was set aside.

    Raises UsageError for any other change of an existing run's settings.
    """
    stored = load_run_config(layout.config)
    config = raised(stored, requested, layout.root.name)
    if config != stored:
        for note in write_over(layout, {layout.config: render_config(config)}):
            notice(note)
        moved = stored.sandbox != config.sandbox
        why = f"Sandbox level {config.sandbox}, which was {stored.sandbox}" if moved else "Raise limits"
        commit_paths(layout, why, [layout.config])


def keep_instructions(layout: Layout, told: str | None, *, notice: Callable[[str], None] = lambda note: None) -> None:
    """Put on record what agents will be told from now on: a new text, or what the user has made of the run's file.

    notice: is told what of the file was set aside.
    """
    if told is not None or not layout.instructions.exists():
        text = default_instructions() if told is None else told
        for note in write_over(layout, {layout.instructions: text.encode()}):
            notice(note)
    load_instructions(layout.instructions)
    if not _is_committed(layout, layout.instructions):
        commit_paths(layout, "Change the instructions", [layout.instructions])


def _is_committed(layout: Layout, path: Path) -> bool:
    try:
        return git.read(layout.root, path.name) == files.read_bytes(path)
    except GitError:
        return False


def load_seeds(folder: Path, baseline: Path | None) -> list[Seed]:
    """The harnesses of a folder, the baseline first: the given file, else the one called `baseline`, else the first."""
    seeds = [_load_seed(path) for path in sorted(folder.glob("*.py"))]
    if baseline is not None:
        first = _load_seed(baseline)
        return [first, *(seed for seed in seeds if seed.name != first.name and seed.source != first.source)]
    if not seeds:
        raise UsageError(f"{folder} holds no seed harness", hint="pass --seeds FOLDER or --baseline FILE")
    return sorted(seeds, key=lambda seed: seed.name != "baseline")


def baseline_key(seed: Seed) -> str:
    """A baseline as `run.toml` has it: its name and a digest of its source."""
    return f"{seed.name} sha256:{hashlib.sha256(seed.source.encode()).hexdigest()}"


def _load_seed(path: Path) -> Seed:
    return Seed(slug(path.stem), files.read_text(path))


async def _check_seeds(seeds: Sequence[Seed], config: RunConfig, cases: Cases) -> None:
    """Raise UsageError for the first seed that is no valid harness, before a run is made of them."""
    known: dict[str, str] = {}
    async with await open_sandbox(config) as sandbox:
        for seed in seeds:
            report = await validate(seed.source, sandbox=sandbox, known=known, packages=config.packages, cases=cases)
            if not report.ok:
                raise UsageError(f"seed {seed.name} does not validate: {report.findings[0]}")
            known[fingerprint(seed.source)] = f"seed {seed.name}"
