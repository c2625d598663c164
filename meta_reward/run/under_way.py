"""What is on disk from an iteration that is not on record yet, so that `status` agrees with the log."""

from dataclasses import replace

from meta_reward.errors import UsageError
from meta_reward.run.config import load_run_config
from meta_reward.run.evaluations import load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.record import is_candidate_folder, load_iterations, row_of
from meta_reward.run.sessions import load_session


def rows_so_far(layout: Layout, judge: str) -> list[Row]:
    """The ledger's rows, then rows for candidates that are scored or rejected in an unfinished iteration."""
    rows = load_ledger(layout.ledger)
    known, iteration = {row.id for row in rows}, len(load_iterations(layout))
    waiting = []
    for path in sorted(layout.candidates.glob("c*-*")):
        if path.name.partition("-")[0] not in known and is_candidate_folder(path):
            row = row_of(layout, path.name, iteration, judge=judge)
            parents = tuple(parent for parent in row.parents if parent in known)
            if row.status != "scored" or load_scores(path) is not None:
                waiting.append(replace(row, parents=parents))
    return [*rows, *waiting]


def session_under_way(layout: Layout) -> int | None:
    """The iteration whose proposer is working, or was when the search ended; None if there is none."""
    iteration = len(load_iterations(layout))
    begun = layout.staging(iteration).exists() and not layout.session_record(iteration).exists()
    return iteration if begun else None


def check_seeds_scored(layout: Layout) -> None:
    """Raise UsageError until all seeds of a run are scored; none of them is on record before that."""
    if load_ledger(layout.ledger):
        return
    done = len(rows_so_far(layout, load_run_config(layout.config).judge.spec))
    seeds = len(load_session(layout, 0).order)
    what = (
        f"run {layout.root.name} has scored {done} of its {seeds} seeds; it can be asked about them once all are scored"
    )
    raise UsageError(what, hint=f"`meta-reward status {layout.root.name}` shows how far it is")
