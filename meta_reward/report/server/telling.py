"""Chooses the couple of trajectories to label next, so that few labels tell which candidate of a run is best.

If all candidates prefer the same trajectory, a label does not help to tell them apart. So the next couple is the one on
which they disagree most. Each candidate is weighted by how well it agrees with the labels so far, so those that are
ruled out matter little. The same labels always lead to the same choice. Only rewards on the search split are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

from meta_reward.run.evaluations import load_rewards
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.tasks.annotations import Vote
from meta_reward.tasks.labelling import Sides

SHARPNESS = 0.5
"""How fast a candidate loses weight: by a factor of e for every two labels that it is behind the best."""
_MOST_CANDIDATES = 40
Opinions = Mapping[str, float]
"""By candidate: 1 if it prefers the first of two trajectories, 0 for the second, one half for a tie."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Chooses among couples by the rewards that candidates give."""

    rewards: Mapping[str, Mapping[str, float | None]]
    """Rewards by candidate and trajectory."""
    _known: dict[Sides, Opinions] = field(default_factory=dict)

    def opinions(self, sides: Sides) -> Opinions:
        """What each candidate prefers; one without both rewards has no opinion."""
        if sides not in self._known:
            both = {id: (of.get(sides[0]), of.get(sides[1])) for id, of in self.rewards.items()}
            self._known[sides] = {id: _opinion(a, b) for id, (a, b) in both.items() if a is not None and b is not None}
        return self._known[sides]

    def choose(self, couples: Sequence[Sides], said: Sequence[Vote]) -> Sides:
        """The couple with the most telling label; the first one if there are several."""
        weights = self._weights(said)
        return max(couples, key=lambda sides: disagreement(self.opinions(sides), weights))

    def _weights(self, said: Sequence[Vote]) -> dict[str, float]:
        right = dict.fromkeys(self.rewards, 0.0)
        for vote in said:
            for candidate, opinion in self.opinions(vote.sides).items():
                right[candidate] += 1 - abs(opinion - vote.value)
        best = max(right.values(), default=0.0)
        return {candidate: exp(SHARPNESS * (count - best)) for candidate, count in right.items()}


def _opinion(first: float, second: float) -> float:
    return 0.5 + ((first > second) - (first < second)) / 2


def disagreement(opinions: Opinions, weights: Mapping[str, float]) -> float:
    """The weighted variance of opinions: 0 where all are the same."""
    total = sum(weights[candidate] for candidate in opinions)
    if not total:
        return 0.0
    mean = sum(weights[candidate] * opinion for candidate, opinion in opinions.items()) / total
    return sum(weights[candidate] * (opinion - mean) ** 2 for candidate, opinion in opinions.items()) / total


def load_telling(layout: Layout) -> Telling:
    """The chooser that uses the rewards of a run's best candidates on search."""
    scored = [row for row in load_ledger(layout.ledger) if row.score is not None]
    best = sorted(scored, key=lambda row: (-(row.score or 0), row.id))[:_MOST_CANDIDATES]
    return Telling({row.id: load_rewards(layout.candidate(row.folder)) for row in best})
