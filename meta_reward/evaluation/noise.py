"""How far a judge agrees with itself: the same harness on the same trajectories, several times.

Reads rewards and pairs, returns plain numbers; knows no files and no judge. A trajectory without a
reward in some repeat is left out of the spreads; a pair that it belongs to has an outcome of its own.
"""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.metrics import outcomes
from meta_reward.trajectory import Pair

Rewards = Mapping[str, float | None]
"""Rewards by trajectory; None where there is none."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How repeats differ.

    agreement: of each repeat; agreement_sd: its standard deviation over them. score_sd_mean, score_sd_max:
    standard deviation of a trajectory's scores over the repeats, in points; score_range_max: highest
    minus lowest. unchanged: share of trajectories with the same score every time. flips: share of pairs whose
    winner is not always the same; disagreement: the chance that two repeats differ on a pair.
    failures: scores missing, of trajectories times repeats.
    """

    repeats: int
    trajectories: int
    pairs: int
    failures: int
    agreement: list[float]
    agreement_sd: float
    score_sd_mean: float
    score_sd_max: float
    score_range_max: float
    unchanged: float
    flips: float
    disagreement: float


def noise_of(repeats: Sequence[Rewards], pairs: Sequence[Pair]) -> Noise:
    """The noise of at least two repeats over the same trajectories. Raises ValueError for fewer, or without pairs."""
    if len(repeats) < 2 or not pairs:
        raise ValueError("noise is measured on pairs, from at least two repeats")
    scores = [[rewards[name] for rewards in repeats] for name in repeats[0]]
    whole = [[score for score in row if score is not None] for row in scores if None not in row]
    spreads = [statistics.stdev(row) for row in whole] or [0.0]
    winners = [[_winner(rewards, pair) for rewards in repeats] for pair in pairs]
    agreement = [statistics.mean(o.agreement for o in outcomes(pairs, rewards)) for rewards in repeats]
    return Noise(
        repeats=len(repeats),
        trajectories=len(scores),
        pairs=len(pairs),
        failures=sum(row.count(None) for row in scores),
        agreement=agreement,
        agreement_sd=statistics.stdev(agreement),
        score_sd_mean=statistics.mean(spreads),
        score_sd_max=max(spreads),
        score_range_max=max((max(row) - min(row) for row in whole), default=0.0),
        unchanged=sum(min(row) == max(row) for row in whole) / len(whole) if whole else 0.0,
        flips=sum(len(set(row)) > 1 for row in winners) / len(winners),
        disagreement=statistics.mean(_disagreement(row) for row in winners),
    )


def _winner(rewards: Rewards, pair: Pair) -> str:
    preferred, other = rewards[pair.preferred], rewards[pair.other]
    if preferred is None or other is None:
        return "none"
    return "tie" if preferred == other else "preferred" if preferred > other else "other"


def _disagreement(winners: Sequence[str]) -> float:
    return statistics.mean(a != b for a, b in itertools.combinations(winners, 2))
