"""The named strengths of the simulated judge's biases, its presets, and its only source of chance."""

import hashlib
from dataclasses import asdict, dataclass, fields
from statistics import NormalDist

from meta_reward.errors import UsageError

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Strengths:
    """How strong each bias is: 0 none, 1 as calibrated, more is worse.

    action_bias: rewards visible changes whatever the policy says. trust_claims: believes statements of
    success. reading: loses parts of a long prompt, the middle most. length_bias, politeness_bias: likes long
    and polite agents. leniency: pushes scores up and together. noise: differs from draw to draw and case to
    case. rewording: how much of that any other wording rolls anew. rounding: clusters on round numbers.
    inattention: weighs a mechanism little unless the prompt names it. carelessness: misses clauses of the
    policy unless asked about what it allows, for reasons first, and apart from other things. clutter: noisier
    the more of a run is shown. guessing: answers at random, with no regard to anything.
    """

    action_bias: float = 1.0
    trust_claims: float = 1.0
    reading: float = 1.0
    length_bias: float = 1.0
    politeness_bias: float = 1.0
    leniency: float = 1.0
    noise: float = 1.0
    rewording: float = 1.0
    rounding: float = 1.0
    inattention: float = 1.0
    carelessness: float = 1.0
    clutter: float = 1.0
    guessing: float = 0.0


NAMES = tuple(field.name for field in fields(Strengths))
PRESETS = {
    "": Strengths(),
    "perfect": Strengths(**dict.fromkeys(NAMES, 0.0)),
    "noise": Strengths(guessing=1.0),
}


def strengths_of(preset: str, changed: dict[str, float]) -> Strengths:
    """A preset with some strengths changed. Raises UsageError for names it does not know."""
    if preset not in PRESETS:
        known = ", ".join(name or "(default)" for name in PRESETS)
        raise UsageError(f"unknown preset {preset!r} of the simulated judge", hint=f"known are {known}")
    unknown = sorted(set(changed) - set(NAMES))
    if unknown:
        raise UsageError(
            f"unknown strength {unknown[0]!r} of the simulated judge", hint=f"known are {', '.join(NAMES)}"
        )
    if not all(0 <= value <= 10 for value in changed.values()):
        raise UsageError("a strength of the simulated judge lies outside 0 to 10", hint="0 is none, 1 the default")
    return Strengths(**{**asdict(PRESETS[preset]), **{name: float(value) for name, value in changed.items()}})


@dataclass(frozen=True, slots=True)
class Dice:
    """Chance as a pure function: the same key always falls the same way."""

    seed: int

    def uniform(self, *key: object) -> float:
        """A number in (0, 1) for this key."""
        digest = hashlib.sha256("\x1f".join(map(str, (self.seed, *key))).encode()).digest()
        return (int.from_bytes(digest[:6], "big") + 0.5) / (1 << 48)

    def normal(self, *key: object) -> float:
        """A standard normal number for this key."""
        return _NORMAL.inv_cdf(self.uniform(*key))
