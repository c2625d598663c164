"""The airline's records, as small tables of plain JSON, and what the desk calls impossible.

A `Database` is mutable and belongs to one conversation; `copy` gives the next one a fresh start.
Two databases are equal when all their records are. Nothing here knows the desk's policy.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


class Impossible(Exception):
    """A call that the records do not allow: an unknown id, an empty flight, a voucher too small."""


@dataclass(slots=True)
class Database:
    """customers, reservations and flights by id; the other tables in the order of their entries."""

    customers: dict[str, Record] = field(default_factory=dict)
    reservations: dict[str, Record] = field(default_factory=dict)
    flights: dict[str, Record] = field(default_factory=dict)
    charges: list[Record] = field(default_factory=list)
    refunds: list[Record] = field(default_factory=list)
    vouchers: list[Record] = field(default_factory=list)
    handovers: list[Record] = field(default_factory=list)

    def copy(self) -> "Database":
        """An independent database with the same records."""
        return copy.deepcopy(self)

    def customer(self, customer_id: str) -> Record:
        """A customer's record. Raises Impossible where there is none."""
        return _find(self.customers, customer_id, "customer")

    def reservation(self, reservation_id: str) -> Record:
        """A reservation's record. Raises Impossible where there is none."""
        return _find(self.reservations, reservation_id, "reservation")

    def flight(self, flight_number: str) -> Record:
        """A flight's record. Raises Impossible where there is none."""
        return _find(self.flights, flight_number, "flight")

    def payment_method(self, customer_id: str, payment_id: str) -> Record:
        """A way of paying on a customer's record. Raises Impossible where there is none."""
        methods = self.customer(customer_id)["payment_methods"]
        return _find({method["payment_id"]: method for method in methods}, payment_id, "payment method")

    def pay(self, payment_id: str, charge: Record) -> None:
        """Take a charge from a payment method of the booking's customer, unless it is zero.

        Raises Impossible if the method is unknown or does not hold enough.
        """
        booking = self.reservation(charge["reservation_id"])
        method = self.payment_method(booking["customer_id"], payment_id)
        if method["kind"] == "voucher":
            if method["balance"] < charge["amount"]:
                raise Impossible(f"{payment_id} holds EUR {method['balance']}, less than EUR {charge['amount']}")
            method["balance"] -= charge["amount"]
        if charge["amount"]:
            self.charges.append({**charge, "paid_with": payment_id})


def _find(table: dict[str, Record], key: str, kind: str) -> Record:
    if key not in table:
        raise Impossible(f"no {kind} {key}")
    return table[key]
