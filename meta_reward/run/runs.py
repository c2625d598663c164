"""The runs in a folder, and which of them changed last.

A run changes when its record does: the settings, the ledger, the list of iterations or the test result. Viewing a run,
or trying a draft on it, does not change it.
"""

import re
from pathlib import Path

from meta_reward.run.layout import Layout

_CANDIDATE = re.compile(r"c\d+")


def runs_in(folder: Path) -> list[Layout]:
    """Every run directly in a folder, the last changed first."""
    found = [Layout(path.parent) for path in sorted(folder.glob("[!.]*/run.toml"))]
    return sorted(found, key=changed_at, reverse=True)


def changed_at(layout: Layout) -> float:
    """When a run's record last changed: seconds since 1970, from the modification times of its files."""
    record = (layout.config, layout.ledger, layout.iterations, layout.test_result)
    return max((path.stat().st_mtime for path in record if path.exists()), default=0.0)


def is_candidate(name: str) -> bool:
    """Whether a name is a candidate's id, such as c0007. A run cannot have such a name."""
    return _CANDIDATE.fullmatch(name) is not None
