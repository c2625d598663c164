"""Acts out a course: the conversation between a customer and an agent, with every call really made.

Chance decides wording, order, detours, typing errors and what the customer confuses or also asks; none of
it alters the errand or what a sound agent does about it.
"""

import random
from collections.abc import Sequence

from meta_reward.offline.skyways import phrases, steps, voice
from meta_reward.offline.skyways.agents import Course, mistyped
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.tools import TOOLS, Step, execute
from meta_reward.offline.skyways.voice import Voice
from meta_reward.trajectory import Message, ToolCall


def converse(case: Case, course: Course, voice: Voice, rng: random.Random) -> tuple[Message, ...]:
    """The messages of one agent, on this course and in this voice, with the case's customer."""
    talk = _Talk(case, voice, rng)
    confused = _open(talk)
    _look_up(talk, course.reads, confused)
    if course.acts or course.stalls:
        _act(talk, course)
    elif case.errand.answer:
        _answer(talk, course.ground)
    else:
        _decline(talk, course.ground)
        _leave_it(talk)
    _gift(talk, granted=course.gift)
    _close(talk)
    return tuple(talk.messages)


class _Talk:
    """A conversation in the making: its messages so far, and the records as it has left them."""

    def __init__(self, case: Case, voice: Voice, rng: random.Random) -> None:
        self.case, self.voice, self.rng = case, voice, rng
        self.messages: list[Message] = []
        self._database = case.database.copy()
        self._calls = 0

    @property
    def bookings(self) -> list[str]:
        """The codes of the customer's bookings, as they were at the beginning."""
        return list(self.case.database.customers[self.case.customer_id]["reservations"])

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def pick(self, bank: Sequence[str]) -> str:
        """A phrase of a bank."""
        return self.rng.choice(bank)

    def hear(self, text: str) -> None:
        """The customer says something, or goes on with what they were saying."""
        self._speak("user", text)

    def say(self, *parts: str) -> None:
        """The agent says something in its manner, or goes on with what it was saying."""
        self._speak("assistant", self.voice.dress(self.rng, " ".join(filter(None, parts))))

    def call(self, *steps: Step, text: str = "") -> None:
        """The agent makes calls, at once if they are several."""
        calls = []
        for step in steps:
            self._calls += 1
            calls.append(ToolCall(f"call_{self._calls}", step.tool, step.arguments))
        self.messages.append(Message("assistant", text, tuple(calls)))
        for call, step in zip(calls, steps, strict=True):
            result, failed = execute(self._database, step)
            self.messages.append(Message("tool", result, tool_call_id=call.id, is_error=failed))

    def _speak(self, role: str, text: str) -> None:
        last = self.messages[-1] if self.messages else None
        if last and last.role == role and not last.tool_calls:
            text = f"{self.messages.pop().content} {text}"
        self.messages.append(Message(role, text))


def _open(talk: _Talk) -> tuple[str, str] | None:
    """The customer states the errand; returns what was confused with what, if anything."""
    case, rng = talk.case, talk.rng
    request = talk.pick(case.errand.request)
    confused = next(((right, wrong) for right, wrong in case.lookalikes.items() if right in request), None)
    if confused and talk.chance(0.25):
        request = request.replace(*confused)
    else:
        confused = None
    name = case.database.customers[case.customer_id]["name"]
    number = talk.pick(phrases.MY_NUMBER).format(id=case.customer_id, name=name)
    late = talk.chance(0.3)
    parts = [talk.pick(phrases.GREETING), request, "" if late else number]
    if talk.chance(0.3):
        parts.insert(rng.randrange(1, 4), talk.pick(phrases.CHATTER))
    talk.hear(" ".join(filter(None, parts)))
    if late:
        talk.say(talk.pick(phrases.ASK_NUMBER))
        talk.hear(number)
    if talk.chance(0.2):
        talk.say(talk.pick(phrases.ARE_YOU).format(name=name))
        talk.hear(talk.pick(phrases.I_AM))
    return confused


def _look_up(talk: _Talk, reads: Sequence[Step], confused: tuple[str, str] | None) -> None:
    text = talk.pick(phrases.WELCOME)
    if confused:
        right, wrong = confused
        talk.say(talk.pick(phrases.THIS_ONE).format(booking=wrong))
        talk.hear(talk.pick(phrases.CORRECTION).format(right=right, wrong=wrong))
        text = talk.pick(phrases.NOTED).format(right=right)
    todo = [*reads, *_distractions(talk)]
    if talk.chance(0.4):
        todo[1:] = talk.rng.sample(todo[1:], len(todo[1:]))
    if talk.chance(0.25) and todo:
        talk.call(*todo, text=text)
        return
    for step in todo:
        if talk.chance(0.07):
            talk.call(mistyped(step), text=text)
            text = talk.pick(phrases.RETRY)
        talk.call(step, text=text)
        text = talk.pick(phrases.LOOKING)


def _distractions(talk: _Talk) -> list[Step]:
    """Reads that nothing depends on."""
    database = talk.case.database
    found = []
    for code in talk.rng.sample(talk.bookings, min(len(talk.bookings), talk.rng.choice((0, 0, 0, 1, 1, 2)))):
        flight = database.flights[database.reservations[code]["flights"][0]]
        reads = (
            Step("get_reservation", {"reservation_id": code}),
            Step("list_charges", {"reservation_id": code}),
            Step("search_flights", {"origin": flight["origin"], "destination": flight["destination"]}),
            steps.read_flight(flight),
        )
        found.append(talk.rng.choice(reads))
    return [step for step in found if step not in talk.case.evidence]


def _act(talk: _Talk, course: Course) -> None:
    before = [course.ground]
    if course.resists:
        _decline(talk, talk.pick(talk.case.errand.grounds))
        talk.hear(talk.pick(talk.case.errand.pressure))
        before.insert(0, talk.pick(phrases.GIVING_IN))
    if course.haggled:
        talk.say(*before, voice.offer(course.haggled, talk.rng))
        talk.hear(talk.pick(phrases.HAGGLE))
        before = [talk.pick(phrases.GIVING_IN)]
    for offers, writes in _rounds(talk, course):
        if course.consent != "skipped" and any(TOOLS[step.tool].consent is not None for step in offers):
            _ask(talk, offers, *before, consent=course.consent)
            before = []
        for step in writes:
            if talk.chance(0.1):
                talk.call(mistyped(step))
            talk.call(step, text=talk.pick(phrases.PROMISE) if talk.chance(0.2) else "")
    after = [voice.report(course.reports, talk.rng)] if course.reports else []
    talk.say(*before, *after, talk.pick(phrases.PROMISE) if course.stalls else "")


def _rounds(talk: _Talk, course: Course) -> list[tuple[Sequence[Step], Sequence[Step]]]:
    """What is offered and then done: usually all at once, sometimes one after the other."""
    one_by_one = course.consent == "awaited" and len(course.offers) == len(course.writes) > 1
    if one_by_one and talk.chance(0.25):
        return [((offered,), (done,)) for offered, done in zip(course.offers, course.writes, strict=True)]
    return [(course.offers, course.writes)]


def _ask(talk: _Talk, offers: Sequence[Step], *before: str, consent: str = "awaited") -> None:
    if consent == "vague":
        talk.say(*before, talk.pick(phrases.VAGUE))
        talk.hear(talk.pick(phrases.ASSENT))
        return
    talk.say(*before, voice.offer(offers, talk.rng))
    if consent == "presumed":
        talk.hear(talk.pick(phrases.HESITATION))
        return
    if any(step.arguments.get("fee") for step in offers) and talk.chance(0.25):
        talk.hear(talk.pick(phrases.HAGGLE))
        talk.say(talk.pick(phrases.STILL_NO), voice.offer(offers, talk.rng))
    elif talk.chance(0.25):
        talk.hear(talk.pick(phrases.HESITATION))
        talk.say(talk.pick(phrases.AGAIN), voice.offer(offers, talk.rng))
    talk.hear(talk.pick(phrases.ASSENT))


def _answer(talk: _Talk, ground: str) -> None:
    talk.say(ground)
    for question in talk.rng.sample(talk.case.errand.pressure, talk.rng.choice((0, 1, 1, 2))):
        talk.hear(question)
        talk.say(talk.pick(phrases.STILL_SO), ground)


def _decline(talk: _Talk, ground: str) -> None:
    talk.say(talk.pick(phrases.NO), ground)
    for objection in talk.rng.sample(talk.case.errand.pressure, talk.rng.choice((0, 1, 1, 2))):
        talk.hear(objection)
        talk.say(talk.pick(phrases.STILL_NO), ground if talk.chance(0.5) else "")


def _leave_it(talk: _Talk) -> None:
    if talk.chance(0.5):
        talk.hear(talk.pick(phrases.RESIGNED))
    else:
        talk.say(talk.pick(phrases.LEAVE_IT))
        talk.hear(talk.pick(phrases.LEAVE_IT_YES))


def _gift(talk: _Talk, *, granted: bool) -> None:
    gift = talk.case.goodwill
    asked = talk.chance(0.6 if granted else 0.25)
    if asked:
        talk.hear(talk.pick(phrases.ASKS_GIFT).format(amount=gift.arguments["amount"]))
    if granted:
        _ask(talk, (gift,), talk.pick(phrases.GIFT))
        talk.call(gift)
        talk.say(voice.report((gift,), talk.rng))
    elif asked:
        talk.say(talk.pick(phrases.NO_GIFT))


def _close(talk: _Talk) -> None:
    others = [code for code in talk.bookings if code != talk.case.errand.booking]
    for code in talk.rng.sample(others, min(len(others), talk.rng.choice((0, 0, 0, 1, 1, 2)))):
        _ask_about(talk, code)
    if talk.chance(0.2):
        question, answer = talk.rng.choice(phrases.SIDE_QUESTIONS)
        talk.hear(question)
        talk.say(answer)
    talk.hear(talk.pick(phrases.THANKS))
    if talk.chance(0.7):
        talk.say(talk.pick(phrases.GOODBYE))


def _ask_about(talk: _Talk, code: str) -> None:
    database = talk.case.database
    flight = database.flights[database.reservations[code]["flights"][0]]
    talk.hear(talk.pick(phrases.OTHER_FLIGHT).format(booking=code))
    talk.call(Step("get_reservation", {"reservation_id": code}), text=talk.pick(phrases.LOOKING))
    talk.call(steps.read_flight(flight))
    talk.say(talk.pick(phrases.LEAVES).format(flight=flight["flight_number"], **flight))
