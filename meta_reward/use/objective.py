"""A finished reward as the objective of a search over agents."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from meta_reward.errors import LimitReached, UsageError
from meta_reward.kinds.registry import kind_of
from meta_reward.models.billing import load_bill, open_billing_log, reconcile
from meta_reward.models.cache import Cache, folder_of_judge
from meta_reward.models.usage import Spent
from meta_reward.run.config import load_run_config
from meta_reward.run.events import EventLog
from meta_reward.run.layout import Layout
from meta_reward.run.settings import LEARNED, RunConfig
from meta_reward.search.context import Search
from meta_reward.search.limits import require_limit
from meta_reward.search.objective import LearnedReward
from meta_reward.search.open import open_backend, task_set_of
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.tasks.splits import splits_of
from meta_reward.trajectory import Trajectory
from meta_reward.use.in_order import in_order
from meta_reward.use.loaded import Loaded, Wanted, load
from meta_reward.use.scorer import Scored, Scorer

_RUNS = Path("runs")
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
    if named in ("", spec):  # official, or what the settings refuse
        return spec
    path = Path(named)
    found = next((p for p in (path, _RUNS / path) if p.exists()), None)
    if found is None:
        raise UsageError(f"there is no {path} to learn from", hint="name a finished run, an export or a harness")
    return f"{LEARNED}{found.resolve()}"


def check_objective(config: RunConfig, taskset: AnyTaskSet) -> list[str]:
    """Notes on the reward that will score a new run; none if the run is scored by trusted outcomes.

    Raises UsageError if the task set's programs do not act in a world, the reward's run is not finished, its cost is
    not limited, or it was learned from test tasks of this task set.
    """
    loaded = load_objective(config)
    if loaded is None:
        return []
    if not kind_of(taskset).acts:
        what = f"programs of kind {taskset.about.kind} do not act in a world, so a learned reward cannot score them"
        raise UsageError(what, hint="leave --objective out")
    _require_limit(loaded)
    return [*loaded.about(), *_shared_tasks(config, splits_of(taskset, config.splits)["test"])]


def load_objective(config: RunConfig) -> Loaded | None:
    """The reward that a run's settings name; None if the run is scored by trusted outcomes.

    Raises UsageError for a run without a decision, and for a path that is not a run, an export or a harness.
    """
    settings = config.objective
    path = settings.spec.removeprefix(LEARNED)
    wanted = Wanted(max_usd=settings.max_usd or None, candidate=settings.candidate)
    return None if path == settings.spec else load(Path(path), wanted)


def _require_limit(loaded: Loaded) -> None:
    """Raise UsageError if the reward's judge may cost money and nothing limits it."""
    try:
        require_limit(open_backend(loaded.config), loaded.config.judge.spec, loaded.limits)
    except UsageError as error:
        raise UsageError(f"the reward's judge: {error.what}", hint="set max_usd in [objective] of --config") from None


async def under_objective(search: Search, work: Callable[[Search], Awaitable[_T]]) -> _T:
    """Do the work of a search with its learned reward open, if it has one."""
    loaded = load_objective(search.config)
    if loaded is None:
        return await work(search)
    async with LearnedObjective(loaded, search.layout, search.events) as objective:
        search.objective = objective
        return await work(search)


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
