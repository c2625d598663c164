"""Preference agreement: how often the higher reward goes to the preferred trajectory.

Reads rewards and pairs, returns plain numbers; knows no files and no judge. Ties count one half;
a missing reward loses its pair, so a candidate that fails cannot flatter itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.best_of_n import BestOfN
from meta_reward.evaluation.outcome import Outcome
from meta_reward.evaluation.reward_stats import RewardStats
from meta_reward.evaluation.statistics import Interval, by_task, share_interval
from meta_reward.trajectory import Pair


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


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the judge was asked for, nominally: as if nothing had been cached."""

    judge_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """Agreement on a part of the pairs."""

    pairs: int
    score: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """The numbers of one evaluation.

    score is agreement and counts ties as half, strict_agreement as nothing; both lose a pair without rewards.
    ties, failures: numbers of pairs; coverage: share of pairs with both rewards. mean_margin: over
    these, in points. low, high: 95% interval of agreement by task; None for the reason in no_bounds.
    cost_usd: nominal, None where no price is known. rewards: how they are spread.
    best_of_n: empty where rollouts carry no labels.
    """

    score: float
    low: float | None
    high: float | None
    no_bounds: str | None
    strict_agreement: float
    pairs: int
    ties: int
    failures: int
    coverage: float
    mean_margin: float | None
    trajectories: int
    judge_calls: int
    input_tokens: int
    output_tokens: int
    judge_tokens: int
    cost_usd: float | None
    by_category: dict[str, Group]
    by_task: dict[str, Group]
    rewards: RewardStats
    best_of_n: list[BestOfN]


def outcomes(pairs: Iterable[Pair], rewards: Mapping[str, float | None]) -> list[PairOutcome]:
    """What became of each pair. rewards: by trajectory id; missing and None both mean none."""
    return [_outcome(pair, rewards.get(pair.preferred), rewards.get(pair.other)) for pair in pairs]


def _outcome(pair: Pair, preferred: float | None, other: float | None) -> PairOutcome:
    margin = None if preferred is None or other is None else preferred - other
    agreement = 0.0 if margin is None or margin < 0 else 0.5 if margin == 0 else 1.0
    return PairOutcome(
        pair.id, pair.task, pair.categories, pair.preferred, pair.other, preferred, other, margin, agreement
    )


def summarize(
    results: Sequence[PairOutcome],
    *,
    trajectories: int,
    tokens: Tokens,
    rewards: RewardStats,
    selection: Sequence[BestOfN] = (),
) -> Metrics:
    """The metrics of an evaluation. Raises ValueError without any pair."""
    if not results:
        raise ValueError("no pairs to summarize")
    margins = [r.margin for r in results if r.margin is not None]
    decided = [result.outcome for result in results]
    interval = agreement_interval(decided)
    return Metrics(
        score=interval.mean,
        low=interval.low,
        high=interval.high,
        no_bounds=interval.no_bounds,
        strict_agreement=sum(r.score == 1 for r in results) / len(results),
        pairs=len(results),
        ties=margins.count(0),
        failures=len(results) - len(margins),
        coverage=len(margins) / len(results),
        mean_margin=sum(margins) / len(margins) if margins else None,
        trajectories=trajectories,
        judge_calls=tokens.judge_calls,
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        judge_tokens=tokens.input_tokens + tokens.output_tokens,
        cost_usd=tokens.cost_usd,
        by_category=_grouped(decided, lambda outcome: outcome.categories),
        by_task=_grouped(decided, lambda outcome: (outcome.task,)),
        rewards=rewards,
        best_of_n=list(selection),
    )


def agreement_interval(outcomes: Sequence[Outcome]) -> Interval:
    """The mean of outcomes with its interval by task. Raises ValueError without any."""
    interval = share_interval(by_task((o.task for o in outcomes), (o.value for o in outcomes)))
    if interval is None:
        raise ValueError("no items to summarize")
    return interval


def differences(baseline: Iterable[Outcome], candidate: Sequence[Outcome]) -> dict[str, list[float]]:
    """The candidate's value minus the baseline's on each item, by task. Both must hold the same items."""
    before = {outcome.id: outcome.value for outcome in baseline}
    return by_task((o.task for o in candidate), (o.value - before[o.id] for o in candidate))


def _grouped(outcomes: Sequence[Outcome], names: Callable[[Outcome], Sequence[str]]) -> dict[str, Group]:
    values: dict[str, list[float]] = {}
    for outcome in outcomes:
        for name in names(outcome):
            values.setdefault(name, []).append(outcome.value)
    return {name: Group(len(v), sum(v) / len(v)) for name, v in sorted(values.items())}
