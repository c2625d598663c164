"""`taskset.json`: what a task set is, whatever its kind.

    {"schema": 1, "name": "skyways", "source": "...", "licence": "...", "simulated": true, "category_notes": {}}

`"kind": "classify"` says for what kind of program it is; the default is rewards.
"""

from dataclasses import dataclass, field
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError
from meta_reward.tasks.records import is_name

NAME = "taskset.json"
SCHEMA = 1
REWARD = "reward"
COMPARE = "compare"
REWARDS = frozenset((REWARD,))
OF_PAIRS = frozenset((REWARD, COMPARE))
"""The kinds of programs that a task set of pairs can be used for, whichever kind its file names."""


@dataclass(frozen=True, slots=True)
class About:
    """The description of a task set."""

    name: str
    source: str = ""
    licence: str = ""
    simulated: bool = False
    category_notes: dict[str, str] = field(default_factory=dict)
    """The meaning of each category of its items."""
    kind: str = REWARD
    """The kind of programs that are searched on it."""


def load_about(folder: Path, *, kind: str | None = None) -> About:
    """The description of the task set in a folder.

    kind: the required kind, None for any. Raises DataError that says what to fix.
    """
    path = folder / NAME
    data = files.load_json(path)
    if not isinstance(data, dict) or "schema" not in data:
        raise DataError(path, "is not the description of a task set", hint="import it again")
    if data["schema"] != SCHEMA:
        raise DataError(path, f"has schema {data['schema']!r}; this version reads {SCHEMA}", hint="import it again")
    name = data.get("name")
    if not isinstance(name, str) or not is_name(name):
        raise DataError(path, f"name {name!r} is not letters, digits, dots, dashes and underscores")
    notes = data.get("category_notes", {})
    about = About(
        name=name,
        source=str(data.get("source", "")),
        licence=str(data.get("licence", "")),
        simulated=data.get("simulated") is True,
        category_notes={str(k): str(v) for k, v in notes.items()} if isinstance(notes, dict) else {},
        kind=str(data.get("kind", REWARD)),
    )
    if kind is not None and about.kind != kind and not {about.kind, kind} <= OF_PAIRS:
        raise DataError(path, f"is a task set for kind {about.kind}; this works with kind {kind} only")
    return about


def save_about(folder: Path, about: About) -> None:
    """Write `taskset.json`; the kind only if it is not `reward`."""
    data = files.as_dict(about)
    if about.kind == REWARD:
        del data["kind"]
    files.write_json(folder / NAME, {"schema": SCHEMA, **data})
