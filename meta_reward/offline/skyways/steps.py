"""The calls that situations speak of, from the records they concern."""

from typing import Any

from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.tools import Step


def read_flight(flight: Record) -> Step:
    """Read a flight."""
    return Step("get_flight", {"flight_number": flight["flight_number"]})


def read_charges(booking: Record) -> Step:
    """Read what was charged for a booking."""
    return _of(booking, "list_charges")


def cancel(booking: Record) -> Step:
    """Cancel a booking."""
    return _of(booking, "cancel_reservation")


def refund(booking: Record, amount: int, *, to: str = "") -> Step:
    """Pay money back, to the method that paid unless another is named."""
    return _of(booking, "issue_refund", amount=amount, payment_id=to or booking["paid_with"])


def change(booking: Record, flight: Record, fee: int) -> Step:
    """Exchange a booking's flight for another one."""
    old, new = booking["flights"][0], flight["flight_number"]
    return _of(booking, "change_flight", old_flight=old, new_flight=new, fee=fee, payment_id=booking["paid_with"])


def bags(booking: Record, number: int, fee: int, *, by: str = "") -> Step:
    """Set a booking's bags."""
    return _of(booking, "set_bags", bags=number, fee=fee, payment_id=by or booking["paid_with"])


def voucher(booking: Record, amount: int) -> Step:
    """Give a voucher on account of a booking."""
    arguments = {"customer_id": booking["customer_id"], "reservation_id": booking["reservation_id"], "amount": amount}
    return Step("issue_voucher", arguments)


def upgrade(booking: Record, fee: int) -> Step:
    """Move a booking to business."""
    return _of(booking, "upgrade_cabin", fee=fee, payment_id=booking["paid_with"])


def rename(booking: Record, old: str, new: str) -> Step:
    """Replace a passenger's name."""
    return _of(booking, "correct_name", old_name=old, new_name=new)


def hand_over(customer_id: str, team: str) -> Step:
    """Hand the customer over to a team."""
    return Step("transfer_to_specialist", {"customer_id": customer_id, "team": team})


def _of(booking: Record, tool: str, **arguments: Any) -> Step:
    return Step(tool, {"reservation_id": booking["reservation_id"], **arguments})
