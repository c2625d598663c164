"""The desk's tools as agents see them, and how a call is executed.

Five tools read the records, nine alter them. `TOOLS` is the whole catalogue, in the order in which
agents are offered it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from meta_reward.offline.skyways import actions
from meta_reward.offline.skyways.database import Database, Impossible
from meta_reward.trajectory import Tool


@dataclass(frozen=True, slots=True)
class Step:
    """A call to be made: the tool's name and its arguments."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeskTool:
    """A tool and what it does.

    consent: the arguments that a customer's yes must have named; None for what needs no yes.
    """

    spec: Tool
    run: Callable[..., Any]
    writes: bool
    consent: tuple[str, ...] | None


def execute(database: Database, step: Step) -> tuple[str, bool]:
    """Make a call on the database: its result as JSON text, and whether it is an error.

    A call that fails alters nothing.
    """
    try:
        return json.dumps(_run(database, step), ensure_ascii=False), False
    except Impossible as impossible:
        return json.dumps({"error": str(impossible)}, ensure_ascii=False), True


def is_write(name: str) -> bool:
    """Whether a tool alters the records."""
    return name in TOOLS and TOOLS[name].writes


def _run(database: Database, step: Step) -> Any:
    tool = TOOLS.get(step.tool)
    if tool is None:
        raise Impossible(f"no tool {step.tool}")
    wanted = tool.spec.parameters["properties"]
    if set(step.arguments) != set(wanted):
        raise Impossible(f"{step.tool} wants {', '.join(wanted)}")
    return tool.run(database, **step.arguments)


_TEXT = {"type": "string"}
_MONEY = {"type": "integer", "minimum": 0}
_PROPERTIES: dict[str, dict[str, object]] = {
    "customer_id": {**_TEXT, "description": "The customer's number, such as C-40718."},
    "reservation_id": {**_TEXT, "description": "The code of a booking, such as QF7K2X."},
    "flight_number": {**_TEXT, "description": "The number of a flight, such as SW4127; each departure has its own."},
    "origin": {**_TEXT, "description": "The city of departure."},
    "destination": {**_TEXT, "description": "The city of arrival."},
    "old_flight": {**_TEXT, "description": "The flight of the booking that is given up."},
    "new_flight": {**_TEXT, "description": "The flight that takes its place."},
    "payment_id": {**_TEXT, "description": "A payment method of the customer's record."},
    "amount": {**_MONEY, "description": "Amount in EUR."},
    "fee": {**_MONEY, "description": "What is charged in EUR for the whole party; 0 for nothing."},
    "price": {**_MONEY, "description": "What is charged in EUR for the whole party."},
    "bags": {**_MONEY, "description": "The number of bags of the whole party after the call."},
    "fare": {**_TEXT, "enum": ["light", "standard", "flex"], "description": "The fare."},
    "passengers": {"type": "array", "items": _TEXT, "description": "The passengers' full names."},
    "old_name": {**_TEXT, "description": "The passenger's name as it is now."},
    "new_name": {**_TEXT, "description": "The name as it shall be."},
    "team": {**_TEXT, "enum": list(actions.TEAMS), "description": "Who takes over."},
}


def _tool(run: Callable[..., Any], description: str, parameters: str) -> Tool:
    names = parameters.split()
    properties = {name: _PROPERTIES[name] for name in names}
    return Tool(run.__name__, description, {"type": "object", "properties": properties, "required": names})


def _read(run: Callable[..., Any], description: str, parameters: str) -> DeskTool:
    return DeskTool(_tool(run, description, parameters), run, writes=False, consent=None)


def _write(run: Callable[..., Any], description: str, parameters: str, consent: str | None) -> DeskTool:
    terms = None if consent is None else tuple(consent.split())
    return DeskTool(_tool(run, description, parameters), run, writes=True, consent=terms)


_CATALOGUE = (
    _read(actions.get_customer, "A customer's status, payment methods and bookings.", "customer_id"),
    _read(actions.get_reservation, "A booking: fare, passengers, flights, bags, what was paid.", "reservation_id"),
    _read(actions.get_flight, "A flight: departure, status, delay and its cause, seats, prices.", "flight_number"),
    _read(actions.search_flights, "Flights still to leave between two cities.", "origin destination"),
    _read(actions.list_charges, "Everything charged and refunded for a booking.", "reservation_id"),
    _write(actions.cancel_reservation, "Cancel a whole booking; refunds nothing.", "reservation_id", "reservation_id"),
    _write(
        actions.issue_refund,
        "Pay money back to a payment method.",
        "reservation_id amount payment_id",
        "reservation_id amount payment_id",
    ),
    _write(
        actions.change_flight,
        "Exchange one flight of a booking for another and charge a fee.",
        "reservation_id old_flight new_flight fee payment_id",
        "reservation_id new_flight fee",
    ),
    _write(
        actions.set_bags,
        "Set the number of bags of a booking and charge a fee.",
        "reservation_id bags fee payment_id",
        "reservation_id bags fee",
    ),
    _write(
        actions.issue_voucher,
        "Give the customer a voucher on account of a booking.",
        "customer_id reservation_id amount",
        "amount",
    ),
    _write(
        actions.upgrade_cabin,
        "Move the party of a booking to business on all its flights and charge a fee.",
        "reservation_id fee payment_id",
        "reservation_id fee",
    ),
    _write(
        actions.book_flight,
        "Book a flight in economy and charge its price.",
        "customer_id flight_number fare passengers price payment_id",
        "flight_number price payment_id",
    ),
    _write(
        actions.correct_name,
        "Replace a passenger's name in a booking.",
        "reservation_id old_name new_name",
        "reservation_id new_name",
    ),
    _write(actions.transfer_to_specialist, "Hand the customer over to a team.", "customer_id team", None),
)
TOOLS = {tool.spec.name: tool for tool in _CATALOGUE}
