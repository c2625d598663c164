"""The runs of a folder in brief, as `meta-reward runs` lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from meta_reward.report.status import CandidateStatus, Iterations, status_of
from meta_reward.report.tables import SIMULATED, fit, percent, render_table
from meta_reward.run.config import load_run_config
from meta_reward.run.layout import Layout
from meta_reward.run.runs import changed_at
from meta_reward.run.settings import OFFICIAL


@dataclass(frozen=True, slots=True)
class Leader:
    """The candidate of a run with the best agreement on search so far, and its 95% interval."""

    id: str
    name: str
    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in brief."""

    run: str
    taskset: str
    judge: str
    simulated: bool
    state: str
    """`running`, `finished`, `stopped` or `interrupted`; `reason` says why it is not running."""
    reason: str
    iterations: Iterations
    candidates: int
    leader: Leader | None
    """None if no candidate is scored yet."""
    objective: str
    """What search is scored by: `official`, or a learned reward."""
    changed: str
    """Local time at which the run's record last changed, in ISO 8601."""


def summary_of(layout: Layout) -> RunSummary:
    """A run in brief."""
    status = status_of(layout)
    leader = next((c for c in status.candidates if c.id == status.leader), None)
    return RunSummary(
        run=status.run,
        taskset=Path(load_run_config(layout.config).taskset).name,
        judge=status.judge,
        simulated=status.simulated,
        state=status.state,
        reason=status.reason,
        iterations=status.iterations,
        candidates=len(status.candidates),
        leader=None if leader is None else _leader(leader),
        objective=status.objective,
        changed=datetime.fromtimestamp(changed_at(layout)).astimezone().isoformat(timespec="seconds"),
    )


def _leader(found: CandidateStatus) -> Leader:
    return Leader(found.id, found.name, found.search.score, found.search.low, found.search.high)


def render_runs(listed: Sequence[RunSummary]) -> str:
    """The runs as a table."""
    rows = [
        [
            *(run.run, run.taskset, run.judge, run.state),
            run.leader.id if run.leader else "-",
            _leading(run),
            run.changed[:16].replace("T", " "),
        ]
        for run in listed
    ]
    table = render_table(["run", "task set", "judge", "state", "leader", "search", "changed"], rows)
    legend = "leader: the best candidate on the search split so far; search: its score there"
    if any(run.objective != OFFICIAL for run in listed):
        legend += ", learned where a learned reward gave it"
    return "\n\n".join([table, fit(legend), *([SIMULATED] if any(run.simulated for run in listed) else [])])


def _leading(run: RunSummary) -> str:
    if run.leader is None:
        return "-"
    return percent(run.leader.score) + ("" if run.objective == OFFICIAL else " learned")
