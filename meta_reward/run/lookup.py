"""Finding candidates and their outcomes in a history; errors say what there is instead."""

import difflib
from collections.abc import Sequence

from meta_reward.errors import UsageError
from meta_reward.evaluation.metrics import PairOutcome
from meta_reward.evaluation.outcome import ItemOutcome
from meta_reward.run.evaluations import has_items, load_items
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.ledger import Row, load_ledger
from meta_reward.run.query_answers import Standing

_MOST_NAMES = 8


def find_candidate(history: HistoryLayout, name: str) -> Row:
    """The candidate with this id, number, folder or name. Raises UsageError that suggests similar names."""
    rows = find_rows(history)
    number = name.removeprefix("c").lstrip("0")
    for row in rows:
        if name in (row.id, row.folder) or (number.isdecimal() and row.id.lstrip("c0") == number):
            return row
    named = [row for row in rows if row.name == name]
    if len(named) == 1:
        return named[0]
    raise unknown("candidate", name, [*(row.id for row in rows), *(row.name for row in rows)])


def find_rows(history: HistoryLayout) -> list[Row]:
    """The rows of the ledger. Raises UsageError if this history has none."""
    if not history.ledger.exists():
        raise UsageError(f"{history.path} shows no ledger", hint="this history was left out of what may be seen")
    return load_ledger(history.ledger)


def find_pairs(history: HistoryLayout, row: Row) -> list[PairOutcome]:
    """The pairs of a candidate with their outcomes. Raises UsageError if this history has none."""
    pairs = [one for one in find_outcomes(history, row) if isinstance(one, PairOutcome)]
    if not pairs:
        raise UsageError("this history holds no pairs of trajectories", hint="it is of another kind of program")
    return pairs


def find_outcomes(history: HistoryLayout, row: Row) -> list[PairOutcome] | list[ItemOutcome]:
    """The pairs or other items of a candidate with their outcomes. Raises UsageError if this history has none."""
    folder = history.candidate(row.folder)
    if not has_items(folder):
        raise UsageError(f"{row.id} has no pairs here", hint=why_not_shown(row))
    return load_items(folder)


def why_not_shown(row: Row) -> str:
    """Why a history may hold no results of a candidate."""
    if row.status == "rejected":
        return f"the validator refused it: {row.reason}"
    return "it is not scored yet, or this history leaves them out"


def unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    """The error for a name that does not exist. It suggests similar names, or else lists the first few."""
    close = difflib.get_close_matches(name, known, n=4, cutoff=0.5)
    if close:
        return UsageError(f"there is no {what} {name!r}", hint=f"did you mean {', '.join(close)}?")
    listed, more = ", ".join(known[:_MOST_NAMES]) or "none", ", ..." if len(known) > _MOST_NAMES else ""
    return UsageError(f"there is no {what} {name!r}", hint=f"there are {listed}{more}")


def standing_of(row: Row) -> Standing:
    """A candidate in the form that answers use."""
    return Standing(**{name: getattr(row, name) for name in Standing.__slots__})
