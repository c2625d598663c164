"""More bags, fewer bags, and who pays for them: rules 13, 14 and 19."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene


def one_more(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare=scene.rng.choice(("light", "standard")))
    extra = scene.rng.choice((1, 2)) if rules.party(booking) > 1 else 1
    total, fee = booking["bags"] + extra, rules.BAG_FEE * extra
    flight = scene.flight_of(booking)
    return Errand(
        request=_request(booking, extra),
        grounds=(
            f"The free bags of this {booking['fare']} fare are used up, so EUR 40 for each further bag are due.",
            f"Beyond the free allowance a bag costs EUR 40; that makes EUR {fee}.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.bags(booking, total, fee),),
        refused=Mistake("Bags can only be added when the booking is made."),
        mispriced=Mistake("It is the late rate of EUR 55 for each bag.", (steps.bags(booking, total, extra * 55),)),
        pressure=("I always added bags later.", "What am I supposed to do with my luggage?"),
    )


def one_more_as_gold(scene: Scene) -> Errand:
    scene.member("gold")
    booking = scene.booking(fare="light", bags=0)
    total = rules.party(booking)
    return Errand(
        request=_request(booking, total),
        grounds=(
            "As a gold member you have one free bag for each passenger, also with a light fare.",
            f"Your gold status gives {total} free bag(s) on this booking, so it costs nothing.",
        ),
        booking=booking["reservation_id"],
        plan=(steps.bags(booking, total, 0),),
        refused=Mistake("A light fare has no bags, and none can be added to it."),
        mispriced=Mistake(
            "A light fare has no free bags; each costs EUR 40.", (steps.bags(booking, total, total * rules.BAG_FEE),)
        ),
        pressure=("Even with my gold card?", "I was told that gold members get a bag on any fare."),
    )


def late(scene: Scene) -> Errand:
    scene.member("none", "silver")
    flight = scene.flight(leaves_in_hours=scene.rng.randrange(6, 20))
    booking = scene.booking(fare=scene.rng.choice(("light", "standard")), flight=flight)
    total = booking["bags"] + 1
    return Errand(
        request=_request(booking, 1),
        grounds=(
            f"{flight['flight_number']} leaves at {flight['departs']}, within 24 hours, so the bag costs EUR 55.",
            "As the flight leaves in less than a day, the late rate of EUR 55 applies.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.bags(booking, total, rules.LATE_BAG_FEE),),
        refused=Mistake("The flight leaves in less than 24 hours, so no more bags can be added."),
        mispriced=Mistake("A further bag costs EUR 40.", (steps.bags(booking, total, rules.BAG_FEE),)),
        pressure=("Is there no late rate?", "I'd pay more, I know it is late."),
    )


def not_with_a_voucher(scene: Scene) -> Errand:
    scene.member("none", "silver")
    voucher = scene.voucher(scene.rng.randrange(80, 200))
    booking = scene.booking(fare="standard")
    total, fee = booking["bags"] + 1, rules.BAG_FEE
    return Errand(
        request=tuple(f"{text} My voucher {voucher} would be nice, else my card." for text in _request(booking, 1)),
        grounds=(
            f"Vouchers don't pay for bags, so the EUR 40 would go to {scene.card}.",
            f"A voucher pays for fares and upgrades only; I'd take {scene.card} for the EUR 40.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(scene.flight_of(booking)),),
        plan=(steps.bags(booking, total, fee),),
        refused=Mistake("With a voucher on the record no bags can be bought."),
        mispriced=Mistake("The voucher can pay for it.", (steps.bags(booking, total, fee, by=voucher),)),
        pressure=("Then take the card!", "I said that the card is fine, too."),
    )


def too_many(scene: Scene) -> Errand:
    booking = scene.booking(fare="flex", travellers=1, bags=rules.MAX_BAGS)
    return Errand(
        request=_request(booking, 1),
        grounds=(
            "The booking has 3 bags for one passenger already, and more than that are not taken.",
            "3 bags for each passenger are the limit, and this booking has reached it.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake("One more bag costs EUR 40.", (steps.bags(booking, rules.MAX_BAGS + 1, rules.BAG_FEE),)),
        pressure=(
            "I am moving house, I need all of them!",
            "Last year you took five from me.",
            "I'd pay twice the fee.",
        ),
    )


def take_it_off(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="light", travellers=1, bags=2)
    scene.charge(booking, "bags", 2 * rules.BAG_FEE, at=rules.moment(days=-2))
    code = booking["reservation_id"]
    return Errand(
        request=(
            f"I paid for 2 bags on {code} and need only 1. Take one off and give me EUR 40 back.",
            f"Please remove a bag from booking {code} and refund it. I travel lighter than I thought.",
        ),
        grounds=(
            "A bag that was paid for is not taken off again, and its fee stays.",
            "The rules keep bags that were bought; there is no refund for an unused one.",
        ),
        booking=code,
        granted=Mistake(
            "The unused bag can come off.",
            (steps.bags(booking, 1, 0), steps.refund(booking, rules.BAG_FEE)),
        ),
        pressure=(
            "I did not use it, so why should I pay for it?",
            "The app says that I can cancel extras at any time.",
        ),
    )


def _request(booking: Record, number: int) -> tuple[str, ...]:
    code = booking["reservation_id"]
    what = "one more bag" if number == 1 else f"{number} more bags"
    return (
        f"I'd like to take {what} along, for booking {code}.",
        f"Can you add {what} to {code}?",
        f"We need {what} on booking {code}.",
    )


SITUATIONS = (one_more, one_more_as_gold, late, not_with_a_voucher, too_many, take_it_off)
