"""What a learned reward will cost a search that it scores, estimated from what it asks about a sample.

For the agents' trials, the sample is trials of the seeds on the search split, with a simulated model in place of a real
one. For traces, it is some of them.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.records import Evaluation
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
    load_of,
    priced,
)
from meta_reward.search.objective import is_learned
from meta_reward.search.open import open_backend
from meta_reward.search.traces import has_traces, load_traces, missing_traces
from meta_reward.tasks.base import AnyTaskSet
from meta_reward.trajectory import Rollout, Trajectory
from meta_reward.use.loaded import Loaded
from meta_reward.use.objective import load_objective

_SAMPLE = 20
_SPLITS = ("search", "validation")


@dataclass(frozen=True, slots=True)
class RewardForecast:
    """What the learned rewards of some trajectories will ask and cost."""

    what: str
    """What the trajectories are: `trial` or `trace`."""
    trajectories: int
    judge: str
    expense: Expense


async def reward_forecasts(
    config: RunConfig, taskset: AnyTaskSet, tried: Mapping[str, Evaluation], layout: Layout, whole: Forecast
) -> list[RewardForecast]:
    """Forecasts for agents' trials and for traces that have no reward yet; none without a learned reward.

    tried: what `try_seeds` found. layout: of the run, which need not exist yet. whole: the forecast of the search.
    """
    loaded = load_objective(config)
    if loaded is None:
        return []
    kind, splits = kind_of(taskset), [split for split in _SPLITS if is_learned(config.objective, split)]
    trials = examples_scored(whole, 0 if layout.config.exists() else len(tried), splits)
    done = [one for evaluation in tried.values() for one in kind.trajectories(taskset, evaluation).values()]
    found = [await _forecast(loaded, "trial", trials, done)]
    if config.objective.traces and not has_traces(layout):
        missing = [rollout.trajectory for rollout in missing_traces(layout, load_traces(config.objective))]
        found.append(await _forecast(loaded, "trace", len(missing), missing))
    return found


async def _forecast(loaded: Loaded, what: str, scored: int, some: Sequence[Trajectory]) -> RewardForecast:
    """The forecast for `scored` trajectories. what: `trial` or `trace`. some: trajectories to draw a sample from."""
    config, backend = loaded.config, open_backend(loaded.config)
    drawn = random.Random(config.seed).sample(some, min(_SAMPLE, len(some)))
    rollouts = [Rollout(f"{number}", what, one) for number, one in enumerate(drawn)]
    load = Load()
    if rollouts:
        kind, seeds = kind_of_source(loaded.source), [Seed(what, loaded.source)]
        (evaluation,) = (await evaluate_sample(config, kind, seeds, reward_part(rollouts), backend)).values()
        load = load_of(evaluation, backend)
    return RewardForecast(what, scored, config.judge.spec, priced(load * scored, backend))
