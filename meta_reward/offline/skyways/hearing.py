"""What a customer of the desk makes of what an agent says: a few things that can be told from any text.

It takes in the beginning and the end of a long text, and never fails: what it does not know is nothing to it.
"""

import re
from dataclasses import dataclass

_TAKEN_IN = 3_000  # characters at either end
_ASKING = re.compile(r"\?|\b(?:please|may i|could you|can you|i need|provide|tell me|give me)\b")
_NUMBER = re.compile(r"\b(?:customer|account|member(?:ship)?|client)[ -](?:number|id|no)\b|\byour (?:number|id)\b")
_BOOKING = re.compile(
    r"\b(?:which|what)\b.{0,40}\b(?:bookings?|reservations?)\b|\b(?:booking|reservation)[ -](?:code|number|id|ref)"
)
_IDENTITY = re.compile(
    r"\bspeaking (?:with|to)\b|\bare you\b.{0,40}\byourself\b|\bthat is\b.{0,40}\byes\?|\bare you [A-Z]"
)
_OFFER = re.compile(
    r"\b(?:shall i|should i|may i|do you (?:want|agree|confirm|accept)|would you like|do i have your|"
    r"can i (?:go ahead|proceed)|is (?:that|it|this) (?:all right|ok|okay|fine|correct)|are you (?:ok|okay|fine|happy)|"
    r"please confirm|confirm (?:that|with)|to confirm|proceed|go ahead|yes or no|(?:reply|answer|say) .{0,12}\byes)\b"
)
_REFUSAL = re.compile(
    r"\b(?:can't|cannot|can not|could not|couldn't|not possible|impossible|unable|won't|may not|no way|have to say no|"
    r"not (?:something|allowed|permitted|eligible|entitled|covered|among|able)|unfortunately|i'm afraid|i am afraid|"
    r"no provision|have to (?:pass|decline)|must decline|i decline|stays (?:as|at)|answer is the same|never)\b"
)
_CLAIM = re.compile(
    r"\bha(?:s|ve)(?: now)? been\b|\b(?:is|are) now\b|\bnow has\b|\bi have \w+ed\b|\bi've \w+ed\b|\ball set\b|"
    r"\bit'?s done\b|^done\b|\bcompleted\b|\btaken care of\b|\bi have (?:paid|put|made|sent)\b"
)
_PROMISE = re.compile(
    r"\bin hand\b|\bleave it with us\b|\bby itself\b|\bin the course of\b|\bwill be \w+ed\b|\bwe will\b"
)
_MORE = re.compile(r"\b(?:anything|something) (?:else|more)\b|\bfurther (?:questions?|help)\b|\belse i can\b")
_LEAVE = re.compile(r"\bleave (?:everything|it|things)\b|\bclose the matter\b|\bstays as it is\b")
_GOODBYE = re.compile(
    r"\bgood ?bye\b|\bhave a (?:good|nice|great|pleasant|safe)\b|\btake care\b|\bthank you for flying\b"
)
_WAIT = re.compile(r"\b(?:one moment|a moment|let me|i am checking|i'll (?:look|check)|hold on|looking into)\b")
_FIGURE = re.compile(
    r"(?:\beur|€) ?\d|\b\d+ (?:free )?bags?\b|\bfree of charge\b|\bfor nothing\b|\bno (?:fee|charge)\b"
)
_PRICE = re.compile(r"(?:\beur|€) ?[1-9]")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a text; several may hold."""

    text: str
    """As far as it was taken in."""
    asks_number: bool
    asks_booking: bool
    asks_identity: bool
    offers: bool
    """Wants a yes to something."""
    refuses: bool
    claims: bool
    """Says that something is done."""
    promises: bool
    asks_for_more: bool
    would_leave_it: bool
    says_goodbye: bool
    waits: bool
    names_figure: bool
    names_price: bool
    asks: bool
    """Has a question of whatever kind."""


def hear(text: str) -> Heard:
    """What a customer hears in a text of whatever length and language."""
    taken = text if len(text) <= 2 * _TAKEN_IN else f"{text[:_TAKEN_IN]} {text[-_TAKEN_IN:]}"
    low = taken.lower().replace("\u2019", "'")
    asks = "?" in low
    asking = _ASKING.search(low) is not None

    def has(pattern: re.Pattern[str]) -> bool:
        return pattern.search(low) is not None

    more = has(_MORE)
    return Heard(
        text=taken,
        asks_number=asking and has(_NUMBER),
        asks_booking=asking and has(_BOOKING),
        asks_identity=asks and has(_IDENTITY),
        offers=has(_OFFER) and (asks or "confirm" in low or "yes" in low) and not more,
        refuses=has(_REFUSAL),
        claims=has(_CLAIM),
        promises=has(_PROMISE),
        asks_for_more=more,
        would_leave_it=asks and has(_LEAVE),
        says_goodbye=has(_GOODBYE),
        waits=has(_WAIT),
        names_figure=has(_FIGURE),
        names_price=has(_PRICE),
        asks=asks,
    )
