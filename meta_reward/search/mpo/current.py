"""Which candidate a policy is trained under: the start harness, until a refinement is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from meta_reward.run.ledger import Row
from meta_reward.run.settings import PAIRS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a refinement was kept."""

    row: Row
    """The refined candidate."""
    before: Row
    """The candidate that the policy was trained under until then."""
    kept: bool

    @property
    def reason(self) -> str:
        """Why it was kept or not, in a few words."""
        if self.row.score is None or self.before.score is None:
            return self.row.status
        return f"{self.row.score:.1%} on search pairs, {self.before.id} {self.before.score:.1%}"


def verdicts(rows: Sequence[Row], gate: str) -> list[Verdict]:
    """A verdict on each refinement, in order. rows: of the ledger, the start harness first."""
    found, current = [], rows[0]
    for row in rows[1:]:
        kept = row.score is not None and (gate != PAIRS or row.score >= (current.score or 0.0))
        found.append(Verdict(row, current, kept))
        current = row if kept else current
    return found


def current_of(rows: Sequence[Row], gate: str) -> Row:
    """The candidate that the policy is trained under from here on."""
    return next((one.row for one in reversed(verdicts(rows, gate)) if one.kept), rows[0])
