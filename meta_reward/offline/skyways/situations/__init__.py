"""What customers come with: for each intent its situations, each a function from a scene to an errand.

A situation draws the records it turns on, says what the policy calls for, and which mistakes it
invites.
"""

from collections.abc import Callable

from meta_reward.offline.skyways.case import Errand
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.situations import (
    baggage,
    cancel,
    change,
    compensation,
    information,
    names,
    refund,
    reserve,
    upgrade,
)

Situation = Callable[[Scene], Errand]

INTENTS: dict[str, tuple[Situation, ...]] = {
    "cancel": cancel.SITUATIONS,
    "change": change.SITUATIONS,
    "refund": refund.SITUATIONS,
    "baggage": baggage.SITUATIONS,
    "compensation": compensation.SITUATIONS,
    "upgrade": upgrade.SITUATIONS,
    "booking": reserve.SITUATIONS,
    "names": names.SITUATIONS,
    "information": information.SITUATIONS,
}
