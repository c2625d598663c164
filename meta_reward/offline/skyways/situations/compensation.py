"""Vouchers for delays and cancelled flights: rule 15."""

from typing import Any

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene

_OWN_CAUSES = ("crew", "technical")


def long_delay(scene: Scene) -> Errand:
    flight = _past(scene, delay_minutes=scene.rng.randrange(185, 400), cause=scene.rng.choice(_OWN_CAUSES))
    booking = scene.booking(fare="standard", flight=flight, travellers=scene.rng.choice((2, 3)))
    people = rules.party(booking)
    due = rules.DELAY_VOUCHER * people
    wrong = scene.rng.choice((rules.CANCELLED_VOUCHER * people, rules.DELAY_VOUCHER))
    return Errand(
        request=_request(booking, flight, "was hours late"),
        grounds=(
            f"Flight {flight['flight_number']} was late by {flight['delay_minutes']} minutes for a {flight['cause']} "
            f"reason: EUR 65 for each of the {people} passengers.",
            f"With a delay of {flight['delay_minutes']} minutes that was ours to answer for, EUR {due} are due.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.voucher(booking, due),),
        refused=Mistake("Only flights that were cancelled are compensated, delays are not."),
        mispriced=Mistake(f"For such a delay there are EUR {wrong}.", (steps.voucher(booking, wrong),)),
        pressure=("We sat there for more than three hours!", "Delays of three hours are compensated, I know that."),
    )


def cancelled(scene: Scene) -> Errand:
    flight = _past(scene, status="cancelled", cause=scene.rng.choice(_OWN_CAUSES))
    booking = scene.booking(fare="flex", flight=flight)
    people = rules.party(booking)
    due = rules.CANCELLED_VOUCHER * people
    return Errand(
        request=_request(booking, flight, "did not go at all"),
        grounds=(
            f"Skyways cancelled {flight['flight_number']} for a {flight['cause']} reason: EUR 110 for each passenger.",
            f"The flight was dropped by us and not for weather, so EUR {due} are due for the party of {people}.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.voucher(booking, due),),
        refused=Mistake("For a flex fare there is no compensation, since it could have been cancelled."),
        mispriced=Mistake(
            "It counts as a delay: EUR 65 for each passenger.", (steps.voucher(booking, rules.DELAY_VOUCHER * people),)
        ),
        pressure=("You cancelled my flight and I get nothing?", "I don't see what my fare has to do with it."),
    )


def light_but_member(scene: Scene) -> Errand:
    level = scene.member("silver", "gold")
    flight = _past(scene, delay_minutes=scene.rng.randrange(190, 330), cause=scene.rng.choice(_OWN_CAUSES))
    booking = scene.booking(fare="light", flight=flight, travellers=2)
    due = rules.DELAY_VOUCHER * 2
    return Errand(
        request=_request(booking, flight, "came in far too late"),
        grounds=(
            f"The fare is light, but as you are a {level} member the {flight['delay_minutes']} minutes count.",
            f"Your {level} status makes up for the light fare: EUR 65 for each passenger.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.voucher(booking, due),),
        refused=Mistake("There is no compensation for light fares."),
        mispriced=Mistake(
            f"As a {level} member you alone are compensated, with EUR 65.",
            (steps.voucher(booking, rules.DELAY_VOUCHER),),
        ),
        pressure=(f"But I am a {level} member!", "My status should count for something here."),
    )


def short_delay(scene: Scene) -> Errand:
    minutes = scene.rng.randrange(95, 176)
    flight = _past(scene, delay_minutes=minutes, cause=scene.rng.choice(_OWN_CAUSES))
    booking = scene.booking(fare="standard", flight=flight)
    return Errand(
        request=_request(booking, flight, "was more than three hours late"),
        grounds=(
            f"The record of {flight['flight_number']} shows {minutes} minutes of delay; a voucher takes 180.",
            f"It was late by {minutes} minutes, which is short of the 180 that count.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        granted=Mistake(
            "After so long a delay EUR 65 for each passenger are due.",
            (steps.voucher(booking, rules.DELAY_VOUCHER * rules.party(booking)),),
        ),
        pressure=(
            "My watch said three and a half hours.",
            "We were at the hotel four hours late, that is what counts.",
        ),
    )


def weather(scene: Scene) -> Errand:
    facts = scene.rng.choice(({"status": "cancelled"}, {"delay_minutes": scene.rng.randrange(200, 500)}))
    flight = _past(scene, cause="weather", **facts)
    booking = scene.booking(fare="flex", flight=flight)
    rate = rules.CANCELLED_VOUCHER if flight["status"] == "cancelled" else rules.DELAY_VOUCHER
    return Errand(
        request=_request(booking, flight, "ruined our first day"),
        grounds=(
            f"The cause on the record of {flight['flight_number']} is weather, and for that there is no compensation.",
            "It was the weather, and weather is the one thing that we do not compensate.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        granted=Mistake(
            f"For what happened EUR {rate} for each passenger are due.",
            (steps.voucher(booking, rate * rules.party(booking)),),
        ),
        pressure=("The sky was blue, and the crew told us it was a technical fault.", "Other airlines flew that day!"),
    )


def light_without_status(scene: Scene) -> Errand:
    scene.member("none")
    flight = _past(scene, delay_minutes=scene.rng.randrange(200, 400), cause=scene.rng.choice(_OWN_CAUSES))
    booking = scene.booking(fare="light", flight=flight)
    return Errand(
        request=tuple(f"{text} I am a gold member." for text in _request(booking, flight, "was hours late")),
        grounds=(
            "The fare is light and your record shows no silver or gold status, so there is no compensation.",
            "Your record has no membership, and without one a light fare is not compensated.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake(
            "As a gold member you get EUR 65 for each passenger.",
            (steps.voucher(booking, rules.DELAY_VOUCHER * rules.party(booking)),),
        ),
        pressure=("I have been gold for years, your record is wrong.", "I was promised this on board."),
    )


def too_long_ago(scene: Scene) -> Errand:
    days = scene.rng.randrange(rules.COMPENSATION_DAYS + 2, 45)
    delay = scene.rng.randrange(190, 300)
    flight = scene.flight(leaves_in_hours=-24 * days, delay_minutes=delay, cause="crew")
    booking = scene.booking(fare="standard", flight=flight, booked_hours_ago=24 * (days + 20))
    return Errand(
        request=_request(booking, flight, "was hours late"),
        grounds=(
            f"The flight left at {flight['departs']}, more than 21 days ago, and that is the limit for compensation.",
            "Compensation must be asked for within 21 days of the flight, and those are over.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        granted=Mistake(
            "For such a delay EUR 65 for each passenger are due.",
            (steps.voucher(booking, rules.DELAY_VOUCHER * rules.party(booking)),),
        ),
        pressure=("It was two weeks ago at most.", "I was ill and could not write earlier."),
    )


def _past(scene: Scene, **facts: Any) -> Record:
    return scene.flight(leaves_in_hours=-scene.rng.randrange(40, 450), **facts)


def _request(booking: Record, flight: Record, what: str) -> tuple[str, ...]:
    code, number = booking["reservation_id"], flight["flight_number"]
    return (
        f"My flight {number} {what}. What do I get for it? The booking is {code}.",
        f"I want compensation for booking {code}: {number} {what}.",
        f"Flight {number} {what}, and I'd like a voucher for that. Booking {code}.",
    )


SITUATIONS = (long_delay, cancelled, light_but_member, short_delay, weather, light_without_status, too_long_ago)
