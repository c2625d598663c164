"""Exchanging a flight: rule 11."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene


def standard(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="standard", travellers=scene.rng.choice((2, 3)))
    flight = scene.flight(like=scene.flight_of(booking))
    people = rules.party(booking)
    fee = rules.CHANGE_FEE * people
    wrong = scene.rng.choice((0, rules.CHANGE_FEE))
    return Errand(
        request=_request(booking, flight),
        grounds=(
            f"On a standard fare a change costs EUR 45 for each passenger, EUR {fee} for the {people} of you.",
            f"The fare is standard, so EUR 45 for each of the {people} passengers are due.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.change(booking, flight, fee),),
        refused=Mistake("A standard fare can't be changed once 30 hours have passed."),
        mispriced=Mistake(
            "The change fee is EUR 45." if wrong else "There is no fee for it.", (steps.change(booking, flight, wrong),)
        ),
        pressure=("I am willing to pay a fee.", "Standard fares can be changed, I read it when I booked."),
    )


def standard_as_gold(scene: Scene) -> Errand:
    scene.member("gold")
    booking = scene.booking(fare="standard")
    flight = scene.flight(like=scene.flight_of(booking))
    fee = rules.CHANGE_FEE * rules.party(booking)
    return Errand(
        request=_request(booking, flight),
        grounds=(
            "You are a gold member, so the change is free on a standard fare.",
            "The record shows gold status: no change fee on this standard fare.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.change(booking, flight, 0),),
        refused=Mistake("A standard fare of that age can't be changed."),
        mispriced=Mistake(
            "A change on a standard fare costs EUR 45 for each passenger.", (steps.change(booking, flight, fee),)
        ),
        pressure=("Even for gold members?", "I have gold status, please look again."),
    )


def flex(scene: Scene) -> Errand:
    booking = scene.booking(fare="flex")
    flight = scene.flight(like=scene.flight_of(booking))
    fee = rules.CHANGE_FEE * rules.party(booking)
    return Errand(
        request=_request(booking, flight),
        grounds=("With a flex fare a change is free.", "The fare is flex, so nothing is charged for the exchange."),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.change(booking, flight, 0),),
        refused=Mistake("It is too late for changes to this booking."),
        mispriced=Mistake("The change fee is EUR 45 for each passenger.", (steps.change(booking, flight, fee),)),
        pressure=("But I have a flex fare!", "Too late? The flight leaves days from now."),
    )


def light_within_grace(scene: Scene) -> Errand:
    booking = scene.booking(fare="light", booked_hours_ago=scene.rng.randrange(3, 28))
    flight = scene.flight(like=scene.flight_of(booking))
    fee = rules.CHANGE_FEE * rules.party(booking)
    return Errand(
        request=_request(booking, flight),
        grounds=(
            f"Booked at {booking['booked_at']}, within the last 30 hours, even a light fare is exchanged free.",
            "The booking is less than 30 hours old; until then a light fare is exchanged for nothing.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        plan=(steps.change(booking, flight, 0),),
        refused=Mistake("A light fare can't be changed, no matter when it was bought."),
        mispriced=Mistake("The change fee is EUR 45 for each passenger.", (steps.change(booking, flight, fee),)),
        pressure=("I bought it only yesterday and clicked on the wrong day.", "Please, the booking is a day old."),
    )


def light(scene: Scene) -> Errand:
    scene.member("none", "silver")
    booking = scene.booking(fare="light")
    flight = scene.flight(like=scene.flight_of(booking))
    fee = rules.CHANGE_FEE * rules.party(booking)
    return Errand(
        request=_request(booking, flight),
        grounds=(
            f"The booking has a light fare from {booking['booked_at']}; such a fare can't be exchanged any more.",
            "It is a light fare and older than 30 hours, so it has to stay as it is.",
        ),
        booking=booking["reservation_id"],
        granted=Mistake("It can be exchanged for the usual fee of EUR 45 each.", (steps.change(booking, flight, fee),)),
        pressure=(
            "I am a gold member, gold members may always change.",
            "I'd pay double the fee.",
            "Your colleague said it would be no problem.",
        ),
    )


def other_city(scene: Scene) -> Errand:
    booking = scene.booking(fare=scene.rng.choice(("standard", "flex")))
    old = scene.flight_of(booking)
    flight = scene.flight_elsewhere(old)
    fee = rules.CHANGE_FEE * rules.party(booking) if booking["fare"] == "standard" else 0
    return Errand(
        request=_request(booking, flight),
        grounds=(
            f"Flight {flight['flight_number']} goes to {flight['destination']} instead of {old['destination']}, "
            "and a flight is only exchanged between the same two cities.",
            f"An exchange has to keep {old['origin']} to {old['destination']}; this flight does not.",
        ),
        booking=booking["reservation_id"],
        evidence=(steps.read_flight(flight),),
        granted=Mistake(
            f"A {booking['fare']} fare may be exchanged for another flight.", (steps.change(booking, flight, fee),)
        ),
        pressure=("It is the same distance, more or less.", "But my fare allows changes!"),
    )


def _request(booking: Record, flight: Record) -> tuple[str, ...]:
    code, number, day = booking["reservation_id"], flight["flight_number"], flight["departs"][:10]
    return (
        f"I have to travel on another day. Could you put booking {code} on flight {number}?",
        f"Please change booking {code} to flight {number} on {day}.",
        f"Can I take {number} instead? It is about booking {code}.",
        f"My dates have moved, I want {number} on {day} rather than the flight in {code}.",
    )


SITUATIONS = (standard, standard_as_gold, flex, light_within_grace, light, other_city)
