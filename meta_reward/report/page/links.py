"""The targets of links to candidates and pairs: places in the same file, or pages of the server."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages. An empty one means that the page is not available here, so plain text replaces the link."""

    home: str
    """Address of the first page."""
    candidate: Callable[[str], str]
    """By its id."""
    pair: Callable[[str], str]
    """By its id."""
    trajectory: Callable[[str], str] = lambda id: ""
    """By its id."""


def in_the_file(pairs: Collection[str]) -> Links:
    """Links within one file. pairs: ids of the pairs that are in it."""
    return Links("#", lambda id: f"#{id}", lambda id: f"#{pair_key(id)}" if id in pairs else "")


def pair_key(id: str) -> str:
    """The name of the part of the file with a pair."""
    return f"pair-{quote(id, safe='')}"
