"""Draws the records around one case: a customer, the booking in question, others that resemble it.

A `Scene` owns the case's database and its source of chance. Situations ask it for records with the
properties they turn on and leave everything else to it.
"""

import random
from typing import Any

from meta_reward.offline.skyways import rules
from meta_reward.offline.skyways.case import Case, Errand
from meta_reward.offline.skyways.database import Database, Record
from meta_reward.offline.skyways.tools import Step

_FIRST = (
    "Amara Bela Cyril Dora Emil Farah Goran Hana Ivo Jana Kofi Leila Marek Nadia Oskar Petra Quirin Rosa "
    "Soren Tilda Umar Vera Wim Yara Zoltan Ines Mateo Noor Pavel Sigrid"
).split()
_LAST = (
    "Abbas Brandt Costa Dahl Eriksen Fuchs Garcia Haddad Ivanov Jansen Keller Lindqvist Moreau Novak Okafor "
    "Petrov Quist Rossi Santos Tanaka Urban Varga Weber Yilmaz Zeman Byrne Kovacs Larsen Nkemelu Oduya"
).split()
_CITIES = "Lisbon Oslo Vienna Porto Athens Dublin Prague Malaga Riga Zurich Naples Bergen Krakow Lyon Split".split()
_FARES = ("light", "standard", "flex")
_LETTERS = "ABCDEFGHJKLMPQRSTUVWXYZ"


class Scene:
    """The records of one case in the making."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.database = Database()
        self.customer = self._customer(rng.choice(("none", "none", "silver", "gold")))
        self.card = self._method("card")
        if rng.random() < 0.5:
            self.spare_card()

    @property
    def customer_id(self) -> str:
        """The customer's number."""
        return str(self.customer["customer_id"])

    def member(self, *levels: str) -> str:
        """Make the customer a member of one of these levels; returns which."""
        self.customer["membership"] = self.rng.choice(levels)
        return str(self.customer["membership"])

    def spare_card(self) -> str:
        """Another card on the customer's record: its id."""
        return self._method("card")

    def voucher(self, balance: int) -> str:
        """A voucher on the customer's record: its id."""
        return self._method("voucher", balance=balance)

    def person(self) -> str:
        """A name."""
        return f"{self.rng.choice(_FIRST)} {self.rng.choice(_LAST)}"

    def flight(self, *, like: Record | None = None, leaves_in_hours: float | None = None, **facts: Any) -> Record:
        """A flight; `like` another one if it has to connect the same cities. facts override the usual."""
        origin, destination = (like["origin"], like["destination"]) if like else self.rng.sample(_CITIES, 2)
        hours = self.rng.randrange(60, 900) if leaves_in_hours is None else leaves_in_hours
        light = self.rng.randrange(48, 190)
        flight = {
            "flight_number": self._flight_number(),
            "origin": origin,
            "destination": destination,
            "departs": rules.moment(hours=hours, minutes=5 * self.rng.randrange(11)),
            "status": "departed" if hours < 0 else "scheduled",
            "delay_minutes": 0,
            "cause": "",
            "seats": {"economy": self.rng.randrange(7, 60), "business": self.rng.randrange(4, 14)},
            "prices": {"light": light, "standard": light + 40, "flex": light + 115},
            **facts,
        }
        self.database.flights[flight["flight_number"]] = flight
        return flight

    def flight_elsewhere(self, flight: Record) -> Record:
        """A flight from the same city to another one."""
        others = [city for city in _CITIES if city not in (flight["origin"], flight["destination"])]
        return self.flight(like=flight, destination=self.rng.choice(others))

    def booking(
        self,
        *,
        fare: str,
        flight: Record | None = None,
        booked_hours_ago: float | None = None,
        travellers: int | None = None,
        **facts: Any,
    ) -> Record:
        """A booking of the customer with one flight. facts override the usual."""
        flight = flight or self.flight()
        count = travellers or self.rng.choice((1, 1, 2, 2, 3))
        earliest = max(80, rules.hours_ago(flight["departs"]) + 50)
        hours = self.rng.randrange(earliest, earliest + 900) if booked_hours_ago is None else booked_hours_ago
        booking = {
            "reservation_id": self._code(),
            "customer_id": self.customer_id,
            "fare": fare,
            "cabin": "economy",
            "booked_at": rules.moment(hours=-hours, minutes=-self.rng.randrange(50)),
            "origin": flight["origin"],
            "destination": flight["destination"],
            "passengers": self._party(count),
            "flights": [flight["flight_number"]],
            "bags": 0,
            "insured": False,
            "status": "active",
            "total_paid": flight["prices"][fare] * count,
            "paid_with": self.card,
            **facts,
        }
        if "bags" not in facts:
            booking["bags"] = rules.free_bags(booking, self.customer["membership"])
        self.database.reservations[booking["reservation_id"]] = booking
        self.customer["reservations"].append(booking["reservation_id"])
        self.charge(booking, "fare", booking["total_paid"], at=booking["booked_at"])
        return booking

    def booking_of_someone_else(self, *, fare: str) -> Record:
        """A booking of another customer, who is its only passenger."""
        mine, own_card = self.customer, self.card
        self.customer = self._customer("none")
        self.card = self._method("card")
        booking = self.booking(fare=fare, travellers=1)
        self.customer, self.card = mine, own_card
        return booking

    def charge(self, booking: Record, item: str, amount: int, *, at: str) -> Record:
        """A charge in the past."""
        charge = {
            "reservation_id": booking["reservation_id"],
            "item": item,
            "amount": amount,
            "at": at,
            "paid_with": booking["paid_with"],
        }
        self.database.charges.append(charge)
        return charge

    def flight_of(self, booking: Record) -> Record:
        """The (first) flight of a booking."""
        return self.database.flights[booking["flights"][0]]

    def case(self, errand: Errand) -> Case:
        """The errand among its records; a booking it is about gets one that resembles it."""
        lookalikes = dict(errand.lookalikes)
        evidence = (Step("get_customer", {"customer_id": self.customer_id}), *errand.evidence)
        if errand.booking:
            booking = self.database.reservations[errand.booking]
            other = self._lookalike(booking)
            lookalikes |= {errand.booking: other["reservation_id"], booking["flights"][0]: other["flights"][0]}
            read = Step("get_reservation", {"reservation_id": errand.booking})
            evidence = (evidence[0], read, *errand.evidence)
        else:
            other = self.booking(fare=self.rng.choice(_FARES))
        if self.rng.random() < 0.5:
            self.booking(fare=self.rng.choice(_FARES))
        for _ in range(self.rng.randrange(2, 5)):
            self.flight(like=self.flight_of(other))
        self.rng.shuffle(self.customer["reservations"])
        return Case(errand, self.database, self.customer_id, evidence, lookalikes, self._goodwill(errand, other))

    def _goodwill(self, errand: Errand, other: Record) -> Step:
        reservation_id = errand.booking or other["reservation_id"]
        amount = self.rng.choice((20, 25, 30, 50))
        return Step(
            "issue_voucher", {"customer_id": self.customer_id, "reservation_id": reservation_id, "amount": amount}
        )

    def _lookalike(self, booking: Record) -> Record:
        """Another booking of the same party between the same cities, which may be mistaken for this one."""
        first = self.database.flights[booking["flights"][0]]
        passengers = list(booking["passengers"])
        return self.booking(
            fare=self.rng.choice(_FARES),
            flight=self.flight(like=first),
            travellers=len(passengers),
            passengers=passengers,
        )

    def _customer(self, membership: str) -> Record:
        customer: Record = {
            "customer_id": f"C-{self.rng.randrange(10000, 99999)}",
            "name": self.person(),
            "membership": membership,
            "payment_methods": [],
            "reservations": [],
        }
        self.database.customers[customer["customer_id"]] = customer
        return customer

    def _method(self, kind: str, **facts: Any) -> str:
        payment_id = f"{kind}-{self.rng.randrange(1000, 9999)}"
        self.customer["payment_methods"].append({"payment_id": payment_id, "kind": kind, **facts})
        return payment_id

    def _party(self, count: int) -> list[str]:
        family = str(self.customer["name"]).split()[-1]
        others = self.rng.sample(_FIRST, count + 1)
        names = [f"{first} {family}" for first in others]
        return [str(self.customer["name"]), *(name for name in names if name != self.customer["name"])][:count]

    def _flight_number(self) -> str:
        number = f"SW{self.rng.randrange(1000, 9999)}"
        return self._flight_number() if number in self.database.flights else number

    def _code(self) -> str:
        letters = "".join(self.rng.choice(_LETTERS) for _ in range(4))
        code = f"{letters[:2]}{self.rng.randrange(2, 10)}{letters[2]}{self.rng.randrange(2, 10)}{letters[3]}"
        return self._code() if code in self.database.reservations else code
