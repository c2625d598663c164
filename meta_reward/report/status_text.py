"""The status of a run, and the list of all runs, as text for a terminal."""

from collections.abc import Sequence

from meta_reward.files import printable
from meta_reward.models.usage import dollars
from meta_reward.report.status import CandidateStatus, RunSummary, Spending, Status
from meta_reward.report.tables import SIMULATED, fit, percent, plural, render_table, with_interval
from meta_reward.run.decisions import Decision, sentence_of

_LEGEND = (
    "from: its parents; search, validation: agreement on that split, without bounds if there are fewer than 8 tasks or "
    "no spread; selected: by its number on search, the chosen one "
    "by that on validation too, which are therefore optimistic; frontier: no other has more agreement on search for "
    "fewer judge tokens"
)


def render_status(status: Status) -> str:
    """A line on the run, its candidates, what is under way, and what was spent."""
    done = f"{status.iterations.done} of {status.iterations.limit} iterations"
    reason = f": {status.reason}" if status.reason else ""
    lines = [
        f"{status.run}: {status.state}{reason} ({done}, judge {status.judge}, sandbox {status.sandbox})",
        "",
        *_candidates(status),
        *_under_way(status),
        *_spending(status.spent),
        f"sealed, not to be shown to a proposer: {status.sealed}",
        *(f"set aside, yours to keep or remove: {path}" for path in status.set_aside),
    ]
    return fit(printable("\n".join(lines + ([SIMULATED] if status.simulated else []))))


def render_runs(listed: Sequence[RunSummary]) -> str:
    """The runs as a table."""
    rows = [
        [
            *(run.run, run.taskset, run.judge, run.state),
            run.leader.id if run.leader else "-",
            percent(run.leader.score) if run.leader else "-",
            run.changed[:16].replace("T", " "),
        ]
        for run in listed
    ]
    table = render_table(["run", "task set", "judge", "state", "leader", "search", "changed"], rows)
    legend = "leader: the best candidate on the search split so far; search: its agreement there"
    return "\n\n".join([table, fit(legend), *([SIMULATED] if any(run.simulated for run in listed) else [])])


def _candidates(status: Status) -> list[str]:
    if not status.candidates:
        return ["no candidate is scored yet"]
    headers = ["id", "name", "from", "status", "search [95%]", "validation", "judge tokens"]
    rows = [_candidate(c, status) for c in status.candidates]
    decision = sentence_of(status.decision) if status.decision else "none yet: the search has not ended"
    return [
        render_table(headers, rows),
        "",
        f"frontier: {' '.join(status.frontier)}",
        _LEGEND,
        f"decision: {decision}",
        *_frontier_on_validation(status.decision),
    ]


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


def _under_way(status: Status) -> list[str]:
    word = "under way" if status.state == "running" else "unfinished"
    lines = [f"{word}: {u.candidate} on {u.split}, {u.done} done" for u in status.under_way]
    if status.proposing is not None:
        lines.append(f"{word}: iteration {status.proposing}, {status.proposer} is proposing")
    return lines


def _spending(spent: Spending) -> list[str]:
    cut_off = f"{plural(spent.cut_off_calls, 'call')}, {spent.cut_off_tokens} tokens"
    return [
        f"spent: {spent.judge_calls} judge calls, {spent.judge_tokens} tokens; "
        f"{plural(spent.calls_made, 'call')} made anew, {_money(spent)}",
        *([f"spent on trajectories that were cut off: {cut_off}"] if spent.cut_off_calls else []),
        *([f"the proposer: ${spent.proposer_usd:.2f}"] if spent.proposer_usd else []),
    ]


def _money(spent: Spending) -> str:
    unpriced = spent.unpriced_calls if spent.cost_usd is not None else 0
    return dollars(spent.cost_usd) + (f", and {unpriced} calls of unknown price" if unpriced else "")
