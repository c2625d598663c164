"""What a search will take, before anything is spent: an estimate from the seeds' own questions.

The seeds run in the sandbox on a sample of the real search split, and the simulated judge answers in
place of the real one. What they ask is counted; tokens follow from characters, a reply of a real judge
is taken to have `EXPECTED_REPLY_TOKENS`, and candidates are taken to ask like the mean seed.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_reward.completion import CHARS_PER_TOKEN, Backend, Model, Usage
from meta_reward.evaluation.evaluate import Evaluation, evaluate
from meta_reward.models.gateway import Gateway
from meta_reward.models.in_flight import EXPECTED_REPLY_TOKENS
from meta_reward.models.registry import make_backend
from meta_reward.propose.registry import make_proposer
from meta_reward.run.create import Seed
from meta_reward.run.settings import RunConfig
from meta_reward.search.context import divided, open_sandbox
from meta_reward.tasks.taskset import TaskSet
from meta_reward.trajectory import Rollout

_SAMPLE = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the judge."""

    calls: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    def __mul__(self, times: float) -> "Load":
        return Load(self.calls * times, self.input_tokens * times, self.output_tokens * times)


async def forecast(
    config: RunConfig, taskset: TaskSet, seeds: Sequence[Seed], *, done: int | None = None
) -> dict[str, Any]:
    """Judge calls, tokens and price of the parts of a search, and what the estimate rests on.

    done: iterations that an existing run has behind it, beside its seeds; None for a new one.
    """
    make_proposer(config.proposer)
    backend = make_backend(config.judge.spec, config.judge.settings, seed=config.seed)
    splits = divided(taskset, config)
    sizes = {split: len(taskset.part(tasks)[0]) for split, tasks in splits.items()}
    sample = _sample(taskset.part(splits["search"])[0], config.seed)
    stand_in = Gateway(backend if backend.simulated else _stand_in(backend, config.seed), None)
    each = {}
    async with await open_sandbox(config) as sandbox:
        for seed in seeds:
            evaluation = await evaluate(seed.source, sample, gateway=stand_in, sandbox=sandbox)
            each[seed.name] = _load_of(evaluation, backend) * (1 / len(evaluation.results))
    mean = sum(each.values(), Load()) * (1 / len(each))
    return {
        "judge": config.judge.spec,
        "simulated": backend.simulated,
        "parts": {name: _priced(load, backend) for name, load in _parts(config, mean, each, sizes, done).items()},
        "limits": {name: getattr(config.limits, name) for name in ("max_calls", "max_tokens", "max_usd")},
        "iterations": config.limits.iterations - (done or 0),
        "candidates": config.proposer.candidates,
        "calls_per_trajectory": {name: round(load.calls, 2) for name, load in each.items()},
        "trajectories": sizes,
        "sample": len(sample),
        "window": _window(taskset, backend),
        "chars_per_token": CHARS_PER_TOKEN,
        "reply_tokens": None if backend.simulated else EXPECTED_REPLY_TOKENS,
    }


def _parts(
    config: RunConfig, mean: Load, each: Mapping[str, Load], sizes: Mapping[str, int], done: int | None
) -> dict[str, Load]:
    """The load of each part. A challenge evaluates the challenger on validation, the first also the incumbent."""
    challenge = mean * sizes["validation"]
    seeds = sum(each.values(), Load()) * sizes["search"] + (challenge if len(each) > 1 else Load())
    iteration = mean * (sizes["search"] * config.proposer.candidates) + challenge
    iterations = iteration * max(0, config.limits.iterations - (done or 0))
    whole = iterations if done is not None else seeds + challenge + iterations
    return {"seeds": seeds, "iteration": iteration, "search": whole, "test": mean * (2 * sizes["test"])}


def _stand_in(backend: Model, seed: int) -> Backend:
    """A simulated judge with the window of a real one, so that what does not fit is asked again as it will be."""
    window = {} if backend.window_tokens is None else {"window_tokens": backend.window_tokens}
    return make_backend("simulated", window, seed=seed)


def _window(taskset: TaskSet, backend: Model) -> dict[str, Any]:
    """How many transcripts do not fit the judge's window, by their characters; None where it is not known."""
    sizes = [len(rollout.trajectory.transcript()) // CHARS_PER_TOKEN for rollout in taskset.rollouts.values()]
    window = backend.window_tokens
    exceeding = None if window is None else sum(size > window for size in sizes)
    return {"tokens": window, "longest": max(sizes), "exceeding": exceeding, "transcripts": len(sizes)}


def _sample(rollouts: Sequence[Rollout], seed: int) -> list[Rollout]:
    return random.Random(seed).sample(list(rollouts), min(_SAMPLE, len(rollouts)))


def _load_of(evaluation: Evaluation, backend: Backend) -> Load:
    tokens = evaluation.tokens
    replies = tokens.output_tokens if backend.simulated else tokens.judge_calls * EXPECTED_REPLY_TOKENS
    return Load(tokens.judge_calls, tokens.input_tokens, replies)


def _priced(load: Load, backend: Backend) -> dict[str, Any]:
    """A load and its price, which is that of its mean call: a token may cost more in a long prompt."""
    each = load * (1 / load.calls) if load.calls else load
    cost = backend.cost_usd(Usage(round(each.input_tokens), round(each.output_tokens)))
    return {
        "judge_calls": round(load.calls),
        "judge_tokens": round(load.input_tokens) + round(load.output_tokens),
        "cost_usd": None if cost is None else cost * load.calls,
    }
