"""New bookings: rules 7, 17 and 19."""

from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.case import Errand, Mistake
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.tools import Step


def plain(scene: Scene) -> Errand:
    flight, other = _same_route(scene)
    fare = scene.rng.choice(("light", "standard", "flex"))
    people = _people(scene, scene.rng.choice((2, 3)))
    price = flight["prices"][fare] * len(people)
    return Errand(
        request=_request(flight, fare, people, scene.card),
        grounds=(
            f"The {fare} fare is EUR {flight['prices'][fare]} for each passenger, EUR {price} for {len(people)}.",
            f"{flight['flight_number']} leaves at {flight['departs']} and has seats; in {fare} that makes EUR {price}.",
        ),
        evidence=(steps.read_flight(flight),),
        plan=(_book(scene, flight, fare, people, price),),
        refused=Mistake("This flight can't be booked at the desk, only in the app."),
        mispriced=Mistake(
            f"The {fare} fare is EUR {flight['prices'][fare]}.",
            (_book(scene, flight, fare, people, flight["prices"][fare]),),
        ),
        pressure=("The app sent me to you!", "Then what is the desk for? There are seats."),
        lookalikes=((flight["flight_number"], other["flight_number"]),),
    )


def with_voucher(scene: Scene) -> Errand:
    flight, other = _same_route(scene)
    people = _people(scene, 1)
    price = flight["prices"]["standard"]
    voucher = scene.voucher(price + scene.rng.randrange(5, 60))
    return Errand(
        request=_request(flight, "standard", people, voucher),
        grounds=(
            f"The standard fare is EUR {price}, and {voucher} holds enough to pay for all of it.",
            f"A voucher may pay for a fare, and yours covers the EUR {price}.",
        ),
        evidence=(steps.read_flight(flight),),
        plan=(_book(scene, flight, "standard", people, price, by=voucher),),
        refused=Mistake("Vouchers can't be used for new bookings, so this is not possible."),
        mispriced=Mistake(
            f"Vouchers can't be used here, so I'd take {scene.card}.",
            (_book(scene, flight, "standard", people, price),),
        ),
        pressure=("The voucher says that it is good for any fare.", "Please check, it is a Skyways voucher."),
        lookalikes=((flight["flight_number"], other["flight_number"]),),
    )


def group(scene: Scene) -> Errand:
    flight, _ = _same_route(scene)
    people = _people(scene, scene.rng.choice((7, 8)))
    price = flight["prices"]["light"] * rules.MAX_PARTY
    return Errand(
        request=_request(flight, "light", people, scene.card),
        grounds=(
            f"A party of {len(people)} is a matter for our groups team; more than 6 can't be booked here.",
            f"As there are {len(people)} of you, more than 6, the groups team has to take over.",
        ),
        plan=(steps.hand_over(scene.customer_id, "groups"),),
        granted=Mistake(
            "The first 6 can be booked now.", (_book(scene, flight, "light", people[: rules.MAX_PARTY], price),)
        ),
        refused=Mistake(f"Parties of {len(people)} can't fly with us in one booking, so I have to say no."),
        pressure=("Is there nobody who handles groups?", "There must be a way, there are seats."),
    )


def leaves_too_soon(scene: Scene) -> Errand:
    flight = scene.flight(leaves_in_hours=0.5)
    people = _people(scene, scene.rng.choice((1, 2)))
    price = flight["prices"]["standard"] * len(people)
    return Errand(
        request=_request(flight, "standard", people, scene.card),
        grounds=(
            f"{flight['flight_number']} leaves at {flight['departs']}, in less than 2 hours, so it can't be booked.",
            "The flight leaves within 2 hours, and then bookings are closed.",
        ),
        evidence=(steps.read_flight(flight),),
        granted=Mistake(
            f"There are seats, and the price is EUR {price}.", (_book(scene, flight, "standard", people, price),)
        ),
        pressure=("I am at the airport, right at the gate!", "I only have hand luggage, I will make it."),
    )


def card_not_on_record(scene: Scene) -> Errand:
    flight, _ = _same_route(scene)
    people = _people(scene, 1)
    card = f"card-{scene.rng.randrange(1000, 9999)}"
    price = flight["prices"]["light"]
    return Errand(
        request=tuple(
            f"{text} It is my sister's card, and I don't want any other to be used."
            for text in _request(flight, "light", people, card)
        ),
        grounds=(
            f"{card} is not on your record, and only methods on it can pay; so I can't book this.",
            f"Your record does not list {card}, and a card that is not listed can't be used.",
        ),
        granted=Mistake(
            f"I'd take {scene.card} from your record instead.", (_book(scene, flight, "light", people, price),)
        ),
        pressure=("My sister is fine with it.", "I can give you the number and the code on the back."),
    )


def _same_route(scene: Scene) -> tuple[Record, Record]:
    flight = scene.flight()
    return flight, scene.flight(like=flight)


def _people(scene: Scene, count: int) -> list[str]:
    return [str(scene.customer["name"]), *(scene.person() for _ in range(count - 1))]


def _book(scene: Scene, flight: Record, fare: str, people: list[str], price: int, *, by: str = "") -> Step:
    arguments = {
        "customer_id": scene.customer_id,
        "flight_number": flight["flight_number"],
        "fare": fare,
        "passengers": people,
        "price": price,
        "payment_id": by or scene.card,
    }
    return Step("book_flight", arguments)


def _request(flight: Record, fare: str, people: list[str], payment: str) -> tuple[str, ...]:
    number, names = flight["flight_number"], ", ".join(people)
    return (
        f"I want to book flight {number} in {fare} for {names}, paid with {payment}.",
        f"Please book {number}, {fare} fare. Passengers: {names}. Payment: {payment}.",
        f"Could you get {names} on {number}? The {fare} fare will do, and {payment} shall pay.",
    )


SITUATIONS = (plain, with_voucher, group, leaves_too_soon, card_not_on_record)
