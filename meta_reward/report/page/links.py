"""Where a link to a candidate or to a pair leads: a place in the same file, or a page of the server."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages. An empty one stands for a page that is not to be had here: it is then shown as plain text."""

    home: str
    """Of the first page."""
    candidate: Callable[[str], str]
    """By its id."""
    pair: Callable[[str], str]
    """By its id."""
    trajectory: Callable[[str], str] = lambda id: ""
    """By its id."""


def in_the_file(pairs: Collection[str]) -> Links:
    """Links within one file. pairs: ids of those that are in it."""
    return Links("#", lambda id: f"#{id}", lambda id: f"#{pair_key(id)}" if id in pairs else "")


def pair_key(id: str) -> str:
    """The name of the part of the file that holds a pair."""
    return f"pair-{quote(id, safe='')}"
