"""What a customer of skyways wants, as the simulated agent understands it from their words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

CODE = re.compile(r"\b[A-Z]{2}\d[A-Z]\d[A-Z]\b")
FLIGHT = re.compile(r"\bSW\d{4}\b")
NUMBER = re.compile(r"\bC-\d{5}\b")
_ALSO = re.compile(
    r"(?:flight of my other booking|could you tell me when|what time is the flight of booking) ([A-Z]\w{5})"
)
_FIXED = (
    re.compile(r"I meant (?P<right>\w+), not (?P<wrong>\w+)"),
    re.compile(r"It is (?P<right>\w+), not (?P<wrong>\w+)\.?$"),
    re.compile(r"(?P<wrong>\w+) is the other one\. I mean (?P<right>\w+)"),
    re.compile(r"please take (?P<right>\w+) and leave (?P<wrong>\w+) alone"),
)
_ONLY_ASKING = re.compile(
    r"don't want to change anything|Just a question|only want to know|Nothing is decided|still thinking|"
    r"don't cancel it yet|ask for it another time|Don't send one yet|talk about it at home|Only the price"
)
_INTENTS = (
    ("names", r"misspelled|\bcorrect \w+ \w+ to\b|mend that in booking|can't come\. Put|change the name|has a typo"),
    ("refund", r"\bcharged\b|on my statement|look at the charges"),
    ("bags off", r"remove a bag|Take one off"),
    ("bags", r"\b(?:one|\d) more bags?\b|free bags|allowance for bags"),
    ("compensation", r"What do I get for it|compensation|voucher for that|entitled to|that delay worth"),
    ("upgrade", r"\bbusiness\b|\bupgrade\b"),
    ("booking", r"want to book flight|Please book SW|get .+ on SW\d{4}\?"),
    (
        "change",
        r"on flight SW|to flight SW|take SW\d{4} instead|rather than the flight in|exchange the flight|moved booking",
    ),
    ("cancel", r"\bcancel|give up|refund for|money back"),
)
_COMPILED = tuple((intent, re.compile(pattern)) for intent, pattern in _INTENTS)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer came for."""

    intent: str
    """Empty where it is not understood."""
    text: str
    """The request, with ids as the customer corrected them."""
    only_asking: bool
    number: str
    """The customer's own; empty until they give it."""
    code: str
    """Of the booking it is about; empty if it names none."""
    flight: str
    also: str
    """The code of another booking whose departure they ask for; empty if they don't."""


def _intent(text: str) -> str:
    return next((name for name, pattern in _COMPILED if pattern.search(text)), "")


def wish_of(heard: Sequence[str]) -> Wish:
    """What a customer wants, from all that they said."""
    first = heard[0] if heard else ""
    also = _ALSO.search(first)
    request = first.replace(also[0], "") if also else first
    for text in heard[1:]:
        for pattern in _FIXED:
            if (fixed := pattern.search(text)) is not None:
                request = request.replace(fixed["wrong"], fixed["right"])
        said_again, meant = CODE.findall(text), CODE.search(request)
        if len(said_again) == 1 and meant and _intent(text) == _intent(request) != "":
            request = request.replace(meant[0], said_again[0])
    intent = _intent(request)
    numbers = [number for text in heard for number in NUMBER.findall(text)]
    codes, flights = CODE.findall(request), FLIGHT.findall(request)
    return Wish(
        intent,
        request,
        _ONLY_ASKING.search(request) is not None,
        numbers[0] if numbers else "",
        codes[0] if codes else "",
        flights[0] if flights else "",
        also[1] if also else "",
    )
