"""The forecast of a search: its judge calls, tokens and cost, estimated from what the seeds ask before money is spent.

The seeds run in the sandbox on a sample of the real search split, and a simulated model answers in place of the real
one. Their calls are counted; tokens are estimated from characters. A reply of a real judge is assumed to have
`EXPECTED_REPLY_TOKENS`, and a candidate is assumed to ask as much as the mean seed.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from meta_reward.completion import CHARS_PER_TOKEN, Backend, Model, Usage
from meta_reward.evaluation.evaluate import Hosts, evaluate
from meta_reward.evaluation.gate import FINALISTS
from meta_reward.evaluation.outcome import Part
from meta_reward.evaluation.power import Power, power_of
from meta_reward.evaluation.records import Evaluation
from meta_reward.kinds.base import Kind, part_for
from meta_reward.kinds.registry import kind_of
from meta_reward.models.gateway import Gateway
from meta_reward.models.in_flight import EXPECTED_REPLY_TOKENS
from meta_reward.models.registry import make_backend
from meta_reward.propose.registry import make_proposer
from meta_reward.run.create import Seed
from meta_reward.run.settings import Limits, RunConfig
from meta_reward.search.open import divided, open_backend, open_sandbox
from meta_reward.tasks.base import AnyTaskSet

_SAMPLE = 60


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the judge; fractional, since it may be a mean."""

    calls: float = 0.0
    input_tokens: float = 0.0
    output_tokens: float = 0.0

    @property
    def tokens(self) -> float:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    def __mul__(self, times: float) -> "Load":
        return Load(self.calls * times, self.input_tokens * times, self.output_tokens * times)


@dataclass(frozen=True, slots=True)
class Expense:
    """The judge calls, tokens and US dollars of one part of a search."""

    judge_calls: int
    judge_tokens: int
    cost_usd: float | None
    """None if the judge's price is not known."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What each part of a search takes."""

    seeds: Expense
    iteration: Expense
    """A single iteration."""
    validation: Expense
    """The baseline and the finalists, when the search ends."""
    search: Expense
    """Everything that is still to be done, until the decision."""
    test: Expense
    """The opening of the test split afterwards: the baseline and the chosen harness."""
    controls: Expense
    """The controls of that test: the baseline again, until it has used the tokens of the mean seed; at least once."""


@dataclass(frozen=True, slots=True)
class Window:
    """How the transcripts of a task set fit the judge's context window."""

    tokens: int | None
    """The size of the window in tokens; None if it is not known."""
    longest: int
    """Tokens of the longest transcript, estimated from its characters."""
    exceeding: int | None
    """Number of transcripts that are longer than the window; None if its size is not known."""
    transcripts: int
    """Number of transcripts in all."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The estimate, and the assumptions behind it."""

    judge: str
    simulated: bool
    """Whether the judge is simulated; numbers of a search then say nothing about a real model."""
    parts: Parts
    limits: Limits
    iterations: int
    """Iterations still to go."""
    candidates: int
    """The most candidates per iteration."""
    calls_per_trajectory: dict[str, float]
    """Mean judge calls of each seed on a trajectory, by the seed's name."""
    trajectories: dict[str, int]
    """Number of trajectories by split."""
    sample: int
    """Number of trajectories of the search split that the seeds were run on."""
    window: Window
    chars_per_token: int
    reply_tokens: int | None
    """The assumed number of tokens in a reply; None for the simulated judge, whose replies are counted."""
    power: Power
    """The gains that the decision at the end can detect."""


async def forecast(
    config: RunConfig, taskset: AnyTaskSet, seeds: Sequence[Seed], *, done: int | None = None
) -> Forecast:
    """The forecast of a search with these settings.

    done: iterations that an existing run has completed, without its seeds; None for a new run. Raises UsageError for
    settings that no run can have.
    """
    return forecast_from(config, taskset, await try_seeds(config, taskset, seeds), done=done)


async def try_seeds(config: RunConfig, taskset: AnyTaskSet, seeds: Sequence[Seed]) -> dict[str, Evaluation]:
    """Evaluate each seed on a sample of the search split, by name; a simulated model answers in place of a real one.

    Raises UsageError for settings that no run can have.
    """
    make_proposer(config.proposer)
    kind, search = kind_of(taskset), divided(taskset, config)["search"]
    sample = sample_of(kind.part(taskset, search), config.seed)
    return await evaluate_sample(config, kind, seeds, sample, open_backend(config), kind.hosts(taskset))


def forecast_from(
    config: RunConfig, taskset: AnyTaskSet, tried: Mapping[str, Evaluation], *, done: int | None = None
) -> Forecast:
    """The same, from what `try_seeds` found."""
    backend, splits = open_backend(config), divided(taskset, config)
    kind = kind_of(taskset)
    parts = {split: kind.part(taskset, tasks) for split, tasks in splits.items()}
    sizes = {split: len(part.examples) for split, part in parts.items()}
    sample = sample_of(parts["search"], config.seed)
    each = {name: load_of(evaluation, backend) for name, evaluation in tried.items()}
    return Forecast(
        judge=config.judge.spec,
        simulated=backend.simulated,
        parts=_parts(config, each, sizes, done, backend),
        limits=config.limits,
        iterations=config.limits.iterations - (done or 0),
        candidates=config.proposer.candidates,
        calls_per_trajectory={name: round(load.calls, 2) for name, load in each.items()},
        trajectories=sizes,
        sample=len(sample.counted),
        window=_window(kind, list(parts.values()), backend),
        chars_per_token=CHARS_PER_TOKEN,
        reply_tokens=None if backend.simulated else EXPECTED_REPLY_TOKENS,
        power=power_on(taskset, splits["validation"]),
    )


def power_on(taskset: AnyTaskSet, validation: Sequence[str]) -> Power:
    """The gains that a decision on these validation tasks can detect."""
    return power_of(taskset.items_of_each(validation))


async def evaluate_sample(
    config: RunConfig, kind: Kind, seeds: Sequence[Seed], sample: Part, backend: Model, hosts: Hosts | None = None
) -> dict[str, Evaluation]:
    """Evaluate each seed on a sample, by name; a simulated model answers in place of a real one."""
    stand_in = Gateway(backend if backend.simulated else _stand_in(kind, backend, config.seed), None)
    found = {}
    async with await open_sandbox(config) as sandbox:
        for seed in seeds:
            examples = part_for(kind, sample, seed.source).examples
            found[seed.name] = await evaluate(seed.source, examples, gateway=stand_in, sandbox=sandbox, hosts=hosts)
    return found


def examples_scored(whole: Forecast, seeds: int, splits: Collection[str] = ("search", "validation")) -> int:
    """Examples of these splits that a search will still score. seeds: number of seeds that are not scored yet."""
    candidates = {"search": seeds + whole.iterations * whole.candidates, "validation": 1 + FINALISTS}
    return sum(whole.trajectories[split] * candidates[split] for split in splits)


def _parts(
    config: RunConfig, each: Mapping[str, Load], sizes: Mapping[str, int], done: int | None, backend: Backend
) -> Parts:
    mean = sum(each.values(), Load()) * (1 / len(each))
    seeds = sum(each.values(), Load()) * sizes["search"]
    iteration = mean * (sizes["search"] * config.proposer.candidates)
    validation = mean * (sizes["validation"] * (1 + FINALISTS))
    rest = iteration * max(0, config.limits.iterations - (done or 0)) + validation
    whole = rest if done is not None else seeds + rest
    baseline = next(iter(each.values()))
    test = (baseline + mean) * sizes["test"]
    controls = baseline * (sizes["test"] * max(1, ceil(mean.tokens / max(1, baseline.tokens)) - 1))
    return Parts(*(priced(load, backend) for load in (seeds, iteration, validation, whole, test, controls)))


def _stand_in(kind: Kind, backend: Model, seed: int) -> Backend:
    """The simulated model of a kind with the window of the real one: prompts that do not fit are asked again too."""
    window = {} if backend.window_tokens is None else {"window_tokens": backend.window_tokens}
    return make_backend(kind.simulated, window, seed=seed)


def _window(kind: Kind, parts: Sequence[Part], backend: Model) -> Window:
    sizes = [kind.characters(example) // CHARS_PER_TOKEN for part in parts for example in part.counted]
    window = backend.window_tokens
    exceeding = None if window is None else sum(size > window for size in sizes)
    return Window(window, max(sizes), exceeding, len(sizes))


def sample_of(part: Part, seed: int) -> Part:
    """The random sample of a split that a forecast runs programs on."""
    counted = part.counted
    drawn = {example.id for example in random.Random(seed).sample(counted, min(_SAMPLE, len(counted)))}
    return part.of_examples(drawn)


def load_of(evaluation: Evaluation, backend: Backend) -> Load:
    """What a program asks of the model per example."""
    tokens = evaluation.tokens
    replies = tokens.output_tokens if backend.simulated else tokens.judge_calls * EXPECTED_REPLY_TOKENS
    return Load(tokens.judge_calls, tokens.input_tokens, replies) * (1 / len(evaluation.results))


def priced(load: Load, backend: Backend) -> Expense:
    """A load at the price of its mean call: a token may cost more in a long prompt."""
    each = load * (1 / load.calls) if load.calls else load
    cost = backend.cost_usd(Usage(round(each.input_tokens), round(each.output_tokens)))
    return Expense(
        judge_calls=round(load.calls),
        judge_tokens=round(load.input_tokens) + round(load.output_tokens),
        cost_usd=None if cost is None else cost * load.calls,
    )
