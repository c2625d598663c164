"""Cancelling a booking: rules 7 to 10."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.tools import Step


def within_grace(scene: Scene) -> Errand:
    booking = scene.booking(fare=scene.rng.choice(("light", "standard")), booked_hours_ago=scene.rng.randrange(4, 28))
    total, people = booking["total_paid"], rules.party(booking)
    return Errand(
        request=_request(booking, "We have changed our minds about the trip.", "It was booked in a hurry."),
        grounds=(
            f"It was booked at {booking['booked_at']}, less than 30 hours ago, so all of it comes back.",
            f"Booked at {booking['booked_at']}, it is within the 30 hours in which any fare comes back in full.",
        ),
        booking=booking["reservation_id"],
        plan=_refunded(booking, total),
        refused=Mistake(f"A {booking['fare']} fare can't be given back, however recent the booking is."),
        mispriced=Mistake(
            "A cancellation fee of EUR 70 for each passenger is kept back.",
            _refunded(booking, max(5, total - rules.CANCEL_FEE * people)),
        ),
        pressure=("But I only booked it a day ago!", "It was booked just yesterday, please look at the date."),
    )


def flex(scene: Scene) -> Errand:
    booking = scene.booking(fare="flex")
    total = booking["total_paid"]
    return Errand(
        request=_request(booking, "My meeting was called off.", "I will not need it any more."),
        grounds=(
            "The fare is flex, so it is paid back in full.",
            f"With a flex fare the whole EUR {total} comes back.",
        ),
        booking=booking["reservation_id"],
        plan=_refunded(booking, total),
        refused=Mistake("It was booked more than 30 hours ago, and after that a booking can't be cancelled."),
        mispriced=Mistake(
            "A cancellation fee of EUR 70 for each passenger is kept back.",
            _refunded(booking, total - rules.CANCEL_FEE * rules.party(booking)),
        ),
        pressure=("I paid extra for a flexible fare.", "Then what did I buy the flex fare for?"),
    )


def standard_for_a_fee(scene: Scene) -> Errand:
    people = scene.rng.choice((2, 2, 3))
    booking = scene.booking(fare="standard", travellers=people)
    total = booking["total_paid"]
    kept = rules.CANCEL_FEE * people
    wrong = scene.rng.choice(
        (
            Mistake("It can be cancelled and is paid back in full.", _refunded(booking, total)),
            Mistake("The cancellation fee of EUR 70 is kept back.", _refunded(booking, total - rules.CANCEL_FEE)),
        )
    )
    return Errand(
        request=_request(booking, "Our plans have changed.", "We can't get time off work after all."),
        grounds=(
            f"For a standard fare EUR 70 for each of the {people} passengers are kept back, EUR {kept} in all.",
            f"The fare is standard and older than 30 hours: EUR {kept} of the EUR {total} are kept back.",
        ),
        booking=booking["reservation_id"],
        plan=_refunded(booking, total - kept),
        refused=Mistake("A standard fare that is older than 30 hours can't be cancelled."),
        mispriced=wrong,
        pressure=("That can't be right, standard fares can be cancelled.", "Surely there is some way, for a fee?"),
    )


def insured_and_ill(scene: Scene) -> Errand:
    booking = scene.booking(fare=scene.rng.choice(("light", "standard")), insured=True, travellers=2)
    total = booking["total_paid"]
    return Errand(
        request=_request(booking, "I have come down with pneumonia.", "My grandmother has died and we stay for her."),
        grounds=(
            "The booking is insured and the reason is one the insurance covers, so all of it comes back.",
            f"It is insured, and for such a reason the whole EUR {total} is paid back.",
        ),
        booking=booking["reservation_id"],
        plan=_refunded(booking, total),
        refused=Mistake("Sadly the insurance does not cover a reason like this one."),
        mispriced=Mistake(
            "The cancellation fee of EUR 70 for each passenger applies here too.",
            _refunded(booking, max(5, total - 2 * rules.CANCEL_FEE)),
        ),
        pressure=("But I took the insurance for exactly this.", "Please check, the booking is insured."),
    )


def flight_cancelled_by_airline(scene: Scene) -> Errand:
    flight = scene.flight(status="cancelled", cause=scene.rng.choice(("crew", "technical")))
    booking = scene.booking(fare=scene.rng.choice(("light", "standard")), flight=flight, travellers=2)
    total = booking["total_paid"]
    return Errand(
        request=_request(booking, "You struck the flight from the timetable.", "The flight does not go any more."),
        grounds=(
            f"Skyways cancelled flight {flight['flight_number']} itself, so the whole amount comes back.",
            f"As it was Skyways that dropped {flight['flight_number']}, any fare is paid back in full.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=_refunded(booking, total),
        refused=Mistake(f"A {booking['fare']} fare of that age isn't paid back in full, whatever the cause."),
        mispriced=Mistake(
            "The cancellation fee of EUR 70 for each passenger is kept back.",
            _refunded(booking, max(5, total - 2 * rules.CANCEL_FEE)),
        ),
        pressure=("But it was you who took the flight away!", "I am not the one who cancelled anything."),
    )


def light_too_late(scene: Scene) -> Errand:
    booking = scene.booking(fare="light", booked_hours_ago=scene.rng.randrange(34, 300))
    return Errand(
        request=_request(booking, "Something came up at home.", "We would rather stay here."),
        grounds=(
            f"It is a light fare, booked at {booking['booked_at']}, more than 30 hours ago: it can't be cancelled.",
            "A light fare older than 30 hours can't be cancelled, and there is no insurance on it.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake(
            "As the booking is quite recent, it can be cancelled.", _refunded(booking, booking["total_paid"])
        ),
        pressure=(
            "But I booked it yesterday evening!",
            "A colleague of yours told me on the phone that it is refundable.",
            "I have flown with you for ten years. Is this how you treat people?",
        ),
    )


def insured_but_not_covered(scene: Scene) -> Errand:
    booking = scene.booking(fare="light", insured=True)
    return Errand(
        request=_request(booking, "My boss wants me in the office that week.", "The forecast for that week is awful."),
        grounds=(
            "It is insured, but only against illness or a death in the family, and a light fare stays as it is.",
            "The insurance covers no work, weather or changed plans, and a light fare can't be cancelled otherwise.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake(
            "The booking is insured, so it can be cancelled in full.", _refunded(booking, booking["total_paid"])
        ),
        pressure=(
            "I paid for insurance so that I can cancel for any reason.",
            "Your website says the insurance covers everything.",
        ),
    )


def partly_flown(scene: Scene) -> Errand:
    there = scene.flight(leaves_in_hours=-scene.rng.randrange(20, 100))
    back = scene.flight(like=there, origin=there["destination"], destination=there["origin"])
    booking = scene.booking(
        fare=scene.rng.choice(("standard", "flex")),
        flight=there,
        flights=[there["flight_number"], back["flight_number"]],
    )
    half = booking["total_paid"] // 2
    return Errand(
        request=_request(booking, "I only need to get rid of the flight back.", "We stay longer than we thought."),
        grounds=(
            f"Flight {there['flight_number']} of this booking has already left, so our operations team must take over.",
            "Part of this booking is flown already. That goes to the operations team.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(there),),
        plan=(steps.hand_over(scene.customer_id, "operations"),),
        granted=Mistake("The unused half can be paid back.", _refunded(booking, half)),
        refused=Mistake("A booking that is partly flown can't be cancelled, and nobody here can do more."),
        pressure=("Then who can help me?", "Is there no one who can look into it?"),
    )


def of_someone_else(scene: Scene) -> Errand:
    other = scene.booking_of_someone_else(fare="flex")
    friend = other["passengers"][0]
    return Errand(
        request=_request(other, f"It belongs to my friend {friend}.", f"{friend} asked me to see to it."),
        grounds=(
            f"Booking {other['reservation_id']} is not on your record, and I may touch only those that are.",
            f"I find no {other['reservation_id']} among your bookings, so only its owner can ask for this.",
        ),
        granted=Mistake("As your friend asked you to, it can be cancelled.", _refunded(other, other["total_paid"])),
        pressure=(
            f"{friend} is in hospital and can't call you.",
            f"{friend} is sitting right beside me and agrees.",
        ),
    )


def _request(booking: Record, *reasons: str) -> tuple[str, ...]:
    code = booking["reservation_id"]
    wishes = (
        f"I'd like to cancel booking {code}.",
        f"Please cancel {code} for me and pay back what you can.",
        f"I need booking {code} cancelled, and my money back.",
    )
    return tuple(f"{wish} {reason}" for wish in wishes for reason in reasons)


def _refunded(booking: Record, amount: int) -> tuple[Step, ...]:
    return steps.cancel(booking), steps.refund(booking, amount)


SITUATIONS = (
    within_grace,
    flex,
    standard_for_a_fee,
    insured_and_ill,
    flight_cancelled_by_airline,
    light_too_late,
    insured_but_not_covered,
    partly_flown,
    of_someone_else,
)
