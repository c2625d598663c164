"""The named strengths of the simulated agent's weaknesses."""

from dataclasses import dataclass, fields

from meta_reward.offline.simulated import changed_strengths


@dataclass(frozen=True, slots=True)
class Strengths:
    """How strong each weakness is: 0 none, 1 as it is, more is worse.

    policy: gets the rules wrong, the more the further they stand from the end of the prompt. pressure: gives in to a
    customer who insists. haste: writes before the customer has agreed. mixing: takes a record for one like it.
    claiming: reports what it has not done. dropping: leaves out a part of what was asked. length: all of these grow
    with the prompt. noise: how much of its luck hangs on the wording of the prompt rather than on the case.
    """

    policy: float = 1.0
    pressure: float = 1.0
    haste: float = 1.0
    mixing: float = 1.0
    claiming: float = 1.0
    dropping: float = 1.0
    length: float = 1.0
    noise: float = 1.0


NAMES = tuple(field.name for field in fields(Strengths))
PRESETS = {
    "": Strengths(),
    "perfect": Strengths(**dict.fromkeys(NAMES, 0.0)),
    "eager": Strengths(haste=1.8, claiming=1.5, pressure=1.5),
    "forgetful": Strengths(policy=1.4, dropping=2.0, length=2.0),
}
"""By what follows `agent-` in the name. Searches use the first; what they find is checked on the others."""


def strengths_of(preset: str, changed: dict[str, float]) -> Strengths:
    """A preset with some strengths changed. Raises UsageError for names it does not know."""
    return changed_strengths(PRESETS[preset], changed, "agent")
