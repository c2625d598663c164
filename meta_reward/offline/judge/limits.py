"""Numbers in rules: `within 30 hours`, `more than 6 passengers`, compared with what the records show.

A limit that cannot be compared, because no number or moment of the records fits its words, is
unknown. Moments are measured from the clock that the policy or the records state.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meta_reward.offline.judge.language import stem, words

_LIMIT = re.compile(
    r"(?:(?P<group>[a-z]+) of )?(?P<how>within|less than|under|at most|up to|not? more than|fewer than"
    r"|more than|over|older than|at least|beyond|exceed\w*)?(?: the (?:last|next|first))? ?"
    r"(?P<value>\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve)(?: (?P<unit>[a-z]+)|$)"
    r"(?P<post> or (?:more|longer|later|less|fewer)| ago)?(?: (?:for each|per|each) (?P<share>[a-z]+))?"
)
SMALL = {
    name: n for n, name in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}
PERSON = "person"
COUNT_OF = dict.fromkeys(
    ["us", *map(stem, "person persons people passengers travellers travelers adults guests party group".split())],
    PERSON,
)
WANTED = "wanted"
_AT_LEAST = ("more than", "over", "older than", "at least", "beyond", "exceed")
SPANS = {
    "minut": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_MOMENT = re.compile(r"\b(20\d\d-\d\d-\d\d)(?:[T ](\d\d:\d\d))?")
_AHEAD = frozenset(map(stem, "leave leaves departs departure before next start starts upcoming".split()))


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on one quantity. least: whether it asks for more than `value` rather than for less."""

    value: float
    unit: str
    least: bool
    share: str
    about: frozenset[str]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or a moment from the records, with the stems of its key."""

    key: frozenset[str]
    value: float | datetime


def read_limits(sentence: str) -> tuple[Limit, ...]:
    """The limits in a sentence of policy; a bare number is not one."""
    spoken = words(sentence)
    about = frozenset(map(stem, spoken))
    found = (m for m in _LIMIT.finditer(" ".join(spoken)) if m["how"] or m["post"])
    return tuple(
        Limit(
            value=float(SMALL.get(m["value"], m["value"])),
            unit=_unit(m["unit"] or m["group"] or ""),
            least=(m["how"] or "").startswith(_AT_LEAST)
            or (m["post"] or "").endswith(("more", "longer", "later", "ago")),
            share=_unit(m["share"] or ""),
            about=about,
        )
        for m in found
    )


def _unit(word: str) -> str:
    return COUNT_OF.get(stem(word), stem(word))


def is_met(limit: Limit, known: Sequence[Quantity], clock: datetime | None) -> bool | None:
    """Whether a limit holds, None where nothing known can be compared with it."""
    counted = counts(limit.unit, known)
    if counted:
        return _compare(limit, max(counted) / max(1.0, *counts(limit.share, known), 1.0), limit.value)
    if limit.unit not in SPANS or clock is None:
        return None
    distances = [abs(when - clock) for when in _moments(limit, known, clock)]
    return _compare(limit, min(distances), limit.value * SPANS[limit.unit]) if distances else None


def moment_in(text: str) -> datetime | None:
    """The first date in a text, with its time of day if it has one."""
    found = _MOMENT.search(text)
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}") if found else None
    except ValueError:
        return None


def _compare(limit: Limit, value: Any, bound: Any) -> bool:
    return bool(value >= bound if limit.least else value <= bound)


def counts(name: str, known: Sequence[Quantity]) -> list[float]:
    """The numbers known by a name: requested ones before recorded ones."""
    names = {name} | ({word for word, count in COUNT_OF.items() if count == name})
    found = [q for q in known if isinstance(q.value, float) and names & q.key]
    wanted = [q for q in found if WANTED in q.key]
    return [float(q.value) for q in wanted or found if isinstance(q.value, float)]


def _moments(limit: Limit, known: Sequence[Quantity], clock: datetime) -> list[datetime]:
    moments = [(q.key, q.value) for q in known if isinstance(q.value, datetime)]
    ahead = bool(limit.about & _AHEAD)
    fitting = [(key, when) for key, when in moments if (when > clock) is ahead]
    return [when for key, when in fitting if ahead or key & limit.about]
