"""What each mechanism has been worth so far: a small additive model of the ledger.

Agreement is modelled as a mean plus one effect per mechanism, shrunk towards zero, so that what was tried
once counts little and what helped under several parents counts more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_reward.harness.validate import PARTS
from meta_reward.offline.proposer.history import Candidate

SHRINKAGE = 1.0
SWEEPS = 30


@dataclass(frozen=True, slots=True)
class Effects:
    """Fitted agreement: `mean` plus the effects of a genome's mechanisms. tries: candidates that had each."""

    mean: float
    effects: dict[tuple[str, str], float]
    tries: dict[tuple[str, str], int]

    def of(self, part: str, fingerprint: str) -> float:
        """The effect of a mechanism; 0 for one that was never tried."""
        return self.effects.get((part, fingerprint), 0.0)

    def predicted(self, genome: Mapping[str, str]) -> float:
        """The agreement that the model expects of a candidate with these mechanisms."""
        return self.mean + sum(self.of(part, genome[part]) for part in PARTS)

    def tried(self, part: str, fingerprint: str) -> int:
        """How many scored candidates had it."""
        return self.tries.get((part, fingerprint), 0)


def fit_effects(candidates: Sequence[Candidate]) -> Effects:
    """The model of all scored candidates that keep the six parts."""
    scored = [(c.genome, c.score) for c in candidates if c.score is not None and c.genome]
    if not scored:
        return Effects(0.5, {}, {})
    mean = sum(agreement for _, agreement in scored) / len(scored)
    keys = list(dict.fromkeys((part, genome[part]) for genome, _ in scored for part in PARTS))
    members = {key: [i for i, (genome, _) in enumerate(scored) if genome[key[0]] == key[1]] for key in keys}
    effects = dict.fromkeys(keys, 0.0)
    left = [agreement - mean for _, agreement in scored]
    for _ in range(SWEEPS):
        for key, having in members.items():
            effect = sum(left[i] + effects[key] for i in having) / (len(having) + SHRINKAGE)
            for i in having:
                left[i] += effects[key] - effect
            effects[key] = effect
    return Effects(mean, effects, {key: len(having) for key, having in members.items()})
