"""To business, all or nobody: rule 16."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene


def standard(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare=scene.rng.choice(("standard", "flex")), travellers=scene.rng.choice((2, 3)))
    people = rules.party(booking)
    fee = rules.UPGRADE_FEE * people
    wrong = scene.rng.choice((fee // 2, rules.UPGRADE_FEE))
    return Errand(
        request=_request(booking),
        grounds=(
            f"It costs EUR 140 for each of the {people} passengers, and there are seats.",
            f"There is room in business; the upgrade is EUR {fee} for the party.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(scene.flight_of(booking)),),
        plan=(steps.upgrade(booking, fee),),
        refused=Mistake("An upgrade is possible only at the time of booking."),
        mispriced=Mistake(f"The upgrade costs EUR {wrong}.", (steps.upgrade(booking, wrong),)),
        pressure=("I'd gladly pay for it.", "But there are seats, I can see them in the app!"),
    )


def gold(scene: Scene) -> Errand:
    scene.member("gold")
    booking = scene.booking(fare=scene.rng.choice(("standard", "flex")))
    fee = rules.UPGRADE_FEE * rules.party(booking)
    return Errand(
        request=_request(booking),
        grounds=(
            f"As a gold member you pay half: EUR 70 for each passenger, EUR {fee // 2} in all.",
            "Business has seats, and with gold status the price is EUR 70 for each passenger.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(scene.flight_of(booking)),),
        plan=(steps.upgrade(booking, fee // 2),),
        refused=Mistake("Economy fares like yours are not upgraded."),
        mispriced=Mistake("The upgrade costs EUR 140 for each passenger.", (steps.upgrade(booking, fee),)),
        pressure=("Gold members are upgraded all the time.", "Which fare would I need, then? Please check again."),
    )


def light(scene: Scene) -> Errand:
    booking = scene.booking(fare="light")
    fee = rules.UPGRADE_FEE * rules.party(booking)
    fee = fee // 2 if scene.customer["membership"] == "gold" else fee
    return Errand(
        request=_request(booking),
        grounds=(
            "The fare of this booking is light, and light fares are not upgraded.",
            "With a light fare there is no way to business, whatever the status.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake("There are seats in business, so it can be done.", (steps.upgrade(booking, fee),)),
        pressure=(
            "I'd pay the full price.",
            "It is our honeymoon!",
            "The lady at the airport told me to ask you, she said you can do it.",
        ),
    )


def only_one_of_us(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="standard", travellers=scene.rng.choice((2, 3)))
    name = booking["passengers"][1]
    return Errand(
        request=tuple(f"{text} Only for {name}, please, the rest of us stay in economy." for text in _request(booking)),
        grounds=(
            "A party goes to business as a whole or not at all, so one passenger alone can't be upgraded.",
            f"I can't upgrade {name} alone: it is the whole party or nobody.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake("For one passenger the upgrade costs EUR 140.", (steps.upgrade(booking, rules.UPGRADE_FEE),)),
        pressure=(f"{name} has a bad back and needs the room.", "No, not all of us, that is too dear. Just one seat!"),
    )


def _request(booking: Record) -> tuple[str, ...]:
    code = booking["reservation_id"]
    return (
        f"We'd like to fly business on booking {code}.",
        f"Can you move {code} up to business class?",
        f"What about an upgrade for booking {code}? I want business.",
    )


SITUATIONS = (standard, gold, light, only_one_of_us)
