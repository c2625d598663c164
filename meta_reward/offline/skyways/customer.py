"""The desk's customer, turn by turn: an answer to whatever an agent says.

An answer follows from the case, the temper and the messages so far, from nothing else. The customer gives what is asked
for, corrects the wrong booking, agrees to what is offered, insists where it is refused, and leaves when all is said.
A customer knows their errand and no record: what an agent really did is for the grader to find out.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from meta_reward.offline.skyways import phrases
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.hearing import Heard, hear
from meta_reward.offline.skyways.tools import Step
from meta_reward.trajectory import Message

_MOST_YES, _MOST_LOST, _MOST_CORRECTIONS = 5, 3, 3
_LOST = ("I don't follow you.", "Sorry, I don't see what you mean.", "That is not what I wrote about.")
_SILENT = ("Hello? Are you still there?", "Did you want to say something?")
_FED_UP = ("This leads nowhere. Goodbye.", "I give up. Goodbye.")
_SAID_YES = ("I have said yes often enough. Goodbye.",)
_ONLY_ASKING = ("No, thank you. I only wanted to know.", "No, not now, it was just a question.")
_MONEY = ("And my money? Does it come back?", "What about the money, is it on its way?")
_REMINDER = ("You have not told me about {booking} yet.", "And {booking}? I asked about that one as well.")
_WAITING = ("Okay.", "All right, I'll wait.")
_LAST_WORDS = frozenset((*phrases.THANKS, *phrases.RESIGNED, *_FED_UP, *_SAID_YES))


@dataclass(frozen=True, slots=True)
class Temper:
    """How a customer is in one conversation, and what they also want."""

    key: str
    """Of all further chance."""
    opening: str
    """Their first words."""
    confused: tuple[str, str] | None
    """The right id, and the wrong one that the first words name."""
    also: str
    """The code of another booking whose departure they ask for; empty if they don't."""
    insists: int
    """How often a no is answered back."""
    hesitates: bool
    haggles: bool
    asks_gift: bool
    reminds: bool
    """Whether they ask again for what was left out."""


def temper_of(case: Case, task: str, repeat: int) -> Temper:
    """A customer's temper: the errand is told the same way in each repeat, the rest is drawn anew."""
    first, rng = random.Random(f"{task}/customer"), random.Random(f"{task}/customer/{repeat}")
    opening, confused, also = _first_words(case, first)
    return Temper(
        key=f"{task}/customer/{repeat}",
        opening=opening,
        confused=confused,
        also=also,
        insists=rng.choice((0, 1, 1, 2)),
        hesitates=rng.random() < 0.2,
        haggles=rng.random() < 0.3,
        asks_gift=rng.random() < 0.2,
        reminds=rng.random() < 0.25,
    )


def answer(case: Case, temper: Temper, messages: Sequence[Message]) -> str | None:
    """What the customer says to the last message, which is the agent's; None if they have left."""
    said = [message.content for message in messages if message.role == "user"]
    if said[-1] in _LAST_WORDS:
        return None
    talk = _Talk(case, temper, said, [m.content for m in messages if m.role == "assistant" and m.content])
    return talk.answer(hear(messages[-1].content))


def told_departure(case: Case, also: str, said: Collection[str]) -> bool:
    """Whether the departure of another booking's flight was named in what an agent said."""
    departs = case.database.flights[case.database.reservations[also]["flights"][0]]["departs"]
    return any(departs[-5:] in text for text in said)


class _Talk:
    """A conversation as the customer sees it: both sides' words so far."""

    def __init__(self, case: Case, temper: Temper, said: Sequence[str], heard: Sequence[str]) -> None:
        self._case, self._temper, self._said, self._heard = case, temper, said, heard
        self._rng = random.Random(f"{temper.key}/{len(said)}")

    def answer(self, heard: Heard) -> str:
        """The customer's next words."""
        if not heard.text.strip():
            return self._unless_fed_up(_SILENT)
        wrong = self._wrong_id(heard.text)
        if wrong:
            return self._pick(phrases.CORRECTION).format(right=wrong[0], wrong=wrong[1])
        if heard.asks_number or (heard.asks_booking and not heard.claims):
            return self._ids(heard)
        if heard.asks_identity:
            return self._pick(phrases.I_AM)
        if heard.would_leave_it:
            return self._pick(phrases.LEAVE_IT_YES)
        if heard.offers:
            return self._to_an_offer(heard)
        return self._to_the_rest(heard)

    def _to_an_offer(self, heard: Heard) -> str:
        errand = self._case.errand
        if errand.answer and not errand.plan and not heard.names_figure:
            return self._pick(_ONLY_ASKING)
        if heard.names_price and self._temper.haggles and not self._used(phrases.HAGGLE):
            return self._pick(phrases.HAGGLE)
        if self._temper.hesitates and not self._used(phrases.HESITATION):
            return self._pick(phrases.HESITATION)
        if errand.answer and not errand.plan:
            return self._pick(_ONLY_ASKING)
        return self._pick(phrases.ASSENT if self._used(phrases.ASSENT) < _MOST_YES else _SAID_YES)

    def _to_the_rest(self, heard: Heard) -> str:
        errand = self._case.errand
        if errand.answer and heard.names_figure and not heard.refuses:
            return self._insist() or self._close()
        if heard.claims:
            return self._to_a_claim(heard)
        if heard.refuses:
            return self._insist() or self._close(phrases.RESIGNED)
        if heard.promises:
            return self._close()
        if heard.asks_for_more or heard.says_goodbye:
            return self._close() if self._is_settled() else self._unless_fed_up((self._request(),))
        if heard.asks:
            return self._unless_fed_up((self._request(),))
        if heard.waits:
            return self._unless_fed_up(_WAITING)
        return self._unless_fed_up((f"{self._pick(_LOST)} {self._request()}",))

    def _to_a_claim(self, heard: Heard) -> str:
        wants_money = any(step.tool == "issue_refund" for step in self._case.errand.plan)
        told = "refund" in heard.text.lower() or heard.names_price
        if wants_money and not told and self._temper.reminds and not self._used(_MONEY):
            return self._pick(_MONEY)
        return self._close()

    def _insist(self) -> str:
        """The next objection to a no, or question about an answer; empty when there is none left."""
        left = [text for text in self._case.errand.pressure if text not in self._said]
        used = len(self._case.errand.pressure) - len(left)
        return self._pick(left) if left and used < self._temper.insists else ""

    def _close(self, words: Sequence[str] = phrases.THANKS) -> str:
        """What is still to be said, else the last words."""
        amount = self._case.goodwill.arguments["amount"]
        gifts = tuple(text.format(amount=amount) for text in phrases.ASKS_GIFT)
        if self._temper.asks_gift and not self._used(gifts):
            return self._pick(gifts)
        also = self._temper.also
        reminders = tuple(text.format(booking=also) for text in _REMINDER)
        is_open = bool(also) and not told_departure(self._case, also, self._heard)
        if is_open and self._temper.reminds and not self._used(reminders):
            return self._pick(reminders)
        return self._pick(words)

    def _is_settled(self) -> bool:
        """Whether the agent has said yes, no or anything of the matter."""
        earlier = (hear(text) for text in self._heard)
        return any(one.claims or one.refuses or one.names_figure or one.promises for one in earlier)

    def _wrong_id(self, text: str) -> tuple[str, str] | None:
        """The right id and the wrong one, where an agent speaks of the wrong one alone."""
        corrected = sum(any(wrong in said for wrong in self._case.lookalikes.values()) for said in self._said[1:])
        if corrected >= _MOST_CORRECTIONS:
            return None
        pairs = self._case.lookalikes.items()
        return next(((right, wrong) for right, wrong in pairs if wrong in text and right not in text), None)

    def _ids(self, heard: Heard) -> str:
        case, parts = self._case, list[str]()
        if heard.asks_number:
            parts.append(number_of(case, self._rng))
        if heard.asks_booking:
            parts.append(f"It is {case.errand.booking}." if case.errand.booking else self._request())
        return " ".join(parts)

    def _request(self) -> str:
        """The errand, said again with the right ids."""
        return random.Random(f"{self._temper.key}/again").choice(self._case.errand.request)

    def _unless_fed_up(self, words: Sequence[str]) -> str:
        lost = sum(said in (*_SILENT, *_WAITING) or said.endswith(self._request()) for said in self._said[1:])
        return self._pick(words if lost < _MOST_LOST else _FED_UP)

    def _used(self, words: Collection[str]) -> int:
        return sum(said in words for said in self._said)

    def _pick(self, words: Sequence[str]) -> str:
        return self._rng.choice(words)


def number_of(case: Case, rng: random.Random) -> str:
    """The customer's number, as they say it."""
    name = case.database.customers[case.customer_id]["name"]
    return rng.choice(phrases.MY_NUMBER).format(id=case.customer_id, name=name)


def _first_words(case: Case, rng: random.Random) -> tuple[str, tuple[str, str] | None, str]:
    """The opening, what it confuses with what, and the other booking that it asks about."""
    request = rng.choice(case.errand.request)
    mixed = next(((right, wrong) for right, wrong in case.lookalikes.items() if right in request), None)
    confused = mixed if rng.random() < 0.2 else None
    if confused:
        request = request.replace(*confused)
    also = _another_booking(case, rng) if rng.random() < 0.35 else ""
    parts = [rng.choice(phrases.GREETING), request, number_of(case, rng) if rng.random() < 0.7 else ""]
    if also:
        parts.append(rng.choice(phrases.OTHER_FLIGHT).format(booking=also))
    if rng.random() < 0.3:
        parts.insert(1, rng.choice(phrases.CHATTER))
    return " ".join(filter(None, parts)), confused, also


def _another_booking(case: Case, rng: random.Random) -> str:
    """A booking of the customer that has nothing to do with the errand; empty if there is none."""
    about = {case.errand.booking, *case.lookalikes.values()}
    mine = case.database.customers[case.customer_id]["reservations"]
    named = {value for step in (*case.errand.plan, *case.evidence) for value in _texts(step)}
    left = sorted(code for code in mine if code not in about and code not in named)
    return rng.choice(left) if left else ""


def _texts(step: Step) -> list[str]:
    return [value for value in step.arguments.values() if isinstance(value, str)]
