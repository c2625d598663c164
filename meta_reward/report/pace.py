"""Estimates how long a search still takes and what it will have used, from the means of its events so far."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from meta_reward.evaluation.gate import FINALISTS
from meta_reward.run.events import BEGIN, EVALUATION, ITERATION, OUTAGE, RECOVERY, SESSION, Event
from meta_reward.run.settings import Limits

_T = TypeVar("_T")
_VALIDATED = 1 + FINALISTS  # the finalists and the baseline


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a search takes, in seconds. Times are None if there is nothing to estimate them from yet."""

    elapsed_s: float
    """Since this process began."""
    iteration_s: float | None
    """Left in the current iteration."""
    search_s: float | None
    """Left in the whole search, including validation, if no limit ends it earlier."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The judge does not answer."""

    since: str
    """Local time, in ISO 8601."""
    why: str


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of a limit is used."""

    name: str
    """Its name in run.toml, such as `max_usd`."""
    used: float
    limit: float
    at_end: float | None
    """What the whole search will have used; None if there is no estimate."""


@dataclass(frozen=True, slots=True)
class Work:
    """The remaining work of a search."""

    proposing: bool
    waiting: int
    """Trajectories that the evaluations under way have no result for yet."""
    validating: bool
    iterations: int
    """Iterations to come after the current one."""
    candidates: int
    """The most candidates per iteration, used while there is no mean."""


def since_begin(events: Sequence[Event]) -> list[Event]:
    """The events of the last process that searched, from its beginning; empty if there was none."""
    starts = [number for number, event in enumerate(events) if event.event == BEGIN]
    return list(events[starts[-1] :]) if starts else []


def outage_under_way(events: Sequence[Event]) -> Outage | None:
    """The outage that has not ended, None if there is none."""
    last = next((e for e in reversed(since_begin(events)) if e.event in (OUTAGE, RECOVERY)), None)
    return Outage(last.time, str(last.facts.get("why", ""))) if last and last.event == OUTAGE else None


def pace_of(events: Sequence[Event], work: Work, now_s: float) -> Pace | None:
    """The pace of a search that is running, None if its events do not tell. now_s: seconds since 1970."""
    own = since_begin(events)
    sizes = own[0].facts.get("trajectories") if own else None
    if not isinstance(sizes, Mapping):
        return None
    past = _Past.of(events, sizes)
    elapsed_s = max(0.0, now_s - own[0].seconds)
    each_s = past.trajectory_s or _first_rate(own, work, now_s)
    if each_s is None:
        return Pace(elapsed_s, None, None)
    evaluation_s = each_s * sizes["search"] * (past.candidates or work.candidates)
    left_s = each_s * work.waiting
    if work.proposing:
        begun = [event.seconds for event in own if event.event == SESSION]
        left_s += max(0.0, (past.session_s or 0.0) - (now_s - begun[-1] if begun else 0.0)) + evaluation_s
    to_come_s = work.iterations * ((past.session_s or 0.0) + evaluation_s)
    validation_s = 0.0 if work.validating else each_s * _VALIDATED * sizes["validation"]
    known = past.session_s is not None or not (work.iterations or work.proposing)
    is_first_session = work.proposing and past.session_s is None
    return Pace(elapsed_s, None if is_first_session else left_s, left_s + to_come_s + validation_s if known else None)


def at_end(events: Sequence[Event], work: Work) -> dict[str, float] | None:
    """What a search will have used at its end, by the names of limits; None before the first iteration is done."""
    own = since_begin(events)
    spent = [event.facts["spent"] for event in events if event.event == ITERATION]
    if len(spent) < 2 or not own:
        return None
    sizes = own[0].facts["trajectories"]
    candidates = _Past.of(events, sizes).candidates or work.candidates
    validated = _VALIDATED * sizes["validation"] / (candidates * sizes["search"])
    iterations = work.iterations + (not work.validating and (work.proposing or work.waiting > 0)) + validated
    return {
        f"max_{amount}": spent[-1][amount] + (spent[-1][amount] - spent[0][amount]) / (len(spent) - 1) * iterations
        for amount in ("calls", "tokens", "usd")
    }


def limits_used(
    limits: Limits, used: Mapping[str, float], forecast: Mapping[str, float] | None, pace: Pace | None
) -> list[LimitUse]:
    """How much of each limit that is set is used. used, forecast: by the names of the limits."""
    whole = dict(forecast or {})
    if pace is not None and pace.search_s is not None:
        whole["max_hours"] = (pace.elapsed_s + pace.search_s) / 3600
    set_ = {name: float(getattr(limits, name)) for name in used}
    return [LimitUse(name, used[name], set_[name], whole.get(name)) for name in used if set_[name]]


def told(estimate: Callable[[], _T | None]) -> _T | None:
    """An estimate; None if the events it comes from are damaged, as anything may be in their file."""
    try:
        return estimate()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Past:
    """The means over the iterations so far."""

    trajectory_s: float | None
    session_s: float | None
    candidates: float | None

    @staticmethod
    def of(events: Iterable[Event], sizes: Mapping[str, int]) -> "_Past":
        done = [event.facts for event in events if event.event == ITERATION]
        later = [facts for facts in done if facts.get("iteration")]
        evaluated = sum(len(facts["candidates"]) for facts in done) * sizes["search"]
        return _Past(
            sum(facts["evaluation_s"] for facts in done) / evaluated if evaluated else None,
            sum(facts["session_s"] for facts in later) / len(later) if later else None,
            sum(len(facts["candidates"]) for facts in later) / len(later) if later else None,
        )


def _first_rate(own: Sequence[Event], work: Work, now_s: float) -> float | None:
    """Seconds per trajectory, from the evaluations of a process that has not finished an iteration yet."""
    begun = [event for event in own if event.event == EVALUATION]
    done = sum(event.facts["trajectories"] - event.facts["done"] for event in begun) - work.waiting
    return (now_s - begun[0].seconds) / int(done) if begun and done > 0 else None
