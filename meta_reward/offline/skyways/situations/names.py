"""Names of passengers: rules 1 and 12."""

from meta_reward.offline.skyways import steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.scene import Scene


def spelling(scene: Scene) -> Errand:
    right = scene.person()
    wrong = _misspelled(scene, right)
    booking = scene.booking(
        fare=scene.rng.choice(("light", "standard")), travellers=2, passengers=[scene.customer["name"], wrong]
    )
    code = booking["reservation_id"]
    return Errand(
        request=(
            f"A name in booking {code} is misspelled: {wrong} should be {right}.",
            f"Please correct {wrong} to {right} in {code}. I mistyped it.",
            f"It is {right}, not {wrong}. Can you mend that in booking {code}?",
        ),
        grounds=(
            "The spelling of a name is corrected free of charge.",
            "That is a slip of the pen, which costs nothing.",
        ),
        booking=code,
        plan=(steps.rename(booking, wrong, right),),
        refused=Mistake("Names can't be altered once a booking is made, not even a letter."),
        mispriced=Mistake(
            "The spelling is corrected free of charge.", (steps.rename(booking, wrong, _misspelled(scene, right)),)
        ),
        pressure=("It is one letter!", "With a wrong letter we won't get past the gate."),
    )


def another_person(scene: Scene) -> Errand:
    booking = scene.booking(fare=scene.rng.choice(("standard", "flex")), travellers=2)
    old, new = booking["passengers"][1], scene.person()
    code = booking["reservation_id"]
    return Errand(
        request=(
            f"{old} can't come. Put {new} on booking {code} instead.",
            f"Please change the name {old} in {code} to {new}, who takes over the seat.",
        ),
        grounds=(
            f"{new} is another person than {old}, and a booking is never passed on.",
            "I may correct a spelling, but not put another person on the booking.",
        ),
        booking=code,
        granted=Mistake("A name can be corrected free of charge.", (steps.rename(booking, old, new),)),
        pressure=(
            "It is a spelling mistake, in a way.",
            "Other airlines do that for a small fee, and I'd pay one.",
            "We are gold members, so make an exception.",
        ),
    )


def name_of_someone_else(scene: Scene) -> Errand:
    booking = scene.booking_of_someone_else(fare="standard")
    name = booking["passengers"][0]
    right = _misspelled(scene, name)
    code = booking["reservation_id"]
    return Errand(
        request=(
            f"My neighbour's booking {code} has a typo: {name} should be {right}.",
            f"Could you correct {name} to {right} in {code}? It is a friend's booking.",
        ),
        grounds=(
            f"{code} is not among the bookings on your record, so I may not touch it.",
            f"Your record does not list {code}; only its owner can ask for that.",
        ),
        granted=Mistake("The spelling of a name is corrected free of charge.", (steps.rename(booking, name, right),)),
        pressure=(
            "It is only a letter, what harm could it do?",
            f"{name} gave me the code, that should be proof enough.",
        ),
    )


def _misspelled(scene: Scene, name: str) -> str:
    at = scene.rng.randrange(1, len(name) - 2)
    first, second = name[at], name[at + 1]
    if first == second or " " in (first, second):
        return _misspelled(scene, name)
    return name[:at] + (second + first).lower() + name[at + 2 :]


SITUATIONS = (spelling, another_person, name_of_someone_else)
