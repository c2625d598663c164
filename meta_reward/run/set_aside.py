"""A search never deletes or overwrites files that it did not write: they move to `.work/set-aside`.

If a file matches what git has committed, the search wrote it. Any other file comes from a person or a session.
"""

import os
from collections.abc import Collection
from pathlib import Path

from meta_reward import files
from meta_reward.run import git
from meta_reward.run.layout import Layout


def free_folder(layout: Layout, name: str) -> Path:
    """A new folder to set files aside in: this name, or if it is taken, the name with a number."""
    numbers = range(2, 1 + 2 + len(list(layout.set_aside.glob("*"))))
    names = (name, *(f"{name}-{number}" for number in numbers))
    return next(layout.set_aside / free for free in names if not os.path.lexists(layout.set_aside / free))


def move_aside(path: Path, target: Path) -> None:
    """Move a file, folder or link (not its target) to another path, which must be free."""
    with files.writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def write_over(layout: Layout, contents: dict[Path, bytes], *, leave: Collection[Path] = ()) -> list[str]:
    """Write files of the search. Returns notes on those that a person had changed.

    A file that was changed by hand is set aside before it is overwritten. leave: files that keep a change by hand if
    git has the new content already.
    """
    committed = git.blob_ids(layout.root, [inside(layout, path) for path in contents])
    notes = []
    for path, content in contents.items():
        name = inside(layout, path)
        there = path.read_bytes() if path.is_file() else content
        by_hand = there != content and git.blob_id(there) != committed.get(name)
        if by_hand and path in leave and git.blob_id(content) == committed.get(name):
            continue
        if by_hand:
            folder = free_folder(layout, "by-hand")
            files.write_bytes(folder / name, there)
            notes.append(f"{name} was changed by hand; that is now in {inside(layout, folder)}/{name}")
        if there != content or not path.exists():
            files.write_bytes(path, content)
    return notes


def inside(layout: Layout, path: Path) -> str:
    """A path relative to the run, for notes and git."""
    return path.relative_to(layout.root).as_posix()
