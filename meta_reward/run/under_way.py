"""What is on disk of an iteration that is not on record yet: what the log has told, `status` tells from here."""

from dataclasses import replace

from meta_reward.run.evaluations import load_scores
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.record import is_candidate_folder, load_iterations, row_of


def rows_so_far(layout: Layout, judge: str) -> list[Row]:
    """The ledger's rows, and those of candidates that are scored or rejected and wait for the others of theirs."""
    rows = load_ledger(layout.ledger)
    known, iteration = {row.id for row in rows}, len(load_iterations(layout))
    waiting = []
    for path in sorted(layout.candidates.glob("c*-*")):
        if is_candidate_folder(path) and path.name.partition("-")[0] not in known:
            row = row_of(layout, path.name, iteration, judge=judge)
            parents = tuple(parent for parent in row.parents if parent in known)
            if row.status != "scored" or load_scores(path) is not None:
                waiting.append(replace(row, parents=parents))
    return [*rows, *waiting]


def session_under_way(layout: Layout) -> int | None:
    """The iteration whose proposer is at work, or was when its search ended; None where none is."""
    iteration = len(load_iterations(layout))
    begun = layout.staging(iteration).exists() and not layout.session_record(iteration).exists()
    return iteration if begun else None
