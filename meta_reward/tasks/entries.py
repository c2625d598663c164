"""Files of a task set with one entry per line, each with its own id."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Protocol, TypeVar

from meta_reward import files
from meta_reward.errors import DataError


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_T = TypeVar("_T", bound=_Named)


def load_entries(
    path: Path, parse: Callable[[dict[str, Any]], _T], *, what: str = "", taken: Collection[str] = ()
) -> tuple[_T, ...]:
    """The entries of a file, in order. parse: an entry from an object; raises ValueError that says what is wrong.

    what: what to call the entries if there are none, which is then an error; by default, the file may be empty.
    taken: ids that are in use elsewhere. Raises DataError that names the line.
    """
    found: dict[str, _T] = {}
    for number, data in files.numbered_lines(path):
        try:
            entry = parse(data if isinstance(data, dict) else {})
            if entry.id in found or entry.id in taken:
                raise ValueError(f"id {entry.id!r} occurs twice")
        except ValueError as error:
            hint = "correct the line, or import it again"
            raise DataError(path, str(error), place=f"line {number}", hint=hint) from None
        found[entry.id] = entry
    if what and not found:
        raise DataError(path, f"holds no {what}", hint="import it again")
    return tuple(found.values())
