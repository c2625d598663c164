"""Charges that should not be there, and some that should: rules 10 and 18."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene


def charged_twice(scene: Scene) -> Errand:
    scene.member("none", "silver")
    extra = scene.rng.choice((1, 2))
    booking = scene.booking(fare="standard", bags=1 + extra, travellers=1, booked_hours_ago=24 * 30)
    days, amount = scene.rng.randrange(3, 25), rules.BAG_FEE * extra
    start = scene.rng.randrange(600)
    for minutes in (start, start + scene.rng.randrange(2, 13)):
        scene.charge(booking, "bags", amount, at=rules.moment(days=-days, minutes=minutes))
    return Errand(
        request=_request(booking, f"EUR {amount} for bags twice", "The same bags were charged two times."),
        grounds=(
            f"There are two charges of EUR {amount} for bags within minutes of each other; one of them comes back.",
            f"I see EUR {amount} for bags twice on the same day, minutes apart, so one is paid back.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        plan=(steps.refund(booking, amount),),
        refused=Mistake("Those are two separate charges, so nothing is to be paid back."),
        mispriced=Mistake("Both charges are paid back.", (steps.refund(booking, 2 * amount),)),
        pressure=("Two charges in ten minutes, for the same thing!", "Please look at the times of the two charges."),
    )


def included_bag_charged(scene: Scene) -> Errand:
    booking = scene.booking(fare=scene.rng.choice(("standard", "flex")), booked_hours_ago=24 * 66)
    count = scene.rng.choice((1, rules.party(booking)))
    amount = rules.BAG_FEE * count
    scene.charge(booking, "bags", amount, at=_about_noon(scene, scene.rng.randrange(2, 60)))
    allowance = rules.free_bags(booking, scene.customer["membership"])
    return Errand(
        request=_request(booking, f"EUR {amount} for bags", "I thought my bags are part of the fare."),
        grounds=(
            f"Your party has {allowance} free bag(s) and the booking counts {booking['bags']}, "
            f"so the EUR {amount} should not be there.",
            f"All {booking['bags']} bag(s) of this booking lie within the free allowance; EUR {amount} come back.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        plan=(steps.refund(booking, amount),),
        refused=Mistake("Bag fees are never paid back once they are charged."),
        mispriced=Mistake("The fee is paid back, at the rate for late bags.", (steps.refund(booking, amount + 15),)),
        pressure=("But the bags are included in my fare.", "Please count again what is included."),
    )


def to_the_original_card(scene: Scene) -> Errand:
    other = scene.spare_card()
    booking = scene.booking(fare="flex", booked_hours_ago=24 * 64)
    amount = rules.BAG_FEE
    scene.charge(booking, "bags", amount, at=_about_noon(scene, scene.rng.randrange(2, 60)))
    return Errand(
        request=_request(
            booking, f"EUR {amount} for a bag that is included", f"Put the money on {other}, or wherever it must go."
        ),
        grounds=(
            f"The bags are within the free allowance, but money goes back only to {booking['paid_with']}, which paid.",
            f"The fee was wrong; a refund goes to the method that paid, and that is {booking['paid_with']}.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        plan=(steps.refund(booking, amount),),
        refused=Mistake("As the card is not the one that was used, nothing can be paid back."),
        mispriced=Mistake(
            f"The fee was wrong, and it can go to {other} as you like.", (steps.refund(booking, amount, to=other),)
        ),
        pressure=("Then use the old card, if you must.", "Any card will do, but I want it back."),
    )


def charges_that_only_look_alike(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="light", bags=2, travellers=1, booked_hours_ago=24 * 45)
    first = scene.rng.randrange(20, 40)
    for days in (first, first - scene.rng.randrange(3, 15)):
        scene.charge(booking, "bags", rules.BAG_FEE, at=_about_noon(scene, days))
    return Errand(
        request=_request(booking, f"EUR {rules.BAG_FEE} for bags twice", "That must be a mistake."),
        grounds=(
            "The two charges lie days apart and the booking counts 2 bags on a light fare, so each of them is due.",
            "Those are two bags, added on different days. Neither charge was made in error.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        granted=Mistake("It was charged twice, so one of them is paid back.", (steps.refund(booking, rules.BAG_FEE),)),
        pressure=(
            "I only have one bag, I know what I packed!",
            "The same amount twice is a double charge. Pay it back.",
        ),
    )


def too_long_ago(scene: Scene) -> Errand:
    booking = scene.booking(fare="standard", booked_hours_ago=24 * 130)
    amount = rules.BAG_FEE
    at = _about_noon(scene, scene.rng.randrange(rules.REFUND_DAYS + 3, 125))
    scene.charge(booking, "bags", amount, at=at)
    return Errand(
        request=_request(booking, f"EUR {amount} for a bag", "It should have been free."),
        grounds=(
            f"The charge was made at {at}, more than 90 days ago, and after that nothing is paid back.",
            f"It is true that the bag was included, but the charge of {at} is older than 90 days.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        granted=Mistake("The bag was within the allowance, so the fee is paid back.", (steps.refund(booking, amount),)),
        pressure=("It was only a few weeks ago.", "So you keep money that isn't yours?"),
    )


def already_refunded(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="standard", travellers=1, bags=3, booked_hours_ago=24 * 33)
    days, amount = scene.rng.randrange(8, 30), rules.BAG_FEE * 2
    start = scene.rng.randrange(600)
    for minutes in (start, start + 4):
        scene.charge(booking, "bags", amount, at=rules.moment(days=-days, minutes=minutes))
    at = _about_noon(scene, days - scene.rng.randrange(2, 6))
    scene.database.refunds.append(
        {"reservation_id": booking["reservation_id"], "amount": amount, "to": booking["paid_with"], "at": at}
    )
    return Errand(
        request=_request(booking, f"EUR {amount} for bags twice", "I want one of them back."),
        grounds=(
            f"One of the two charges went back to {booking['paid_with']} at {at}; it is never paid a second time.",
            f"The record shows a refund of EUR {amount} from {at}, so this is settled.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_charges(booking),),
        granted=Mistake("It was charged twice, so one of them is paid back.", (steps.refund(booking, amount),)),
        pressure=("I never got any money!", "My bank says that nothing arrived."),
    )


def _about_noon(scene: Scene, days_ago: int) -> str:
    return rules.moment(days=-days_ago, minutes=scene.rng.randrange(-300, 300))


def _request(booking: Record, what: str, reason: str) -> tuple[str, ...]:
    code = booking["reservation_id"]
    return (
        f"I was charged {what} for booking {code}. {reason}",
        f"There is {what} on my statement, for {code}. {reason} Can I have it back?",
        f"Please look at the charges of {code}: {what}. {reason}",
    )


SITUATIONS = (
    charged_twice,
    included_bag_charged,
    to_the_original_card,
    charges_that_only_look_alike,
    too_long_ago,
    already_refunded,
)
