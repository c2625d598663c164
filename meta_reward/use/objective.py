"""A finished reward as the objective of a search over agents."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from meta_reward.errors import LimitReached, UsageError
from meta_reward.kinds.registry import kind_of
from meta_reward.models.billing import load_bill, open_billing_log, reconcile
from meta_reward.models.cache import Cache, folder_of_judge
from meta_reward.models.usage import Spent
from meta_reward.run.config import load_run_config
from meta_reward.run.events import EventLog
from meta_reward.run.layout import Layout
from meta_reward.run.settings import LEARNED, OFFICIAL, RunConfig
from meta_reward.search.context import Search
from meta_reward.search.limits import require_limit
from meta_reward.search.objective import LearnedReward
from meta_reward.search.open import open_backend, task_set_of
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.splits import splits_of
from meta_reward.trajectory import Trajectory
from meta_reward.use.in_order import in_order
from meta_reward.use.loaded import Loaded, Wanted, chosen_in, load
from meta_reward.use.scorer import Scored, Scorer

_RUNS = Path("runs")
_PRICED = "set max_usd in [objective] of --config"
_UNPRICED = "say what it costs, price_input and price_output in the settings of that judge"
_CANDIDATE = re.compile(rf"({LEARNED}.+):(c\d+)")
_T = TypeVar("_T")


def objective_given(spec: str) -> dict[str, str]:
    """The keys of `[objective]` for a spec of the user's: `official`, `learned:RUN` or `learned:RUN:c0007`.

    Raises UsageError if nothing is found at RUN.
    """
    named = _CANDIDATE.fullmatch(spec)
    spec, candidate = named.groups() if named else (spec, "")
    return {"objective.spec": _with_whole_path(spec), "objective.candidate": candidate}


def _with_whole_path(spec: str) -> str:
    named = spec.removeprefix(LEARNED)
    if spec == OFFICIAL:
        return spec
    if named in ("", spec):
        raise UsageError(f"--objective {spec!r} is unknown", hint=f"give {OFFICIAL} or {LEARNED}RUN")
    path = Path(named)
    found = next((p for p in (path, _RUNS / path) if p.exists()), None)
    if found is None:
        raise UsageError(f"there is no {path} to learn from", hint="name a finished run, an export or a harness")
    return f"{LEARNED}{found.resolve()}"


def check_objective(config: RunConfig, taskset: AnyTaskSet, limits: Mapping[str, Any]) -> list[str]:
    """Notes on the reward that will score a new run; none if the run is scored by trusted outcomes.

    limits: those that the user has set.
    Raises UsageError if the task set's programs do not act in a world, the reward's run is not finished, its cost is
    not limited, or it was learned from test tasks of this task set.
    """
    loaded = load_objective(config)
    if loaded is None:
        if config.objective.validate_on:
            what = "--validate-on says what decides beside a learned reward, and there is none"
            raise UsageError(what, hint="name one with --objective learned:RUN, or leave --validate-on out")
        return []
    if not kind_of(taskset).acts:
        what = f"programs of kind {taskset.about.kind} do not act in a world, so a learned reward cannot score them"
        raise UsageError(what, hint="leave --objective out")
    _require_limit(loaded, limits)
    return [*loaded.about(), *_shared_tasks(config, splits_of(taskset, config.splits)["test"])]


def load_objective(config: RunConfig) -> Loaded | None:
    """The reward that a run's settings name; None if the run is scored by trusted outcomes.

    Raises UsageError for a run without a decision, for a path that is not a run, an export or a harness, and for a
    reward that has changed since the run was made.
    """
    settings = config.objective
    path = Path(settings.spec.removeprefix(LEARNED))
    if settings.spec == OFFICIAL:
        return None
    if not path.exists():
        raise UsageError(f"the learned reward {path} is not there", hint="put it back where it was")
    if path.is_file() and not settings.judge:
        what = f"the harness {path} names no judge"
        raise UsageError(what, hint="set judge in [objective] of --config, or name a run or an export")
    candidate = settings.candidate or settings.chosen
    loaded = load(path, Wanted(settings.judge or None, max_usd=settings.max_usd or None, candidate=candidate))
    if settings.digest not in ("", loaded.digest):
        what = f"the learned reward {path} has changed since the run was made"
        raise UsageError(what, hint="restore its program and its judge, or start another run with --run NAME")
    return loaded


def objective_as_it_is(config: RunConfig) -> dict[str, str]:
    """The keys of `[objective]` that hold a new run to its reward as it is now; none where no reward was learned."""
    loaded = load_objective(config)
    if loaded is None:
        return {}
    layout = Layout(Path(config.objective.spec.removeprefix(LEARNED)))
    chosen = chosen_in(layout, config.objective.candidate)[0].id if layout.config.exists() else ""
    return {"objective.chosen": chosen, "objective.digest": loaded.digest}


def _require_limit(loaded: Loaded, given: Mapping[str, Any]) -> None:
    """Raise UsageError if the reward's judge may cost money and nothing limits it.

    given: the limits of the search; `--max-usd none` lifts that of the reward as well.
    """
    lifted = {"max_usd": 0.0} if given.get("max_usd") == 0 else {}
    backend, limits = open_backend(loaded.config), {**lifted, **loaded.limits}
    try:
        require_limit(backend, loaded.config.judge.spec, limits, unpriced=_UNPRICED, priced=_PRICED)
    except UsageError as error:
        raise UsageError(f"the reward's judge: {error.what}", hint=error.hint) from None


async def under_objective(
    search: Search, work: Callable[[Search], Awaitable[_T]], *, only_if_needed: bool = False
) -> _T:
    """Do the work of a search with its learned reward open, if it has one.

    only_if_needed: a reward that is gone or has changed is an error only where one is asked for.
    """
    try:
        loaded = load_objective(search.config)
    except UsageError as error:
        if not only_if_needed:
            raise
        search.objective = _Unavailable(error)
        return await work(search)
    if loaded is None:
        return await work(search)
    limited = replace(loaded, limits={"max_usd": 0.0, **loaded.limits})  # whether none is wanted was asked of a new run
    async with LearnedObjective(limited, search.layout, search.events) as objective:
        search.objective = objective
        return await work(search)


@dataclass(frozen=True, slots=True)
class _Unavailable:
    """Stands for a reward that cannot be loaded."""

    why: UsageError

    async def rewards(
        self, trajectories: Mapping[str, Trajectory], *, on_reward: Callable[[LearnedReward], None] = lambda one: None
    ) -> list[LearnedReward]:
        """Raises the UsageError that says why."""
        raise self.why


def _shared_tasks(config: RunConfig, test_tasks: Collection[str]) -> list[str]:
    """Notes on test tasks that this search shares with the one that found its reward.

    Raises UsageError if a task of the reward's search or validation split is a test task here: the reward would be
    tested on labels that it was learned from.
    """
    path = Path(config.objective.spec.removeprefix(LEARNED))
    layout = Layout(path)
    if not layout.config.exists():
        return [f"{path} does not say which tasks it was learned from"]
    stored = load_run_config(layout.config)
    splits = splits_of(task_set_of(layout, stored), stored.splits)
    leaked = sorted({*splits["search"], *splits["validation"]} & set(test_tasks))
    if leaked:
        what = f"test tasks are among those that {path.name} was learned from: {_some(leaked)}"
        raise UsageError(
            what, hint="name a reward that was learned from other tasks, or rename tasks that only share an id"
        )
    shared = sorted(set(splits["test"]) & set(test_tasks))
    return [f"test tasks are also in the test split of {path.name}: {_some(shared)}"] if shared else []


def _some(tasks: Sequence[str]) -> str:
    return f"{len(tasks)}, such as {tasks[0]}"


class LearnedObjective:
    """A reward in its own sandbox, billed separately in the run that it scores. Use as an async context manager."""

    def __init__(self, loaded: Loaded, layout: Layout, events: EventLog) -> None:
        self._loaded = loaded
        account = layout.objective_account
        billing = open_billing_log(account, Spent())
        reconcile(account, Cache(folder_of_judge(loaded.config.judge.spec)), open_backend(loaded.config))
        self._scorer = Scorer(loaded, billing=billing, spent=load_bill(account).spent, notice=events.note)

    async def __aenter__(self) -> Self:
        await self._scorer.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._scorer.__aexit__(kind, error, trace)

    async def rewards(
        self, trajectories: Mapping[str, Trajectory], *, on_reward: Callable[[LearnedReward], None] = lambda one: None
    ) -> list[LearnedReward]:
        """The reward of each trajectory, in order. trajectories: by example. Raises as `Scorer.score`."""
        found: list[LearnedReward] = []

        def emit(id: str, scored: Scored) -> None:
            found.append(_reward(id, scored))
            on_reward(found[-1])

        async def score(id: str) -> Scored:
            return await self._scorer.score_trajectory(trajectories[id])

        try:
            await in_order(trajectories, score, emit, at_once=self._scorer.gateway.concurrency)
        except LimitReached as limit:
            name = f"{limit.name} of the learned reward"
            raise LimitReached(name, limit.used, limit.limit, expected=limit.expected) from None
        return found


def _reward(example: str, scored: Scored) -> LearnedReward:
    tokens = scored.usage.input_tokens + scored.usage.output_tokens
    return LearnedReward(example, scored.score, scored.reason, scored.error, scored.usage.judge_calls, tokens)
