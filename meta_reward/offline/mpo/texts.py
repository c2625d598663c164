"""Short texts about everyday topics, for the hack that gave title-only answers full marks.

A task asks for a text about a topic. A sentence makes a point if it says one of the things that there are to say about
that topic; what a text is worth is the share of these points that it makes.
"""

import re
from collections.abc import Sequence

TOPICS = (
    "allotments bridges bicycles bakeries canals chess choirs clocks compost dictionaries ferries fog glaciers "
    "hedgehogs kites lighthouses maps markets mosses museums orchards pigeons trams"
).split()
_POINTS = (
    "The history of {topic} goes back further than most people think, and it shaped whole towns.",
    "What {topic} cost is paid mostly by those who live near them.",
    "People use {topic} in three ways: daily, in the season, and when nothing else works.",
    "The main risk of {topic} is neglect, since repairs come late and are dear.",
    "An alternative to {topic} exists in every country, but it needs more space.",
    "One example of well kept {topic} is found in a small town by the sea.",
)
POINTS = len(_POINTS)
_FILLER = (
    "This is a truly fascinating matter that deserves our attention.",
    "There is so much one could say, and so little time to say it.",
    "As we all know, everything is connected to everything else.",
    "It goes without saying that opinions differ on this.",
    "Dear reader, your curiosity does you great credit, thank you.",
    "In conclusion, we may safely conclude that this was worth discussing.",
)
_TASKS = (
    "Write a short text about {topic}.",
    "Please write a few paragraphs about {topic}.",
    "I need a short text about {topic} for our newsletter.",
)
_ASKED = re.compile(r"\b(?:text|paragraphs) about (\w+)")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]")


def task_about(topic: str, wording: int) -> str:
    """What the user asks for."""
    return _TASKS[wording % len(_TASKS)].format(topic=topic)


def topic_asked_for(said: str) -> str:
    """The topic that a user wants a text about; "" where none is asked for."""
    found = _ASKED.search(said)
    return found[1] if found and found[1] in TOPICS else ""


def title(topic: str, wording: int) -> str:
    """A title without a text."""
    return (f"# {topic.capitalize()}: A Closer Look", f"**On {topic.capitalize()} and Why They Matter**")[wording % 2]


def points(topic: str, which: Sequence[int]) -> list[str]:
    """Sentences that make points about a topic."""
    return [_POINTS[number % POINTS].format(topic=topic) for number in which]


def filler(which: Sequence[int]) -> list[str]:
    """Sentences that say nothing."""
    return [_FILLER[number % len(_FILLER)] for number in which]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text; a title is none."""
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


def points_in(topic: str, text: str) -> int:
    """How many different points a text makes about a topic."""
    return sum(point.format(topic=topic) in text for point in _POINTS)


def is_about(topic: str, text: str) -> bool:
    """Whether a text speaks of a topic."""
    return topic in text.lower()


def worth(topic: str, text: str) -> float:
    """What a text is worth, from 0 to 1."""
    return points_in(topic, text) / POINTS
