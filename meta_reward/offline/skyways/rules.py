"""The numbers of the desk's policy, defined once.

The policy itself is the Markdown file beside this module; it is what agents and judges read.
"""

from datetime import datetime, timedelta
from pathlib import Path

from meta_reward.offline.skyways.database import Record

POLICY = (Path(__file__).parent / "policy.md").read_text(encoding="utf-8")

NOW = datetime(2027, 3, 16, 12, 0)
CANCEL_FEE = 70
CHANGE_FEE = 45
BAG_FEE = 40
LATE_BAG_FEE = 55
MAX_BAGS = 3
FREE_BAGS = {"light": 0, "standard": 1, "flex": 2}
DELAY_VOUCHER = 65
CANCELLED_VOUCHER = 110
COMPENSATION_DAYS = 21
UPGRADE_FEE = 140
MAX_PARTY = 6
REFUND_DAYS = 90


def moment(*, hours: float = 0, days: float = 0, minutes: float = 0) -> str:
    """A point in time relative to the desk's clock, as the records write it."""
    return (NOW + timedelta(hours=hours, days=days, minutes=minutes)).strftime("%Y-%m-%d %H:%M")


def hours_ago(at: str) -> int:
    """Whole hours from a point in time to the desk's clock; negative where it lies ahead."""
    return int((NOW - datetime.fromisoformat(at)).total_seconds() // 3600)


def party(booking: Record) -> int:
    """The number of passengers of a booking."""
    return len(booking["passengers"])


def free_bags(booking: Record, membership: str) -> int:
    """How many bags the whole party may take along for nothing."""
    return (FREE_BAGS[booking["fare"]] + (membership == "gold")) * party(booking)
