"""The numbers of an evaluation: the mean of its outcomes, which for rewards is preference agreement.

Agreement is how often the preferred trajectory gets the higher reward. A tie counts one half. A missing reward loses
its pair, so failing never improves a candidate's score. Reads no files and asks no judge.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.evaluation.comparisons import Comparisons
from meta_reward.evaluation.outcome import ItemOutcome, Outcome
from meta_reward.evaluation.ranking import GroupScore
from meta_reward.evaluation.reward_stats import RewardStats
from meta_reward.evaluation.statistics import Interval, by_task, difference_interval, share_interval
from meta_reward.trajectory import Pair

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One pair under one harness.

    score: 1 if the preferred side has the higher reward, 0.5 for a tie, else 0. Rewards are from 0 to 100; a missing
    one is None and loses the pair. margin: preferred minus other, in points; None if a reward is missing.
    """

    id: str
    task: str
    categories: tuple[str, ...]
    preferred: str
    other: str
    preferred_reward: float | None
    other_reward: float | None
    margin: float | None
    score: float

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.id, self.task, self.score, self.categories)

    @property
    def failed(self) -> bool:
        return self.margin is None

    @property
    def tied(self) -> bool:
        return self.margin == 0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Calls, tokens and US dollars of the judge, counted as if nothing had been cached."""

    judge_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """The mean of the outcomes of some items."""

    items: int
    score: float


@dataclass(frozen=True, slots=True)
class Preferences:
    """Numbers that only rewards have.

    strict_agreement: a tie counts as lost. mean_margin: over pairs with both rewards, in points. rewards: how they are
    spread. best_of_n: empty if rollouts have no labels. groups: how often whole groups are ordered right, by size.
    """

    strict_agreement: float
    ties: int
    mean_margin: float | None
    rewards: RewardStats
    best_of_n: list[BestOfN]
    groups: list[GroupScore] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """How much a program shows the model, in characters."""

    mean_chars: float
    """All prompts of one prediction, solution or trial together, on average."""
    memory_chars: int | None
    """The program's memory after training, with several data sets on average; None for a program without memory."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The numbers of one evaluation.

    score: the mean outcome from 0 to 1: agreement, accuracy or success. low, high: its 95% interval by task; None for
    the reason in no_bounds. failures: items that are lost because the program failed. coverage: the share of all other
    items. examples: how often the program was run, for rewards once per trajectory. Calls, tokens and cost_usd count
    cached calls too; cost_usd is None if a price is not known.
    """

    score: float
    low: float | None
    high: float | None
    no_bounds: str | None
    items: int
    failures: int
    coverage: float
    examples: int
    judge_calls: int
    input_tokens: int
    output_tokens: int
    judge_tokens: int
    cost_usd: float | None
    by_category: dict[str, Group]
    by_task: dict[str, Group]
    preferences: Preferences | None = None
    """Only for rewards."""
    context: Context | None = None
    """Only for programs that classify, solve or act."""
    comparisons: Comparisons | None = None
    """Only for programs that compare."""

    @property
    def cost(self) -> int:
        """What the frontier weighs against the score: characters of context if known, else judge tokens."""
        return round(self.context.mean_chars) if self.context else self.judge_tokens


def outcomes(pairs: Iterable[Pair], rewards: Mapping[str, float | None]) -> list[PairOutcome]:
    """The outcome of each pair. rewards: by trajectory id; a missing id and None both mean no reward."""
    return [_outcome(pair, rewards.get(pair.preferred), rewards.get(pair.other)) for pair in pairs]


def _outcome(pair: Pair, preferred: float | None, other: float | None) -> PairOutcome:
    margin = None if preferred is None or other is None else preferred - other
    agreement = 0.0 if margin is None or margin < 0 else 0.5 if margin == 0 else 1.0
    return PairOutcome(
        pair.id, pair.task, pair.categories, pair.preferred, pair.other, preferred, other, margin, agreement
    )


def preferences_of(
    results: Sequence[PairOutcome],
    *,
    rewards: RewardStats,
    selection: Sequence[BestOfN] = (),
    groups: Sequence[GroupScore] = (),
) -> Preferences:
    """The numbers that only rewards have. Raises ValueError without any pair."""
    margins = [r.margin for r in results if r.margin is not None]
    return Preferences(
        strict_agreement=sum(r.score == 1 for r in _not_empty(results)) / len(results),
        ties=margins.count(0),
        mean_margin=sum(margins) / len(margins) if margins else None,
        rewards=rewards,
        best_of_n=list(selection),
        groups=list(groups),
    )


def summarize(
    results: Sequence[PairOutcome | ItemOutcome],
    *,
    examples: int,
    tokens: Tokens,
    preferences: Preferences | None = None,
    context: Context | None = None,
    comparisons: Comparisons | None = None,
) -> Metrics:
    """The metrics of an evaluation. Raises ValueError without any item."""
    decided = [result.outcome for result in _not_empty(results)]
    failures = sum(result.failed for result in results)
    interval = mean_interval(decided)
    return Metrics(
        score=interval.mean,
        low=interval.low,
        high=interval.high,
        no_bounds=interval.no_bounds,
        items=len(results),
        failures=failures,
        coverage=1 - failures / len(results),
        examples=examples,
        judge_calls=tokens.judge_calls,
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        judge_tokens=tokens.input_tokens + tokens.output_tokens,
        cost_usd=tokens.cost_usd,
        by_category=_grouped(decided, lambda outcome: outcome.categories),
        by_task=_grouped(decided, lambda outcome: (outcome.task,)),
        preferences=preferences,
        context=context,
        comparisons=comparisons,
    )


def _not_empty(results: Sequence[_T]) -> Sequence[_T]:
    if not results:
        raise ValueError("no items to summarize")
    return results


def mean_interval(outcomes: Sequence[Outcome]) -> Interval:
    """The mean of outcomes with its 95% interval by task. Raises ValueError without any outcome."""
    interval = share_interval(by_task((o.task for o in outcomes), (o.value for o in outcomes)), _weights(outcomes))
    if interval is None:
        raise ValueError("no items to summarize")
    return interval


def differences(baseline: Iterable[Outcome], candidate: Sequence[Outcome]) -> dict[str, list[float]]:
    """The candidate's value minus the baseline's on each item, by task. Both must have the same items."""
    before = {outcome.id: outcome.value for outcome in baseline}
    return by_task((o.task for o in candidate), (o.value - before[o.id] for o in candidate))


def difference(baseline: Iterable[Outcome], candidate: Sequence[Outcome]) -> Interval:
    """The mean of the candidate's values minus the baseline's, with its 95% interval by task.

    Both must have the same items. Raises ValueError without any.
    """
    interval = difference_interval(differences(baseline, candidate), _weights(candidate))
    if interval is None:
        raise ValueError("no items to compare")
    return interval


def _weights(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    return by_task((o.task for o in outcomes), (o.weight for o in outcomes))


def _grouped(outcomes: Sequence[Outcome], names: Callable[[Outcome], Sequence[str]]) -> dict[str, Group]:
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name in names(outcome):
            values.setdefault(name, []).append(outcome.value)
    return {name: Group(len(v), sum(v) / len(v)) for name, v in sorted(values.items())}
