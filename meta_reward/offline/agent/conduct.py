"""What the simulated agent does next: the sound way through an errand at the desk, and where it leaves that.

It finds out who the customer is, reads the records, settles the wish by the rules, asks for a yes, writes, reports, and
answers what else was asked. Each lapse leaves this way at one place.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from meta_reward.offline.agent import lapses
from meta_reward.offline.agent.lapses import Lapses
from meta_reward.offline.agent.page import Page
from meta_reward.offline.agent.rulings import INTENTS, Records, Ruling, reads_for, rule
from meta_reward.offline.agent.wishes import Wish
from meta_reward.offline.skyways import phrases, voice
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.grader import is_assent
from meta_reward.offline.skyways.tools import Step

_CLOSING = re.compile(
    r"\b(?:bye|that's all|that was all|thanks|thank you|goodbye)\b|^(?:Well, then not|That's a pity|Hm\. Okay)"
)
_RESIGNED = frozenset(phrases.RESIGNED)
_GIFT = re.compile(r"goodwill|at least have a voucher|as a gesture")
_AMOUNT = re.compile(r"EUR (\d+)")
_REMINDED = re.compile(r"You have not told me about|I asked about that one as well")
_MONEY = re.compile(r"\bmy money\b|about the money")
_HAGGLES = frozenset(phrases.HAGGLE)
_NOTHING = "I'm afraid this is not something that I can do for you."
_WHAT = "Which booking is it about, please, and what can I do for you?"
_UNKNOWN = "I can't find that on record. Could you check it, please?"
_MORE = "Is there anything else that I can do for you?"


@dataclass(frozen=True, slots=True)
class Act:
    """What it does: calls, or else a text."""

    calls: tuple[Step, ...] = ()
    text: str = ""


def next_act(page: Page, wish: Wish, luck: Lapses) -> Act:
    """What the agent does next."""
    return _Agent(page, wish, luck).act()


class _Agent:
    def __init__(self, page: Page, wish: Wish, luck: Lapses) -> None:
        self._page, self._wish, self._luck = page, wish, luck
        self._last = page.heard[-1] if page.heard else ""
        self._rng = random.Random(luck.pick("words"))

    def act(self) -> Act:
        """Step by step: who, what, the records, then the matter itself."""
        wish, page = self._wish, self._page
        if len(page.heard) > 1 and (self._last in _RESIGNED or _CLOSING.search(self._last)):
            return self._say(phrases.GOODBYE)
        if not wish.number:
            return self._say(phrases.ASK_NUMBER)
        customer = page.customers.get(wish.number)
        if customer is None:
            missing = ("get_customer", wish.number) in page.failed
            return Act(text=_UNKNOWN) if missing else self._read(Step("get_customer", {"customer_id": wish.number}))
        if wish.intent not in INTENTS:
            return Act(text=_WHAT)
        if _GIFT.search(self._last) or self._owes_gift():
            return self._to_gift(customer)
        return self._with_records(customer)

    def _with_records(self, customer: Record) -> Act:
        wish = self._meant(customer)
        is_mine = not wish.code or wish.code in customer["reservations"]
        declined = not is_mine and not self._luck.has(lapses.POLICY)
        reads = self._reads_aside() if declined else [*self._reads(wish), *self._reads_aside()]
        pending = [step for step in reads if not self._is_known(step)]
        if pending:
            return self._read(*pending)
        if declined:
            return self._settle(Ruling((), (), f"{wish.code} is not among the bookings on your record."))
        booking = self._page.bookings.get(wish.code, {})
        if wish.code and not booking:
            return Act(text=_UNKNOWN)
        try:
            ruling = rule(Records(wish, self._page, customer, booking))
        except (KeyError, ValueError, TypeError, StopIteration, AttributeError, IndexError):
            return Act(text=_NOTHING)
        return self._inform(ruling) if wish.only_asking and ruling.answer else self._settle(ruling)

    def _meant(self, customer: Record) -> Wish:
        """The wish, about the booking that it is taken to be about."""
        others = [c for c in customer["reservations"] if c not in (self._wish.code, self._wish.also)]
        corrected = any(code in text for code in others for text in self._page.heard[1:])
        if not self._wish.code or not others or corrected or not self._luck.has(lapses.MIXING):
            return self._wish
        return replace(self._wish, code=others[0])

    def _reads(self, wish: Wish) -> list[Step]:
        reads = [Step("get_reservation", {"reservation_id": wish.code})] if wish.code else []
        return [*reads, *reads_for(wish, self._page)]

    def _reads_aside(self) -> list[Step]:
        """What the question beside the matter takes."""
        also = self._also()
        flights = self._page.bookings.get(also, {}).get("flights", ())
        reads = [Step("get_reservation", {"reservation_id": also})] if also else []
        return reads + [Step("get_flight", {"flight_number": number}) for number in flights[:1]]

    def _is_known(self, step: Step) -> bool:
        key = str(next(iter(step.arguments.values())))
        tables: Mapping[str, Mapping[str, Record]] = {
            "get_reservation": self._page.bookings,
            "get_flight": self._page.flights,
            "list_charges": self._page.charges,
        }
        return key in tables[step.tool] or (step.tool, key) in self._page.failed

    def _also(self) -> str:
        """The other booking that is asked about, unless that is left out."""
        if not self._wish.also:
            return ""
        reminded = any(_REMINDED.search(text) for text in self._page.heard)
        return self._wish.also if reminded or not self._luck.has(lapses.DROPPING) else ""

    def _aside(self) -> str:
        """What answers the question beside the matter, once it is known and as long as it is not said."""
        booking = self._page.bookings.get(self._also(), {})
        flight = self._page.flights.get(str(next(iter(booking.get("flights", ())), "")), {})
        if not flight or any(flight["departs"] in text for text in self._page.said):
            return ""
        return self._pick(phrases.LEAVES).format(flight=flight["flight_number"], **flight)

    def _inform(self, ruling: Ruling) -> Act:
        answer = ruling.misinformed if self._luck.has(lapses.POLICY) else ruling.answer
        return self._tell(self._about(), f"For all of you that would be {answer}.", self._aside())

    def _settle(self, ruling: Ruling) -> Act:
        plan = self._plan(ruling)
        if not plan:
            again = any("record" in text or ruling.ground in text for text in self._page.said)
            no = self._pick(phrases.STILL_NO if again else phrases.NO)
            return self._tell(self._about(), no, ruling.ground, self._aside())
        return self._carry_out(plan, ruling)

    def _about(self) -> str:
        """Which booking it speaks of, so that the customer can correct it; a hasty one does not say so."""
        code = self._wish.code
        said = any(code in text for text in self._page.said)
        return f"About booking {code}:" if code and not said and not self._luck.has(lapses.HASTE, "code") else ""

    def _plan(self, ruling: Ruling) -> tuple[Step, ...]:
        """What it means to do, rightly or not; none for a refusal."""
        plan = ruling.wrong if self._luck.has(lapses.POLICY) else ruling.plan
        refused = any(ruling.ground in text for text in self._page.said)
        if not plan and refused:
            gives_in = self._luck.has(lapses.PRESSURE)
            plan = ruling.plan or (ruling.wrong if gives_in else ())
        if _HAGGLES.intersection(self._page.heard) and self._luck.has(lapses.PRESSURE, "fee"):
            plan = tuple(Step(s.tool, {k: 0 if k == "fee" else v for k, v in s.arguments.items()}) for s in plan)
        return plan

    def _carry_out(self, plan: tuple[Step, ...], ruling: Ruling) -> Act:
        meant = self._without_dropped(plan)
        todo = [step for step in meant if not self._is_done(step)]
        if not todo:
            return self._report(meant)
        if not self._page.held_back and any(map(self._has_failed, todo)):
            return self._tell("I'm sorry, that did not go through.", _NOTHING)
        if plan[0].tool == "transfer_to_specialist":
            return Act(tuple(todo))
        if self._has_agreed(plan):
            is_claimed = self._luck.has(lapses.CLAIMING) and not self._page.written
            return self._report(meant) if is_claimed and not self._page.held_back else Act(tuple(todo))
        if self._luck.has(lapses.HASTE) and not self._page.held_back:
            return Act(tuple(todo))
        return self._tell(ruling.ground, voice.offer(plan, self._rng))

    def _without_dropped(self, plan: tuple[Step, ...]) -> tuple[Step, ...]:
        asked_again = any(_MONEY.search(text) for text in self._page.heard[1:])
        return plan if asked_again or not self._luck.has(lapses.DROPPING, "part") else plan[:1]

    def _report(self, plan: Sequence[Step]) -> Act:
        done = voice.report(plan, random.Random(self._luck.pick("report")))
        if any(step.tool in ("transfer_to_specialist",) for step in plan):
            return self._tell(done, self._aside())
        return self._tell(done, self._aside(), _MORE if self._rng.random() < 0.3 else "")

    def _to_gift(self, customer: Record) -> Act:
        asked = next((text for text in reversed(self._page.heard) if _GIFT.search(text)), "")
        amount = _AMOUNT.search(asked)
        if amount is None or not self._luck.has(lapses.PRESSURE, "gift") or not customer["reservations"]:
            return self._tell(self._pick(phrases.NO_GIFT), self._aside())
        code = self._wish.code or customer["reservations"][0]
        given = {"customer_id": customer["customer_id"], "reservation_id": code, "amount": int(amount[1])}
        step = Step("issue_voucher", given)
        if self._is_done(step):
            return self._report((step,))
        return (
            Act((step,))
            if self._has_agreed((step,))
            else self._tell(self._pick(phrases.GIFT), voice.offer((step,), self._rng))
        )

    def _owes_gift(self) -> bool:
        """Whether a gift was offered last."""
        said = self._page.said
        return (
            bool(said)
            and any(_GIFT.search(text) for text in self._page.heard)
            and "voucher" in said[-1]
            and "?" in said[-1]
        )

    def _has_failed(self, step: Step) -> bool:
        return (step.tool, str(next(iter(step.arguments.values())))) in self._page.failed

    def _is_done(self, step: Step) -> bool:
        return any(name == step.tool and dict(arguments) == step.arguments for name, arguments in self._page.written)

    def _has_agreed(self, plan: Sequence[Step]) -> bool:
        """Whether the customer's last words are a yes to an offer of this."""
        offered = self._page.said[-1] if self._page.said else ""
        named = str(next(iter(plan[0].arguments.values())))
        about = named in offered or "voucher" in offered or plan[0].tool == "book_flight"
        return "?" in offered and about and is_assent(self._last)

    def _read(self, *steps: Step) -> Act:
        return Act(steps)

    def _say(self, bank: Sequence[str]) -> Act:
        return Act(text=self._pick(bank))

    def _tell(self, *parts: str) -> Act:
        return Act(text=" ".join(filter(None, parts)))

    def _pick(self, bank: Sequence[str]) -> str:
        return self._rng.choice([text for text in bank if text] or [""])
