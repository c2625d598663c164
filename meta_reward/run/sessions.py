"""The record of a proposer's session. Once it is there, what lies in staging is complete."""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward import files
from meta_reward.run.layout import Layout

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """How a session ended. order: of its folders, where it is not that of their names."""

    order: Sequence[str]
    notes: Sequence[str]
    log: str


def save_session(
    layout: Layout, iteration: int, *, log: str = "", notes: Sequence[str] = (), order: Sequence[str] = ()
) -> None:
    """Put the end of a session on record."""
    record = {"schema": SCHEMA, "order": list(order), "notes": list(notes), "log": log}
    files.write_json(layout.session_record(iteration), record)


def load_session(layout: Layout, iteration: int) -> SessionRecord:
    """The record of a session that has ended."""
    data = files.load_json(layout.session_record(iteration))
    return SessionRecord(data["order"], data["notes"], data["log"])
