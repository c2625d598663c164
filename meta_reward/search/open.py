"""Open what a search works with: an existing run, the gateway to its judge, the sandbox."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.completion import Backend, Model
from meta_reward.errors import UsageError
from meta_reward.harness.levels import UNCONFINED_WARNING, choose_level
from meta_reward.harness.sandbox import Sandbox
from meta_reward.kinds.registry import load_any_task_set
from meta_reward.models.billing import BillingLog, open_billing_log, reconcile, unfinished_bill
from meta_reward.models.cache import Cache, default_cache_folder, folder_of_judge
from meta_reward.models.gateway import Gateway
from meta_reward.models.rate_limit import RateLimiter
from meta_reward.models.registry import make_backend
from meta_reward.models.retry import RetryPolicy
from meta_reward.models.usage import Spent
from meta_reward.propose.registry import make_proposer
from meta_reward.run.config import load_run_config
from meta_reward.run.events import OUTAGE, RECOVERY, EventLog
from meta_reward.run.layout import Layout
from meta_reward.run.settings import RunConfig
from meta_reward.run.taskset_record import what_changed
from meta_reward.run.usage import paid_in_evaluations, spent_on_disk
from meta_reward.search.context import Progress, Search
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.divide import Splits
from meta_reward.tasks.splits import check_requested_shares, splits_of


def open_search(layout: Layout, progress: Progress, *, taskset: AnyTaskSet | None = None) -> Search:
    """The context of a search on an existing run. Raises UsageError if its task set has changed."""
    events = EventLog(layout.events, progress.note)
    return make_search(layout, task_set_of(layout, load_run_config(layout.config), taskset), progress, events)


def make_search(layout: Layout, taskset: AnyTaskSet, progress: Progress, events: EventLog) -> Search:
    """The context of a search, for a task set that `task_set_of` returned."""
    config = load_run_config(layout.config)
    if config.sandbox == "none":
        events.note(UNCONFINED_WARNING)
    gateway = open_run_gateway(config, layout, events)
    splits = splits_of(taskset, config.splits)
    return Search(layout, config, taskset, splits, gateway, make_proposer(config.proposer), progress, events)


def task_set_of(layout: Layout, config: RunConfig, taskset: AnyTaskSet | None = None) -> AnyTaskSet:
    """The task set of a run, as of the run's creation. Raises UsageError if it has changed.

    taskset: the task set as it is today; loaded if None.
    """
    then = (taskset or load_any_task_set(Path(config.taskset), kind=config.kind)).as_of(config.digest)
    check_task_set(layout, config, then)
    return then


def check_task_set(layout: Layout, config: RunConfig, tasks: AnyTaskSet) -> None:
    """Raise UsageError if a task set is not the one that a run was made on; the message says what has changed."""
    if tasks.digest != config.digest:
        run, changed = layout.root.name, what_changed(layout, tasks, splits_of(tasks, config.splits))
        if tasks.path.resolve() == Path(config.taskset):
            what = f"task set {tasks.name} ({tasks.path}) has changed since run {run} was made: {changed}"
        else:
            what = f"run {run} is on the task set in {config.taskset}, and {tasks.path} differs: {changed}"
        raise UsageError(what, hint="start another run with --run NAME, or restore the task set")


def open_run_gateway(config: RunConfig, layout: Layout, events: EventLog | None = None) -> Gateway:
    """The gateway of a run, with its billing log and what the run has spent so far.

    events: receives outages and notices. Raises UsageError for a judge that cannot be made.
    """
    backend = open_backend(config)
    billing = open_billing_log(layout.account, paid_in_evaluations(layout))
    for model, replies in [(backend, Cache(folder_of_judge(config.judge.spec))), *open_roles(config).values()]:
        reconcile(layout.account, replies, model)
    return open_gateway(config, backend, billing=billing, spent=spent_on_disk(layout), events=events)


def open_bill(
    config: RunConfig, backend: Backend, purpose: str, of: Any
) -> AbstractContextManager[tuple[BillingLog, Spent]]:
    """The billing log of a job outside any run, and what earlier starts of that job have spent.

    The log is kept until the job is finished. A simulated judge costs nothing and has no log. purpose: the beginning of
    the log's name. of: a JSON value that identifies the job.
    """
    if backend.simulated:
        return nullcontext((BillingLog(), Spent()))
    cache = Cache(folder_of_judge(config.judge.spec))
    name = f"{purpose}-{files.digest(of)[:16]}"
    return unfinished_bill(default_cache_folder() / "unfinished", name, cache, backend)


def open_backend(config: RunConfig) -> Model:
    """The judge that the settings name. Raises UsageError if it is unknown or does not take these settings."""
    return make_backend(config.judge.spec, config.judge.settings, seed=config.seed)


def open_roles(config: RunConfig) -> dict[str, tuple[Model, Cache]]:
    """The models that play a role in place of the judge, by role, each with its cache. Raises as `open_backend`."""
    named = config.judge.roles
    if not named.router:
        return {}
    try:
        router = make_backend(named.router, named.router_settings, seed=config.seed)
    except UsageError as error:
        raise UsageError(f"[judge.roles] router: {error}") from None
    return {"router": (router, Cache(folder_of_judge(named.router)))}


def open_gateway(
    config: RunConfig,
    backend: Backend,
    *,
    billing: BillingLog | None = None,
    spent: Spent | None = None,
    notice: Callable[[str], None] = lambda text: None,
    events: EventLog | None = None,
) -> Gateway:
    """A gateway to a judge with the user's cache, and with the concurrency, rate limits and retries of the settings.

    billing: where calls are billed. spent: what earlier starts have spent. notice: called with a line that a person
    should see. events: the event log of a run, which takes notices instead, and outages.
    """
    judge = config.judge
    return Gateway(
        backend,
        Cache(folder_of_judge(judge.spec)),
        concurrency=judge.concurrency,
        rate_limiter=RateLimiter(
            judge.concurrency, requests_per_minute=judge.requests_per_minute, tokens_per_minute=judge.tokens_per_minute
        ),
        retries=RetryPolicy(again=judge.retries, retry_after_s=judge.retry_after_s),
        billing=billing,
        spent=spent,
        notice=events.note if events else notice,
        outage=partial(_tell_outage, events) if events else lambda why: None,
        roles=open_roles(config),
    )


def _tell_outage(events: EventLog, why: str) -> None:
    if why:
        events.add(OUTAGE, f"the judge does not answer: {why}", why=why)
    else:
        events.add(RECOVERY, "the judge answers again")


async def open_sandbox(config: RunConfig) -> Sandbox:
    """The sandbox that the settings ask for, not yet entered. Raises UsageError if this machine does not support it."""
    return Sandbox(config.budget, level=await choose_level(config.sandbox), packages=config.packages)


async def check_sandbox(search: Search) -> None:
    """Raise UsageError if this machine does not support the sandbox level of a run, before anything is spent."""
    await choose_level(search.config.sandbox, of=f"run {search.layout.root.name}")


def divided(taskset: AnyTaskSet, config: RunConfig) -> Splits:
    """Task ids by split. Raises UsageError if the settings ask for shares that it cannot have."""
    check_requested_shares(taskset, config.splits)
    return splits_of(taskset, config.splits)
