"""What all kinds of task sets have in common: tasks with items, a division into splits, and a digest."""

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
    """A loaded task set of any kind. Each kind has its own dataclass, with these fields and others."""

    __slots__ = ()

    content: ClassVar[tuple[str, ...]]
    """Glob patterns of its files, in the order in which the digest reads them."""
    path: Path
    about: About
    division: Division | None
    """Its splits, which cover every task that has items; None without `splits.json`."""
    digest: str

    @property
    def covered(self) -> tuple[str, ...]:
        """Glob patterns of all files that the digest covers."""
        return self.content

    @property
    @abstractmethod
    def tasks_of_items(self) -> Sequence[str]:
        """The task of each item."""

    @property
    def tasks(self) -> Collection[str]:
        """All tasks, including those without items."""
        return set(self.tasks_of_items)

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def tasks_with_items(self) -> tuple[str, ...]:
        """The tasks that can be divided into splits, sorted."""
        return tuple(sorted(set(self.tasks_of_items)))

    def items_of_each(self, tasks: Iterable[str]) -> list[int]:
        """The number of items of each of these tasks; tasks without items are left out."""
        counts = Counter(self.tasks_of_items)
        return [counts[task] for task in tasks if counts[task]]

    def with_division(self, division: Division) -> Self:
        """Write a division to the folder. Returns the task set with it."""
        save_division(self.path, division)
        return self._replace(division=division, digest=digest_of(self.path, self.covered))

    def as_of(self, digest: str) -> Self:
        """The task set without its splits, if this is the digest from before `splits.json` was written; else unchanged.

        digest: the one that a run has on record, perhaps from before its task set was divided.
        """
        if self.digest == digest or digest_of(self.path, self.covered, without=SPLITS_FILE) != digest:
            return self
        return self._replace(division=None, digest=digest)

    def of_kind(self, kind: str) -> Self:
        """This task set for programs of another kind. The folder is not changed."""
        return self._replace(about=dataclasses.replace(self.about, kind=kind))

    def _replace(self, **changes: object) -> Self:
        return cast(Self, dataclasses.replace(cast(Any, self), **changes))


def check_folder(path: Path) -> None:
    """Raise DataError if there is no such folder."""
    if not path.is_dir():
        raise DataError(path, "is not a task set: no such folder", hint="see `meta-reward tasks`")


@contextmanager
def new_task_set(path: Path, about: About, division: Division | None, *, replace: bool) -> Iterator[Path]:
    """A folder to write the content of a task set into; it appears at `path` whole or not at all.

    replace: whether to replace an existing task set; its openings are kept.
    """
    with folders.new_folder(path, replace=replace) as folder:
        keep_openings(path, folder)
        save_about(folder, about)
        yield folder
        if division is not None:
            save_division(folder, division)


def copy_content(taskset: AnyTaskSet, folder: Path) -> None:
    """Copy every file that the digest covers into a folder."""
    for file in (file for pattern in taskset.covered for file in taskset.path.glob(pattern)):
        copy_into(folder, file, file.relative_to(taskset.path))


def copy_into(folder: Path, file: Path, name: Path) -> None:
    """Copy a file into a folder that is being made, under another name; an executable stays executable."""
    files.write_bytes(folder / name, files.read_bytes(file))
    (folder / name).chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def digest_of(path: Path, content: Iterable[str], *, without: str = "") -> str:
    """A SHA-256 of all files in a task set's folder that a search depends on.

    content: glob patterns of these files. without: the name of a file to leave out.
    """
    whole = hashlib.sha256()
    for file in (file for pattern in content for file in sorted(path.glob(pattern)) if file.name != without):
        digest = hashlib.sha256(files.read_bytes(file)).hexdigest()
        whole.update(f"{file.relative_to(path).as_posix()} {digest}\n".encode())
    return "sha256:" + whole.hexdigest()
