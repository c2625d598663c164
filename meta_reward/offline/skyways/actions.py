"""What each tool of the desk does to the records.

One function per tool, with its name: it takes the database and the tool's arguments and returns what
the agent is told. It raises Impossible before it alters anything. Whether the policy allows a call is
not checked here; charges and refunds are taken as given.
"""

from meta_reward.offline.skyways import rules
from meta_reward.offline.skyways.database import Database, Impossible, Record

TEAMS = ("operations", "groups")


def get_customer(database: Database, customer_id: str) -> Record:
    return database.customer(customer_id)


def get_reservation(database: Database, reservation_id: str) -> Record:
    return database.reservation(reservation_id)


def get_flight(database: Database, flight_number: str) -> Record:
    return database.flight(flight_number)


def search_flights(database: Database, origin: str, destination: str) -> list[Record]:
    found = [f for f in database.flights.values() if (f["origin"], f["destination"]) == (origin, destination)]
    return [
        {key: flight[key] for key in ("flight_number", "departs", "status", "seats", "prices")}
        for flight in found
        if flight["departs"] > rules.moment()
    ]


def list_charges(database: Database, reservation_id: str) -> Record:
    database.reservation(reservation_id)
    return {
        "charges": [charge for charge in database.charges if charge["reservation_id"] == reservation_id],
        "refunds": [refund for refund in database.refunds if refund["reservation_id"] == reservation_id],
    }


def cancel_reservation(database: Database, reservation_id: str) -> Record:
    booking = _active(database, reservation_id)
    booking["status"] = "cancelled"
    return {"reservation_id": reservation_id, "status": "cancelled"}


def issue_refund(database: Database, reservation_id: str, amount: int, payment_id: str) -> Record:
    booking = database.reservation(reservation_id)
    database.payment_method(booking["customer_id"], payment_id)
    refund = {"reservation_id": reservation_id, "amount": amount, "to": payment_id, "at": rules.moment()}
    database.refunds.append(refund)
    return refund


def change_flight(
    database: Database, reservation_id: str, old_flight: str, new_flight: str, fee: int, payment_id: str
) -> Record:
    booking = _active(database, reservation_id)
    if old_flight not in booking["flights"]:
        raise Impossible(f"{old_flight} is not part of {reservation_id}")
    _require_seats(database, new_flight, "economy", rules.party(booking))
    _charge(database, booking, "change fee", fee, payment_id)
    booking["flights"] = [new_flight if number == old_flight else number for number in booking["flights"]]
    return {"reservation_id": reservation_id, "flights": booking["flights"], "charged": fee}


def set_bags(database: Database, reservation_id: str, bags: int, fee: int, payment_id: str) -> Record:
    booking = _active(database, reservation_id)
    _charge(database, booking, "bags", fee, payment_id)
    booking["bags"] = bags
    return {"reservation_id": reservation_id, "bags": bags, "charged": fee}


def issue_voucher(database: Database, customer_id: str, reservation_id: str, amount: int) -> Record:
    database.customer(customer_id)
    database.reservation(reservation_id)
    voucher = {"customer_id": customer_id, "reservation_id": reservation_id, "amount": amount}
    database.vouchers.append(voucher)
    return voucher


def upgrade_cabin(database: Database, reservation_id: str, fee: int, payment_id: str) -> Record:
    booking = _active(database, reservation_id)
    for number in booking["flights"]:
        _require_seats(database, number, "business", rules.party(booking))
    _charge(database, booking, "upgrade", fee, payment_id)
    booking["cabin"] = "business"
    return {"reservation_id": reservation_id, "cabin": "business", "charged": fee}


def book_flight(
    database: Database,
    customer_id: str,
    flight_number: str,
    fare: str,
    passengers: list[str],
    price: int,
    payment_id: str,
) -> Record:
    customer = database.customer(customer_id)
    _require_seats(database, flight_number, "economy", len(passengers))
    method = database.payment_method(customer_id, payment_id)
    if method.get("balance", price) < price:
        raise Impossible(f"{payment_id} holds EUR {method['balance']}, less than EUR {price}")
    booking: Record = {
        "reservation_id": f"N{flight_number[2:]}{len(database.reservations)}",
        "customer_id": customer_id,
        "fare": fare,
        "cabin": "economy",
        "booked_at": rules.moment(),
        "origin": database.flight(flight_number)["origin"],
        "destination": database.flight(flight_number)["destination"],
        "passengers": list(passengers),
        "flights": [flight_number],
        "bags": 0,
        "insured": False,
        "status": "active",
        "total_paid": price,
        "paid_with": payment_id,
    }
    database.reservations[booking["reservation_id"]] = booking
    customer["reservations"].append(booking["reservation_id"])
    _charge(database, booking, "fare", price, payment_id)
    return booking


def correct_name(database: Database, reservation_id: str, old_name: str, new_name: str) -> Record:
    booking = _active(database, reservation_id)
    if old_name not in booking["passengers"]:
        raise Impossible(f"{old_name} does not travel on {reservation_id}")
    booking["passengers"] = [new_name if name == old_name else name for name in booking["passengers"]]
    return {"reservation_id": reservation_id, "passengers": booking["passengers"]}


def transfer_to_specialist(database: Database, customer_id: str, team: str) -> Record:
    database.customer(customer_id)
    if team not in TEAMS:
        raise Impossible(f"no team {team}")
    handover = {"customer_id": customer_id, "team": team}
    database.handovers.append(handover)
    return {**handover, "status": "queued"}


def _active(database: Database, reservation_id: str) -> Record:
    booking = database.reservation(reservation_id)
    if booking["status"] != "active":
        raise Impossible(f"{reservation_id} is {booking['status']}")
    return booking


def _charge(database: Database, booking: Record, item: str, amount: int, payment_id: str) -> None:
    charge = {"reservation_id": booking["reservation_id"], "item": item, "amount": amount, "at": rules.moment()}
    database.pay(payment_id, charge)


def _require_seats(database: Database, flight_number: str, cabin: str, seats: int) -> None:
    flight = database.flight(flight_number)
    if flight["seats"][cabin] < seats:
        raise Impossible(f"{flight_number} has {flight['seats'][cabin]} seats left in {cabin}")
