"""The status of a run, and the list of all runs, as text for a terminal."""

from collections.abc import Sequence

from meta_reward.files import printable
from meta_reward.report.status import CandidateStatus, RunSummary, Spending, Status
from meta_reward.report.tables import SIMULATED, dollars, fit, percent, plural, render_table, with_interval

_LEGEND = (
    "from: its parents; search, validation: agreement on that split; accepted: it replaced the best; frontier: no "
    "other has more agreement for fewer judge tokens"
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
            run.best.id if run.best else "-",
            percent(run.best.agreement) if run.best else "-",
            run.changed[:16].replace("T", " "),
        ]
        for run in listed
    ]
    table = render_table(["run", "task set", "judge", "state", "best", "search", "changed"], rows)
    legend = "best: the best candidate so far; search: its agreement on the search split"
    return "\n\n".join([table, legend, *([SIMULATED] if any(run.simulated for run in listed) else [])])


def _candidates(status: Status) -> list[str]:
    if not status.candidates:
        return ["no candidate is scored yet"]
    headers = ["id", "name", "from", "status", "search [95%]", "validation", "judge tokens"]
    rows = [_candidate(c, is_best=c.id == status.best) for c in status.candidates]
    return [
        render_table(headers, rows),
        "",
        f"* the best so far; frontier: {' '.join(status.frontier)}",
        _LEGEND,
    ]


def _candidate(c: CandidateStatus, *, is_best: bool) -> list[object]:
    return [
        c.id + ("*" if is_best else ""),
        c.name,
        " ".join(c.parents) or "-",
        c.status + (", accepted" if c.accepted else ""),
        with_interval(c.search.agreement, c.search.low, c.search.high),
        percent(c.validation.agreement),
        c.judge_tokens,
    ]


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
