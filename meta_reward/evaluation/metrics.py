"""The numbers of an evaluation: the mean of its outcomes, and for rewards preference agreement.

Agreement is how often the higher reward goes to the preferred trajectory. Ties count one half; a missing reward loses
its pair, so a candidate that fails cannot flatter itself. Knows no files and no judge.
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
    """One pair under one harness. score: 1 if it is won, 0.5 for a tie, 0; a missing reward is None and loses."""

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
    """What the judge was asked for, nominally: as if nothing had been cached."""

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
    """What is told of pairs alone.

    strict_agreement: ties count nothing. mean_margin: over pairs with both rewards, in points. rewards: how they are
    spread. best_of_n: empty where rollouts carry no labels. groups: how often whole groups are ordered right, by size.
    """

    strict_agreement: float
    ties: int
    mean_margin: float | None
    rewards: RewardStats
    best_of_n: list[BestOfN]
    groups: list[GroupScore] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What a program shows the model, in characters."""

    mean_chars: float
    """Of all prompts of one prediction or solution, on average."""
    memory_chars: int | None
    """Of what it has learned, after training; None for a program without memory. With several data sets the mean."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The numbers of one evaluation.

    score is the mean outcome: agreement, accuracy or success. low, high: its 95% interval by task; None for the reason
    in no_bounds. failures: items that are lost because the program failed; coverage: the share of all others.
    examples: how often the program was run, such as once a trajectory. cost_usd: nominal, None where no price is
    known.
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
    """For rewards."""
    context: Context | None = None
    """For kinds whose programs answer."""
    comparisons: Comparisons | None = None
    """For programs that compare."""

    @property
    def cost(self) -> int:
        """What stands against the score on the frontier: characters of context, for rewards judge tokens."""
        return round(self.context.mean_chars) if self.context else self.judge_tokens


def outcomes(pairs: Iterable[Pair], rewards: Mapping[str, float | None]) -> list[PairOutcome]:
    """What became of each pair. rewards: by trajectory id; missing and None both mean none."""
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
    """What is told of pairs alone. Raises ValueError without any pair."""
    margins = [r.margin for r in results if r.margin is not None]
    return Preferences(
        strict_agreement=sum(r.score == 1 for r in _some(results)) / len(results),
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
    decided = [result.outcome for result in _some(results)]
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


def _some(results: Sequence[_T]) -> Sequence[_T]:
    if not results:
        raise ValueError("no items to summarize")
    return results


def mean_interval(outcomes: Sequence[Outcome]) -> Interval:
    """The mean of outcomes with its interval by task. Raises ValueError without any."""
    interval = share_interval(by_task((o.task for o in outcomes), (o.value for o in outcomes)), _weights(outcomes))
    if interval is None:
        raise ValueError("no items to summarize")
    return interval


def differences(baseline: Iterable[Outcome], candidate: Sequence[Outcome]) -> dict[str, list[float]]:
    """The candidate's value minus the baseline's on each item, by task. Both must hold the same items."""
    before = {outcome.id: outcome.value for outcome in baseline}
    return by_task((o.task for o in candidate), (o.value - before[o.id] for o in candidate))


def difference(baseline: Iterable[Outcome], candidate: Sequence[Outcome]) -> Interval:
    """The candidate's values minus the baseline's, with the interval by task. Both must hold the same items.

    Raises ValueError without any.
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
