"""What task sets of every kind have in common: tasks with items, a division into splits, and a digest."""

import dataclasses
import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from meta_reward import files, folders
from meta_reward.errors import DataError
from meta_reward.tasks.about import About, save_about
from meta_reward.tasks.divide import Division
from meta_reward.tasks.openings import keep_openings
from meta_reward.tasks.splits import NAME as SPLITS_FILE
from meta_reward.tasks.splits import save_division


class AnyTaskSet:
    """A loaded task set of any kind; each kind has a dataclass of its own with these fields among others."""

    __slots__ = ()

    content: ClassVar[tuple[str, ...]]
    """Its files, as patterns in the order in which the digest takes them."""
    path: Path
    about: About
    division: Division | None
    """Its splits, which cover every task that has items; None without `splits.json`."""
    digest: str

    @property
    def covered(self) -> tuple[str, ...]:
        """Patterns of all files that the digest covers."""
        return self.content

    @property
    @abstractmethod
    def tasks_of_items(self) -> Sequence[str]:
        """The task of each item."""

    @property
    def tasks(self) -> Collection[str]:
        """All tasks, also those without an item."""
        return set(self.tasks_of_items)

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def tasks_with_items(self) -> tuple[str, ...]:
        """The tasks that can be divided into splits, sorted."""
        return tuple(sorted(set(self.tasks_of_items)))

    def items_of_each(self, tasks: Iterable[str]) -> list[int]:
        """How many items each of some tasks has, for those that have any."""
        counts = Counter(self.tasks_of_items)
        return [counts[task] for task in tasks if counts[task]]

    def with_division(self, division: Division) -> Self:
        """Write a division to the folder; returns the task set as it is then."""
        save_division(self.path, division)
        return self._replace(division=division, digest=digest_of(self.path, self.covered))

    def as_of(self, digest: str) -> Self:
        """The task set as a run knows it that was created before the splits were written down; else as it is."""
        if self.digest == digest or digest_of(self.path, self.covered, without=SPLITS_FILE) != digest:
            return self
        return self._replace(division=None, digest=digest)

    def of_kind(self, kind: str) -> Self:
        """The same for programs of another kind. The folder stays as it is."""
        return self._replace(about=dataclasses.replace(self.about, kind=kind))

    def _replace(self, **changes: object) -> Self:
        return cast(Self, dataclasses.replace(cast(Any, self), **changes))


def check_folder(path: Path) -> None:
    """Raises DataError where no task set can be because there is no such folder."""
    if not path.is_dir():
        raise DataError(path, "is not a task set: no such folder", hint="see `meta-reward tasks`")


@contextmanager
def new_task_set(path: Path, about: About, division: Division | None, *, replace: bool) -> Iterator[Path]:
    """A folder to write the content of a task set into; it appears at `path` whole or not at all.

    replace: in place of an existing task set, except its openings.
    """
    with folders.new_folder(path, replace=replace) as folder:
        keep_openings(path, folder)
        save_about(folder, about)
        yield folder
        if division is not None:
            save_division(folder, division)


def copy_content(taskset: AnyTaskSet, folder: Path) -> None:
    """Copy all that the digest covers into a folder."""
    for file in (file for pattern in taskset.covered for file in taskset.path.glob(pattern)):
        copy_into(folder, file, file.relative_to(taskset.path))


def copy_into(folder: Path, file: Path, name: Path) -> None:
    """Copy a file under a name into a folder that is being made; a program stays one."""
    files.write_bytes(folder / name, files.read_bytes(file))
    (folder / name).chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def digest_of(path: Path, content: Iterable[str], *, without: str = "") -> str:
    """A digest of everything in a task set's folder that a search depends on.

    content: patterns of its files. without: a file to leave out.
    """
    whole = hashlib.sha256()
    for file in (file for pattern in content for file in sorted(path.glob(pattern)) if file.name != without):
        digest = hashlib.sha256(files.read_bytes(file)).hexdigest()
        whole.update(f"{file.relative_to(path).as_posix()} {digest}\n".encode())
    return "sha256:" + whole.hexdigest()
