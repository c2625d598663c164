"""The status of a run, and the list of all runs, as text for a terminal."""

from collections.abc import Sequence

from meta_reward.files import printable
from meta_reward.kinds.base import Words, scored_by
from meta_reward.kinds.registry import KINDS
from meta_reward.models.usage import dollars
from meta_reward.report.pace import LimitUse, Outage, Pace
from meta_reward.report.status import CandidateStatus, Spending, Status, UnderWay
from meta_reward.report.tables import SIMULATED, context_of, fit, percent, plural, render_table, with_interval
from meta_reward.run.decisions import Decision, sentence_of
from meta_reward.run.settings import OFFICIAL

_MOST_ROWS = 60
_LEGEND = (
    "from: parents; {scores}, without an interval if there are fewer than 8 tasks or no spread; selected: picked by "
    "its score on search, and the chosen one by that on validation too, so these scores are optimistic; frontier: no "
    "other candidate has more {metric} on search for fewer {cost}"
)


def render_status(status: Status) -> str:
    """One line on the run; its candidates; what it is doing; what it has spent."""
    done = f"{status.iterations.done} of {status.iterations.limit} iterations"
    reason = f": {status.reason}" if status.reason else ""
    lines = [
        f"{status.run}: {status.state}{reason} ({done}, judge {status.judge}, sandbox {status.sandbox})",
        *_objective(status),
        "",
        *_candidates(status),
        *_now(status),
        *_spending(status.spent),
        f"sealed, not to be shown to a proposer: {status.sealed}",
        *(f"set aside, yours to keep or remove: {path}" for path in status.set_aside),
    ]
    return fit(printable("\n".join(lines + ([SIMULATED] if status.simulated else []))))


def _objective(status: Status) -> list[str]:
    if status.objective == OFFICIAL:
        return []
    official = "validation and the test count" if status.validated_by == OFFICIAL else "the test counts"
    return [f"scored by {status.objective}; {official} {KINDS[status.kind].words.metric}"]


def render_headline(status: Status) -> str:
    """The progress of a search in one line."""
    leader = next((c for c in status.candidates if c.id == status.leader), None)
    pace, outage = status.pace, status.outage
    of = "" if status.objective == OFFICIAL else " learned reward"
    parts = [
        f"{status.run}: {status.state}, {status.iterations.done} of {status.iterations.limit} iterations",
        _doing(status) if status.state == "running" else "",
        f"leader {leader.id} {percent(leader.search.score)}{of}" if leader else "no leader yet",
        *(f"{one.name.replace('_', '-')} {_used(one)}" for one in status.limits),
        f"{duration(pace.search_s)} left" if pace and pace.search_s is not None else "",
        f"no answer from the judge since {outage.since[11:16]}" if outage else "",
    ]
    return printable("; ".join(part for part in parts if part))


def _doing(status: Status) -> str:
    """What the search is doing, in a few words."""
    if status.proposing is not None:
        return f"{status.proposer} is proposing"
    if not status.under_way:
        return ""
    first, *others = status.under_way
    names = " ".join(one.candidate.partition("-")[0] for one in (first, *others))
    total = sum(one.total or one.done for one in status.under_way)
    return f"{names} on {first.split}, {sum(one.done for one in status.under_way)} of {total}"


def render_watched(status: Status, *, most: int) -> str:
    """The status while a search runs: like `render_status`, but with only the best candidates.

    most: the most candidates to show.
    """
    found = sorted(status.candidates, key=lambda c: -(c.search.score or 0))[:most]
    rows = [[c.id, c.name, _standing(c, status), percent(c.search.score), c.judge_tokens] for c in found]
    table = (
        render_table(["id", "name", "status", "search", "judge tokens"], rows) if rows else "no candidate is scored yet"
    )
    decision = [f"decision: {sentence_of(status.decision)}"] if status.decision else []
    return fit(printable("\n".join([render_headline(status), "", table, "", *decision, *_now(status)])))


def _candidates(status: Status) -> list[str]:
    if not status.candidates:
        return ["no candidate is scored yet"]
    words = scored_by(KINDS[status.kind].words, status.objective)
    context = ["context"] if _with_context(status.candidates) else []
    headers = ["id", "name", "from", "status", "search [95%]", "validation", *context, "judge tokens"]
    shown, left_out = _worth_showing(status)
    rows = [_candidate(c, status) for c in shown]
    decision = sentence_of(status.decision) if status.decision else "none yet: the search has not ended"
    return [
        render_table(headers, rows),
        *([f"and {left_out} more, which `meta-reward ledger {status.run}` shows"] if left_out else []),
        "",
        f"frontier: {' '.join(status.frontier)}",
        _LEGEND.format(scores=_scores(words, status), metric=words.metric, cost=words.cost),
        f"decision: {decision}",
        *_frontier_on_validation(status.decision),
    ]


def _scores(words: Words, status: Status) -> str:
    """The legend for the scores on search and on validation."""
    on_validation = scored_by(KINDS[status.kind].words, status.validated_by).metric
    if on_validation == words.metric:
        return f"search, validation: {words.metric} on that split"
    return f"search: {words.metric} on that split; validation: {on_validation} on that one"


def _with_context(candidates: Sequence[CandidateStatus]) -> bool:
    return any(c.context_chars is not None for c in candidates)


def _worth_showing(status: Status) -> tuple[list[CandidateStatus], int]:
    """All candidates if they are few, else the best on search and those with a standing; and how many are left out."""
    if len(status.candidates) <= _MOST_ROWS:
        return status.candidates, 0
    best = sorted(status.candidates, key=lambda c: -(c.search.score or 0))[: _MOST_ROWS // 2]
    kept = {c.id for c in best} | {c.id for c in status.candidates if _standing(c, status) != c.status}
    return [c for c in status.candidates if c.id in kept], len(status.candidates) - len(kept)


def _frontier_on_validation(decision: Decision | None) -> list[str]:
    return [f"frontier on validation: {' '.join(decision.frontier)}"] if decision and decision.frontier else []


def _candidate(c: CandidateStatus, status: Status) -> list[object]:
    return [
        c.id,
        c.name,
        " ".join(c.parents) or "-",
        _standing(c, status),
        with_interval(c.search.score, c.search.low, c.search.high),
        percent(c.validation.score),
        *([context_of(c.context_chars)] if _with_context(status.candidates) else []),
        c.judge_tokens,
    ]


def _standing(c: CandidateStatus, status: Status) -> str:
    """Whether it is chosen, leads or is a finalist; else its status."""
    found = next((f for f in status.decision.finalists if f.verdict.id == c.id), None) if status.decision else None
    chosen, leader = status.decision is not None and status.decision.chosen == c.id, status.leader == c.id
    parts = [
        "chosen" if chosen else "",
        "leader" if leader else "",
        "finalist" if found and not chosen else "",
        "not covered" if found and found.not_covered else "",
        "selected" if found or leader else "",
    ]
    return ", ".join(part for part in parts if part) or c.status


def _now(status: Status) -> list[str]:
    """What the run is doing, times, limits, and the latest events."""
    return [
        *_under_way(status),
        *_times(status.pace),
        *_limits(status.limits),
        *_outage(status.outage),
        *_events(status),
    ]


def _under_way(status: Status) -> list[str]:
    word = "under way" if status.state == "running" else "unfinished"
    lines = [f"{word}: {u.candidate} on {u.split}, {_so_far(u)}" for u in status.under_way]
    if status.proposing is not None:
        lines.append(f"{word}: iteration {status.proposing}, {status.proposer} is proposing")
    return lines


def _so_far(one: UnderWay) -> str:
    return f"{one.done} done" if one.total is None else f"{one.done} of {one.total}"


def _times(pace: Pace | None) -> list[str]:
    if pace is None:
        return []
    left = [
        f"about {duration(pace.iteration_s)} in this step" if pace.iteration_s else "",
        "the whole search not known yet" if pace.search_s is None else f"{duration(pace.search_s)} in the whole search",
    ]
    return [f"time: {duration(pace.elapsed_s)} so far; left: {', '.join(part for part in left if part)}"]


def _limits(limits: Sequence[LimitUse]) -> list[str]:
    return [f"{one.name.replace('_', '-')}: {_used(one)}" for one in limits]


def _used(one: LimitUse) -> str:
    so_far = f"{_amount(one.name, one.used)} of {_amount(one.name, one.limit)}"
    if one.at_end is None:
        return so_far
    enough = one.at_end <= one.limit
    return f"{so_far}, {f'about {_amount(one.name, one.at_end)} at the end' if enough else 'reached before the end'}"


def _amount(limit: str, value: float) -> str:
    if limit == "max_hours":
        return duration(3600 * value)
    return f"${value:,.2f}" if limit == "max_usd" else f"{value:,.0f}"


def _outage(outage: Outage | None) -> list[str]:
    return [f"no answer from the judge since {outage.since[11:19]}: {outage.why}"] if outage else []


def _events(status: Status) -> list[str]:
    lines = [f"  {event.time[11:19]} {event.text}" for event in status.events]
    return ["lately:", *lines] if status.state == "running" and lines else []


def duration(seconds: float) -> str:
    """A time in words: `40 s`, `8 min`, `2 h 5 min`."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _spending(spent: Spending) -> list[str]:
    cut_off = f"{plural(spent.cut_off_calls, 'call')}, {spent.cut_off_tokens} tokens"
    return [
        f"spent: {spent.judge_calls} judge calls, {spent.judge_tokens} tokens; "
        f"{plural(spent.calls_made, 'call')} made anew, {_money(spent)}",
        *([f"spent on trajectories that were cut off: {cut_off}"] if spent.cut_off_calls else []),
        *([f"the proposer: ${spent.proposer_usd:.2f}"] if spent.proposer_usd else []),
        *([_reward(spent)] if spent.reward_calls else []),
    ]


def _reward(spent: Spending) -> str:
    return f"the learned reward: {plural(spent.reward_calls, 'call')} of its judge, {dollars(spent.reward_usd)}"


def _money(spent: Spending) -> str:
    unpriced = spent.unpriced_calls if spent.cost_usd is not None else 0
    return dollars(spent.cost_usd) + (f", and {unpriced} calls of unknown price" if unpriced else "")
