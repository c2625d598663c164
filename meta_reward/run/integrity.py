"""What a proposer is shown is the same after its session as before, or is made so.

A jail that works needs none of this; it is for agents that run with the user's own rights. The digests
that a session begins with are on disk, so a session that was killed is looked at as well. A file that the
kernel says was not written to since its digest was taken is not read again.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meta_reward import files
from meta_reward.errors import GitError
from meta_reward.run import git
from meta_reward.run.layout import Layout

_MAX_NAMED = 5
_CLOCK_NS = 1_000_000_000  # more than a file system's clock may stand still: two writes in that time look like one


def save_digests(layout: Layout, iteration: int) -> None:
    """Write down what the history looks like at the beginning of a session, in place of what it did before the last."""
    earlier = _path(layout, iteration - 1)
    known = _load_digests(earlier) if earlier.exists() else {}
    text = json.dumps(dict(_digests(layout.history, known)), indent=2)  # a name that is not UTF-8 comes back as it was
    files.write_bytes(_path(layout, iteration), text.encode())
    earlier.unlink(missing_ok=True)


def restore_history(layout: Layout, iteration: int) -> list[str]:
    """Undo what a session changed in the history; a note where there was something to undo."""
    if not _path(layout, iteration).exists():
        return []
    before = _load_digests(_path(layout, iteration))
    if layout.history.is_symlink() or not layout.history.is_dir():
        _remove(layout.history)
    after = dict(_digests(layout.history, before)) if layout.history.exists() else {}
    added = sorted(set(after) - set(before))
    changed = sorted(name for name in before if _content(after.get(name)) != _content(before[name]))
    for name in (*added, *changed):
        _remove(layout.history / name)
    for name in changed:
        _restore(layout, name)
    if not added and not changed:
        return []
    named = ", ".join(map(repr, [*changed, *added][:_MAX_NAMED]))
    return [f"the session changed {len(changed) + len(added)} files of the history, which were restored: {named}"]


def restore_unfinished(layout: Layout) -> None:
    """Undo what sessions that did not end changed in the history, before anything reads it."""
    for digests in sorted(layout.session(0).parent.glob("session-*/digests.json")):
        iteration = int(digests.parent.name.removeprefix("session-"))
        if not layout.session_record(iteration).exists():
            restore_history(layout, iteration)


def _path(layout: Layout, iteration: int) -> Path:
    return layout.session(iteration) / "digests.json"


def _load_digests(path: Path) -> dict[str, list[Any]]:
    loaded: dict[str, list[Any]] = json.loads(files.read_bytes(path))
    return loaded


def _digests(folder: Path, known: Mapping[str, list[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Of every file below a folder, by its path in there: the digest of its content, and what changes with each write.

    What is no regular file has no digest. known: digests taken earlier.
    """
    for root, folders, names in os.walk(folder):
        for name in sorted([*names, *(f for f in folders if (Path(root) / f).is_symlink())]):
            path = Path(root) / name
            relative = path.relative_to(folder).as_posix()
            if not path.is_file() or path.is_symlink():
                yield relative, ["no regular file"]
                continue
            status = path.stat()
            written = [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            if known.get(relative, [])[1:] == written:
                yield relative, known[relative]
                continue
            settled = time.time_ns() - status.st_ctime_ns > _CLOCK_NS
            yield relative, [hashlib.sha256(path.read_bytes()).hexdigest(), *(written if settled else [])]


def _content(digest: list[Any] | None) -> Any:
    return digest and digest[0]


def _restore(layout: Layout, name: str) -> None:
    path = layout.history / name
    for parent in reversed(path.relative_to(layout.root).parents):
        above = layout.root / parent
        if above.is_symlink() or (above.exists() and not above.is_dir()):
            _remove(above)
    try:
        content = git.read(layout.root, path.relative_to(layout.root).as_posix())
    except GitError:
        return  # not yet committed: nothing to restore it from
    files.write_bytes(path, content)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
