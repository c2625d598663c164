"""How the desk's rules settle a wish, and how one who gets them wrong would: what the simulated agent knows."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from meta_reward.offline.agent.page import Page
from meta_reward.offline.agent.wishes import Wish
from meta_reward.offline.skyways import rules, steps
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.tools import Step

_ILL = re.compile(r"pneumonia|\bill\b|\bsick\b|\bdied\b|\bdeath\b|hospital|surgery")
_RENAMED = (
    re.compile(r"(?P<old>[A-Z]\w+ \w+) should be (?P<new>\w+ \w+)"),
    re.compile(r"correct (?P<old>[A-Z]\w+ \w+) to (?P<new>\w+ \w+)"),
    re.compile(r"It is (?P<new>\w+ \w+), not (?P<old>\w+ \w+)"),
    re.compile(r"(?P<old>[A-Z]\w+ \w+) can't come\. Put (?P<new>\w+ \w+) on"),
    re.compile(r"change the name (?P<old>\w+ \w+) in \w+ to (?P<new>\w+ \w+)"),
)
_BOOKED = (
    re.compile(r"flight (?P<flight>SW\d+) in (?P<fare>\w+) for (?P<names>.+?), paid with (?P<by>[a-z]+-\d+)"),
    re.compile(
        r"book (?P<flight>SW\d+), (?P<fare>\w+) fare\. Passengers: (?P<names>.+?)\. Payment: (?P<by>[a-z]+-\d+)"
    ),
    re.compile(r"get (?P<names>.+?) on (?P<flight>SW\d+)\? The (?P<fare>\w+) fare will do, and (?P<by>[a-z]+-\d+)"),
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be done about a wish."""

    plan: tuple[Step, ...] = ()
    """The calls; none for a refusal, and for an answer."""
    wrong: tuple[Step, ...] = ()
    """What one does who gets the rules wrong; none to refuse what they grant."""
    ground: str = ""
    answer: str = ""
    misinformed: str = ""
    """The wrong answer."""


@dataclass(frozen=True, slots=True)
class Records:
    """What the records say of a wish."""

    wish: Wish
    page: Page
    customer: Record
    booking: Record
    """Empty where the wish is about none."""

    @property
    def people(self) -> int:
        return len(self.booking["passengers"])

    @property
    def gold(self) -> bool:
        return bool(self.customer["membership"] == "gold")

    @property
    def flight(self) -> Record:
        """The flight that the customer names, else the booking's first."""
        number = self.wish.flight or (self.booking["flights"][0] if self.booking else "")
        return self.page.flights.get(number, {})

    @property
    def recent(self) -> bool:
        return rules.hours_ago(self.booking["booked_at"]) < 30


def rule(records: Records) -> Ruling:
    """The ruling on a wish whose records were read. Raises KeyError, ValueError or TypeError for those of elsewhere."""
    wish = records.wish
    if records.booking and records.booking["reservation_id"] not in records.customer["reservations"]:
        return Ruling((), _RULES[wish.intent](records).plan, f"{wish.code} is not among the bookings on your record.")
    return _RULES[wish.intent](records)


def reads_for(wish: Wish, page: Page) -> list[Step]:
    """The reads that a ruling needs besides customer and booking, as far as they are known by now."""
    booking = page.bookings.get(wish.code, {})
    flights = [{"flight_number": number} for number in booking.get("flights", ())]
    named = [{"flight_number": wish.flight}] if wish.flight else []
    match wish.intent:
        case "cancel" | "bags" | "upgrade":
            return [steps.read_flight(flight) for flight in flights]
        case "change" | "booking":
            return [steps.read_flight(flight) for flight in named]
        case "compensation":
            return [steps.read_flight(flight) for flight in named or flights]
        case "refund":
            return [steps.read_charges(booking)] if booking else []
    return []


def _cancel(records: Records) -> Ruling:
    booking, total, kept = records.booking, records.booking["total_paid"], rules.CANCEL_FEE * records.people
    flights = [records.page.flights.get(number, {}) for number in booking["flights"]]
    full, less = _refunded(booking, total), _refunded(booking, max(5, total - kept))
    asking = records.wish.only_asking
    if any(flight and rules.hours_ago(flight["departs"]) > 0 and flight["status"] == "departed" for flight in flights):
        hand_over = (steps.hand_over(records.customer["customer_id"], "operations"),)
        return Ruling(hand_over, _refunded(booking, total // 2), "A flight of this booking has already left.")
    dropped = any(flight.get("status") == "cancelled" for flight in flights)
    covered = booking["insured"] and _ILL.search(records.wish.text) is not None
    if records.recent or booking["fare"] == "flex" or dropped or (covered and not asking):
        return Ruling(full, less, f"All of it comes back, EUR {total}.", f"EUR {total}", f"EUR {total - kept}")
    if booking["fare"] == "standard":
        back = total - kept
        ground = f"A standard fare keeps back EUR 70 for each passenger, so EUR {back} come back."
        return Ruling(less, full, ground, f"EUR {back}", f"EUR {total}")
    return Ruling((), full, "It is a light fare that is older than 30 hours, and nothing in the rules covers it.")


def _change(records: Records) -> Ruling:
    booking, fee, flight = records.booking, rules.CHANGE_FEE * records.people, records.flight
    if (flight["origin"], flight["destination"]) != (booking["origin"], booking["destination"]):
        due = fee if booking["fare"] == "standard" else 0
        return Ruling(
            (), (steps.change(booking, flight, due),), "A flight is exchanged between the same two cities only."
        )
    if booking["fare"] == "light" and not records.recent:
        return Ruling((), (steps.change(booking, flight, fee),), "A light fare older than 30 hours can't be exchanged.")
    free = booking["fare"] != "standard" or records.gold
    due, wrong = (0, fee) if free else (fee, rules.CHANGE_FEE if records.people > 1 else 0)
    ground = f"On this {booking['fare']} fare the exchange comes to EUR {due} in all."
    plan, other = (steps.change(booking, flight, due),), (steps.change(booking, flight, wrong),)
    return Ruling(plan, other, ground, f"EUR {due}", f"EUR {wrong}")


def _names(records: Records) -> Ruling:
    found = next(found for pattern in _RENAMED if (found := pattern.search(records.wish.text)))
    old, new = found["old"], found["new"]
    plan = (steps.rename(records.booking, old, new),)
    if Counter(old.lower()) == Counter(new.lower()):
        return Ruling(plan, (), "The spelling of a name is corrected free of charge.")
    return Ruling((), plan, f"{new} is another person than {old}, and a booking is not passed on.")


def _refund(records: Records) -> Ruling:
    booking = records.booking
    known = records.page.charges[booking["reservation_id"]]
    bags = [charge for charge in known["charges"] if charge["item"] == "bags"]
    if not bags:
        return Ruling((), (), "There is no such charge.")
    last, amount = bags[-1], bags[-1]["amount"]
    plan = (steps.refund(booking, amount),)
    if any(refund["amount"] == amount for refund in known["refunds"]):
        return Ruling((), plan, "The record shows that it was paid back already.")
    if rules.hours_ago(last["at"]) > 24 * rules.REFUND_DAYS:
        return Ruling((), plan, "The charge is more than 90 days old.")
    twice = any(_minutes(one, last) <= 15 and one["amount"] == amount for one in bags[:-1])
    included = booking["bags"] <= rules.free_bags(booking, records.customer["membership"])
    if twice or included:
        wrong = (steps.refund(booking, 2 * amount if twice else amount + 15),)
        return Ruling(
            plan, wrong, f"The EUR {amount} should not be there, so they come back to {booking['paid_with']}."
        )
    return Ruling((), plan, "Each of these charges is due.")


def _bags(records: Records) -> Ruling:
    booking, free = records.booking, rules.free_bags(records.booking, records.customer["membership"])
    wanted = re.search(r"\b(one|\d) more bag", records.wish.text)
    extra = 1 if wanted is None or wanted[1] == "one" else int(wanted[1])
    total = booking["bags"] + extra
    late = bool(records.flight) and -rules.hours_ago(records.flight["departs"]) <= 24
    rate, other = (rules.LATE_BAG_FEE, rules.BAG_FEE) if late else (rules.BAG_FEE, rules.LATE_BAG_FEE)
    paid = max(0, total - free) - max(0, booking["bags"] - free)
    answer = f"{free} free bags"
    if total > rules.MAX_BAGS * records.people:
        plan = (steps.bags(booking, total, rules.BAG_FEE * extra),)
        return Ruling((), plan, "More than 3 bags for each passenger are not taken.", answer, f"{free + 2} free bags")
    wrong = steps.bags(booking, total, other * paid if paid else rules.BAG_FEE * extra)
    ground = f"There are {free} free bags for the party; for the further ones EUR {rate * paid} are due."
    plan = (steps.bags(booking, total, rate * paid),)
    return Ruling(plan, (wrong,), ground, answer, f"{free + 2} free bags")


def _bags_off(records: Records) -> Ruling:
    booking = records.booking
    wrong = (steps.bags(booking, booking["bags"] - 1, 0), steps.refund(booking, rules.BAG_FEE))
    return Ruling((), wrong, "A bag that was paid for is not taken off again.")


def _compensation(records: Records) -> Ruling:
    booking, flight = records.booking, records.flight
    rate = rules.CANCELLED_VOUCHER if flight["status"] == "cancelled" else rules.DELAY_VOUCHER
    due = rate * records.people
    plan = (steps.voucher(booking, due),)
    reasons = (
        (flight["status"] != "cancelled" and flight["delay_minutes"] < 180, "The delay is short of 180 minutes."),
        (flight["cause"] == "weather", "The cause was the weather, which is not compensated."),
        (booking["fare"] == "light" and records.customer["membership"] == "none", "A light fare is not compensated."),
        (rules.hours_ago(flight["departs"]) > 24 * rules.COMPENSATION_DAYS, "The flight was more than 21 days ago."),
    )
    denied = next((reason for holds, reason in reasons if holds), "")
    if denied:
        return Ruling((), plan, denied)
    wrong = rate if records.people > 1 else due + 45
    ground = f"There are EUR {rate} for each passenger, EUR {due} in all."
    return Ruling(plan, (steps.voucher(booking, wrong),), ground, f"EUR {due}", f"EUR {wrong}")


def _upgrade(records: Records) -> Ruling:
    booking, rate = records.booking, rules.UPGRADE_FEE // (2 if records.gold else 1)
    fee = rate * records.people
    plan = (steps.upgrade(booking, fee),)
    if "Only for" in records.wish.text:
        return Ruling((), (steps.upgrade(booking, rate),), "The whole party goes to business, or nobody.")
    if booking["fare"] == "light":
        return Ruling((), plan, "A light fare is not upgraded.")
    if any(
        records.page.flights.get(n, {}).get("seats", {}).get("business", 9) < records.people for n in booking["flights"]
    ):
        return Ruling((), plan, "There are not enough seats in business.")
    wrong = 2 * fee if records.gold else rules.UPGRADE_FEE // 2 * records.people
    ground = f"The upgrade costs EUR {rate} for each passenger, EUR {fee} in all."
    return Ruling(plan, (steps.upgrade(booking, wrong),), ground, f"EUR {fee}", f"EUR {wrong}")


def _booking(records: Records) -> Ruling:
    found = next(found for pattern in _BOOKED if (found := pattern.search(records.wish.text)))
    flight, names = records.flight, found["names"].split(", ")
    methods = {method["payment_id"]: method for method in records.customer["payment_methods"]}
    card = next((id for id, method in methods.items() if method["kind"] == "card"), "")
    price = flight["prices"][found["fare"]] * len(names)

    def book(people: list[str], price: int, by: str) -> tuple[Step, ...]:
        who = {"customer_id": records.customer["customer_id"], "flight_number": flight["flight_number"]}
        what = {"fare": found["fare"], "passengers": people, "price": price, "payment_id": by}
        return (Step("book_flight", {**who, **what}),)

    if len(names) > rules.MAX_PARTY:
        hand_over = (steps.hand_over(records.customer["customer_id"], "groups"),)
        few = names[: rules.MAX_PARTY]
        return Ruling(
            hand_over, book(few, flight["prices"][found["fare"]] * len(few), card), "The party is a large one."
        )
    if found["by"] not in methods:
        return Ruling((), book(names, price, card), f"{found['by']} is not on your record, so it can't pay.")
    if _hours_to(flight["departs"]) < 2:
        return Ruling((), book(names, price, found["by"]), "The flight leaves within 2 hours.")
    if methods[found["by"]].get("balance", price) < price:
        return Ruling((), book(names, price, card), f"{found['by']} does not hold enough.")
    wrong = book(names, flight["prices"][found["fare"]], card) if len(names) > 1 else book(names, price, card)
    wrong = () if wrong == book(names, price, found["by"]) else wrong
    return Ruling(book(names, price, found["by"]), wrong, f"The {found['fare']} fare comes to EUR {price} in all.")


def _refunded(booking: Record, amount: int) -> tuple[Step, ...]:
    return steps.cancel(booking), steps.refund(booking, amount)


def _minutes(one: Record, other: Record) -> float:
    apart = datetime.fromisoformat(one["at"]) - datetime.fromisoformat(other["at"])
    return abs(apart.total_seconds()) / 60


def _hours_to(at: str) -> float:
    return (datetime.fromisoformat(at) - rules.NOW).total_seconds() / 3600


_RULES: dict[str, Callable[[Records], Ruling]] = {
    "cancel": _cancel,
    "change": _change,
    "names": _names,
    "refund": _refund,
    "bags": _bags,
    "bags off": _bags_off,
    "compensation": _compensation,
    "upgrade": _upgrade,
    "booking": _booking,
}
INTENTS = frozenset(_RULES)
