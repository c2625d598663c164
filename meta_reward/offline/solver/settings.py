"""The named strengths of the simulated solver, and its settings."""

from dataclasses import dataclass

from meta_reward.errors import UsageError
from meta_reward.offline.simulated import changed_strengths


@dataclass(frozen=True, slots=True)
class Strengths:
    """What the solver is good at, and how strong its weaknesses are: 1 as it is; of a weakness 0 none, more is worse.

    ability: what it knows by itself. uptake: how readily it does as worked examples do. attention: how many examples
    it takes in. middle: loses what stands in the middle of a long prompt. suggestion: is misled by an example of
    another method that it sees first, the more alike the words. surface: takes a problem for what its story usually
    asks, when it names a method. haste: slips where nobody asks for the steps. noise: differs by case, wording, draw.
    """

    ability: float = 1.0
    uptake: float = 1.0
    attention: float = 1.0
    middle: float = 1.0
    suggestion: float = 1.0
    surface: float = 1.0
    haste: float = 1.0
    noise: float = 1.0


PRESETS = {
    "": Strengths(),
    "weak": Strengths(ability=0.5, uptake=0.7, haste=1.5),
    "forgetful": Strengths(attention=0.5, middle=1.6),
    "gullible": Strengths(ability=1.1, suggestion=2.0, surface=1.5),
}
"""By what follows `solver-` in the name. Searches use the first; what they find is checked on the others."""


def strengths_of(preset: str, changed: dict[str, float]) -> Strengths:
    """A setting with some strengths changed. Raises UsageError for names it does not know."""
    if preset not in PRESETS:
        known = ", ".join(f"solver-{name}" if name else "solver" for name in PRESETS)
        raise UsageError(f"unknown setting {preset!r} of the simulated solver", hint=f"known are {known}")
    return changed_strengths(PRESETS[preset], changed, "solver", hint="1 is the default")
