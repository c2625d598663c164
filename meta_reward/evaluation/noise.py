"""How well a judge agrees with itself: the same harness on the same trajectories, several times.

Takes rewards and pairs, returns plain numbers; reads no files and asks no judge. A trajectory without a reward in some
repeat is left out of the standard deviations and ranges; for its pairs, a missing reward counts as another outcome.
"""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.evaluation.metrics import outcomes
from meta_reward.trajectory import Pair

Rewards = Mapping[str, float | None]
"""Rewards from 0 to 100 by trajectory id, None if it was not scored."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How the repeats differ."""

    repeats: int
    trajectories: int
    pairs: int
    failures: int
    """Missing rewards, out of trajectories times repeats."""
    agreement: list[float]
    """The agreement of each repeat, from 0 to 1."""
    agreement_sd: float
    """Standard deviation of the agreement over the repeats."""
    score_sd_mean: float
    """Standard deviation of a trajectory's scores over the repeats, in points; the mean over trajectories."""
    score_sd_max: float
    """The largest of these standard deviations, in points."""
    score_range_max: float
    """Highest minus lowest score of a trajectory over the repeats, in points; the largest over trajectories."""
    unchanged: float
    """Share of trajectories with the same score every time."""
    flips: float
    """Share of pairs whose winner is not always the same."""
    disagreement: float
    """The probability that two repeats differ on a pair."""


def noise_of(repeats: Sequence[Rewards], pairs: Sequence[Pair]) -> Noise:
    """The noise of repeats over the same trajectories. Raises ValueError for fewer than two, or without pairs."""
    if len(repeats) < 2 or not pairs:
        raise ValueError("noise needs pairs and at least two repeats")
    scores = [[rewards[name] for rewards in repeats] for name in repeats[0]]
    whole = [[score for score in row if score is not None] for row in scores if None not in row]
    spreads = [statistics.stdev(row) for row in whole] or [0.0]
    winners = [[_winner(rewards, pair) for rewards in repeats] for pair in pairs]
    agreement = [statistics.mean(o.score for o in outcomes(pairs, rewards)) for rewards in repeats]
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
