"""What a learned reward will cost a search that it scores, estimated from what it asks about a sample.

For the agents' trials, the sample is trials of the seeds on the search split, with a simulated model in place of a real
one. For traces, it is some of them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.kinds.registry import kind_of, kind_of_source
from meta_reward.kinds.reward import reward_part
from meta_reward.run.create import Seed
from meta_reward.run.layout import Layout
from meta_reward.run.settings import RunConfig
from meta_reward.search.forecast import (
    Expense,
    Forecast,
    Load,
    evaluate_sample,
    examples_scored,
    loads_of,
    priced,
    sample_of,
)
from meta_reward.search.objective import is_learned
from meta_reward.search.open import divided, open_backend
from meta_reward.search.traces import has_traces, load_traces, missing_traces
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.trajectory import Rollout, Trajectory
from meta_reward.use.loaded import Loaded
from meta_reward.use.objective import load_objective

_SAMPLE = 20
_SPLITS = ("search", "validation")
_REWARD = "reward"


@dataclass(frozen=True, slots=True)
class RewardForecast:
    """What the learned rewards of some trajectories will ask and cost."""

    what: str
    """What the trajectories are: `trial` or `trace`."""
    trajectories: int
    judge: str
    expense: Expense


async def reward_forecasts(
    config: RunConfig, taskset: AnyTaskSet, seeds: Sequence[Seed], layout: Layout, whole: Forecast
) -> list[RewardForecast]:
    """Forecasts for agents' trials and for traces that have no reward yet; none without a learned reward.

    layout: of the run, which need not exist yet. whole: the forecast for the search itself.
    """
    loaded = load_objective(config)
    if loaded is None:
        return []
    splits = [split for split in _SPLITS if is_learned(config.objective, split)]
    trials = examples_scored(whole, 0 if layout.config.exists() else len(seeds), splits)
    found = [await _forecast(loaded, "trial", trials, await _sample_of_trials(config, taskset, seeds))]
    if config.objective.traces and not has_traces(layout):
        missing = [rollout.trajectory for rollout in missing_traces(layout, load_traces(config.objective))]
        found.append(await _forecast(loaded, "trace", len(missing), missing))
    return found


async def _sample_of_trials(config: RunConfig, taskset: AnyTaskSet, seeds: Sequence[Seed]) -> list[Trajectory]:
    kind, search = kind_of(taskset), divided(taskset, config)["search"]
    sample = sample_of(kind.part(taskset, search), config.seed)
    done = await evaluate_sample(config, kind, seeds, sample, open_backend(config), kind.hosts(taskset))
    return [one for evaluation in done.values() for one in kind.trajectories(taskset, evaluation).values()]


async def _forecast(loaded: Loaded, what: str, scored: int, some: Sequence[Trajectory]) -> RewardForecast:
    """The forecast for `scored` trajectories. what: `trial` or `trace`. some: trajectories to draw a sample from."""
    drawn = random.Random(loaded.config.seed).sample(some, min(_SAMPLE, len(some)))
    rollouts = [Rollout(f"{number}", what, one) for number, one in enumerate(drawn)]
    backend, seeds, each = open_backend(loaded.config), [Seed(_REWARD, loaded.source)], {_REWARD: Load()}
    if rollouts:
        each = await loads_of(loaded.config, kind_of_source(loaded.source), seeds, reward_part(rollouts), backend)
    return RewardForecast(what, scored, loaded.config.judge.spec, priced(each[_REWARD] * scored, backend))
