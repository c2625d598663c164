"""Undoing what a session changed in the history that a proposer is shown.

A working jail makes this unnecessary; it is for agents that run with the user's own rights. The digests from the start
of a session are on disk, so that a session that was killed is checked too. A file is not read again if its status says
that it has not been written to since its digest was taken. Nothing is deleted: files that were added are set aside,
because they may come from a person rather than the session.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, GitError
from meta_reward.run import git
from meta_reward.run.git_repair import repair
from meta_reward.run.layout import Layout
from meta_reward.run.ledger import load_ledger
from meta_reward.run.record import load_iterations
from meta_reward.run.set_aside import free_folder, inside, move_aside

_MAX_NAMED = 5
_CLOCK_NS = 1_000_000_000  # no file system's clock ticks slower; two writes in one tick look like one


def save_digests(layout: Layout, iteration: int) -> None:
    """Save digests of the history at the start of a session, in place of those of the last session."""
    earlier = _path(layout, iteration - 1)
    known = _load_digests(earlier) if earlier.exists() else {}
    files.write_json(_path(layout, iteration), dict(_digests(dict(_files_of(layout.history)), known)))
    earlier.unlink(missing_ok=True)


def restore_history(layout: Layout, iteration: int) -> list[str]:
    """Undo what a session changed in the history. Returns a note if there was something to undo.

    Added files are set aside, since they may be a person's. Files that match git are left alone.
    """
    if not _path(layout, iteration).exists():
        return []
    before, aside = _load_digests(_path(layout, iteration)), free_folder(layout, layout.session(iteration).name)
    if layout.history.is_symlink() or (layout.history.exists() and not layout.history.is_dir()):
        move_aside(layout.history, aside / layout.history.name)
    found = dict(_files_of(layout.history))
    after = dict(_digests(found, before))
    differ = [name for name in {**before, **after} if _content(after.get(name)) != _content(before.get(name))]
    touched = _not_as_committed(layout, differ, found) if differ else []
    for name in sorted(touched, key=lambda name: name.count("/")):  # a link before the files seen through it
        path = found.get(name, layout.history / name)
        if os.path.lexists(path):
            move_aside(path, aside / path.relative_to(layout.root))
    for name in before:
        if name in touched:
            _restore(layout, name)
    if not touched:
        return []
    moved = f"; what stood there is in {inside(layout, aside)}" if aside.exists() else ""
    named = ", ".join(map(repr, sorted(touched, key=lambda name: (name not in before, name))[:_MAX_NAMED]))
    return [f"the session changed {len(touched)} files of the history, which were restored: {named}{moved}"]


def restore_record(layout: Layout) -> list[str]:
    """Repair git, undo what unfinished sessions changed in the record, and restore missing files. Returns notes."""
    return [*repair(layout.root), *restore_unfinished(layout), *restore_deleted(layout)]


def restore_unfinished(layout: Layout) -> list[str]:
    """Undo what unfinished sessions changed in the history, before anything reads it. Returns notes on that.

    What a killed git has left behind is removed first, because it would block restoring. In a clone, the index is
    updated with every commit from here on.
    """
    git.unlock(layout.root)
    git.refresh(layout.root)
    notes = []
    for digests in sorted(layout.session(0).parent.glob("session-*/digests.json")):
        iteration = int(digests.parent.name.removeprefix("session-"))
        if not layout.session_record(iteration).exists():
            notes += restore_history(layout, iteration)
    return notes


def restore_deleted(layout: Layout) -> list[str]:
    """Restore files of the record that are missing or empty from git. Returns a note if there were any.

    Otherwise a candidate would be scored again under another id, and its cost would be forgotten. A power failure can
    leave empty files. Raises DataError if the ledger has lost candidates in another way.
    """
    committed = git.blob_ids(layout.root, ["history", "sealed"])
    lost = [name for name, id in committed.items() if _is_lost(layout.root / name, id)]
    if lost:
        git.restore(layout.root, lost)
    _check_ledger(layout)
    named = ", ".join(lost[:_MAX_NAMED])
    return [f"{len(lost)} files of the record were missing or empty and are restored from git: {named}"] if lost else []


def _is_lost(path: Path, id: str) -> bool:
    """Whether a file is missing, or empty although its content in git is not. id: of the content in git."""
    try:
        return path.lstat().st_size == 0 and id != git.blob_id(b"")
    except FileNotFoundError:
        return True


def _check_ledger(layout: Layout) -> None:
    """Raise DataError if the ledger lacks candidates of an iteration on record."""
    if layout.ledger.exists() and layout.iterations.exists():
        known = {row.id for row in load_ledger(layout.ledger)}
        lost = [id for line in load_iterations(layout) for id in line.candidates if id not in known]
        if lost:
            raise DataError(layout.ledger, f"lacks {', '.join(lost[:_MAX_NAMED])}, of {layout.iterations.name}")


def _not_as_committed(layout: Layout, names: Iterable[str], found: Mapping[str, Path]) -> list[str]:
    """The names of those files of the history that differ from what git has committed."""
    committed = git.blob_ids(layout.root, [layout.history.name])

    def is_as_committed(name: str) -> bool:
        path, id = found.get(name), committed.get(f"{layout.history.name}/{name}")
        return path is not None and id is not None and _is_regular(path) and git.blob_id(path.read_bytes()) == id

    return [name for name in names if not is_as_committed(name)]


def _path(layout: Layout, iteration: int) -> Path:
    return layout.session(iteration) / "digests.json"


def _load_digests(path: Path) -> dict[str, list[Any]]:
    data = files.load_json(path)
    with files.reading(path):
        return {name: list(digest) for name, digest in data.items()}


def _files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file and link in a folder, at any depth, by relative path. A name that is not UTF-8 is escaped."""
    for root, folders, names in os.walk(folder):
        for name in sorted([*names, *(f for f in folders if (Path(root) / f).is_symlink())]):
            path = Path(root) / name
            name_as_bytes = os.fsencode(path.relative_to(folder)).replace(b"\\", b"\\\\")
            yield name_as_bytes.decode(errors="backslashreplace"), path


def _digests(found: Mapping[str, Path], known: Mapping[str, list[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """For every file, the digest of its content, and the parts of its status that change with every write.

    A link, pipe or device has no digest. known: earlier digests.
    """
    for name, path in found.items():
        if not _is_regular(path):
            yield name, ["no regular file"]
            continue
        status = path.stat()
        written = [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        if known.get(name, [])[1:] == written:
            yield name, known[name]
            continue
        settled = time.time_ns() - status.st_ctime_ns > _CLOCK_NS
        yield name, [hashlib.sha256(path.read_bytes()).hexdigest(), *(written if settled else [])]


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _content(digest: list[Any] | None) -> Any:
    return digest and digest[0]


def _restore(layout: Layout, name: str) -> None:
    path = layout.history / name
    try:
        content = git.read(layout.root, inside(layout, path))
    except GitError:
        return  # not committed: nothing to restore it from
    files.write_bytes(path, content)
