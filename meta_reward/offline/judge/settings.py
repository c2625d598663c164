"""The named strengths of the simulated judge's biases, and its presets."""

from dataclasses import dataclass, fields

from meta_reward.errors import UsageError
from meta_reward.offline.simulated import changed_strengths


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
    return changed_strengths(PRESETS[preset], changed, "judge")
