"""All use of git: a run's commits, its tags and lineage.

One `git fast-import` writes a candidate: its commit on `main`, and a second commit under its tag. The tagged commit
has only the candidate's program, proposal and scores, and the tags of its parents as parents. Neither commit touches
the work tree; the index is updated after each iteration. The user's git configuration is not read, so a signing key, a
hook or a missing identity makes no difference.
"""

import hashlib
import os
import re
import shlex
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from meta_reward import files
from meta_reward.errors import GitError, UsageError
from meta_reward.run.git_process import output_of_git, run_git

BRANCH = "refs/heads/main"
_INDEXED = "meta-reward-index"  # a file next to the index: the commit it was made for, and the last one tried
_HEAD = re.compile(rb"(ref: refs/\S+|[0-9a-f]{40,64})\s*\n")
_IDENTITY = "meta-reward <meta-reward@localhost>"
# Loose objects until the one repack at the end: hundreds of small packs would slow every later commit.
_SETTINGS = (
    "[gc]\n\tauto = 0\n[core]\n\tautocrlf = false\n[fastimport]\n\tunpackLimit = 100000\n[pack]\n\tcompression = 1\n"
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to create."""

    message: str
    files: Mapping[str, bytes]
    """The content of each file that it adds or replaces, by path in the repository."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A candidate's tag: a commit of just these files, on top of the tags of its parents."""

    name: str
    commit: Commit
    parents: Sequence[str]
    """Names of the parents' tags."""


def version(root: Path) -> str:
    """The version of git, such as `2.39.5`. root: any folder."""
    return run_git(root, "version").removeprefix("git version ")


def init(root: Path) -> None:
    """Make `root` a repository, unless it is one already."""
    if not (root / ".git").exists():
        configure(root)


def configure(root: Path) -> None:
    """Write the settings of a repository, and create any part of it that is missing."""
    run_git(root, "init", "--quiet", f"--initial-branch={BRANCH.rpartition('/')[2]}")
    config = root / ".git" / "config"
    if not config.exists():
        raise GitError(root, "init", "it created no repository")
    with config.open("a") as file:
        file.write(_SETTINGS)


def unlock(root: Path) -> None:
    """Remove what a killed git has left behind: locks, and half-written objects and packs.

    Only the process that holds the run may call this. If HEAD is missing or cut short, it is reset to `main`.
    """
    head = root / ".git" / "HEAD"
    if head.parent.is_dir() and not (head.exists() and _HEAD.fullmatch(head.read_bytes())):
        files.write_bytes(head, f"ref: {BRANCH}\n".encode())
    for pattern in ("*.lock", "tmp_*"):
        for path in (root / ".git").rglob(pattern):
            with suppress(IsADirectoryError, PermissionError):
                path.unlink(missing_ok=True)


def leave_out(root: Path, name: str) -> None:
    """Make git ignore a file at the top of a run, even if the run's `.gitignore` does not name it."""
    path, line = root / ".git" / "info" / "exclude", f"/{name}\n".encode()
    known = path.read_bytes() if path.exists() else b""
    if line not in known:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(known + line)


def refs(root: Path) -> set[str]:
    """The full names of all branches and tags."""
    return set(_ids_of_refs(root))


def _ids_of_refs(root: Path) -> dict[str, str]:
    """The id that each branch and tag points to, read directly from git's files if it stores refs in files.

    A search needs them so often that starting a process each time would be a third of the time that git takes. Loose
    refs are read before packed ones, because a git that packs them meanwhile removes the loose ones last.
    """
    folder = root / ".git"
    if not (folder / "refs").is_dir() or (folder / "reftable").exists():
        lines = run_git(root, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        return {name: id for id, _, name in (line.partition(" ") for line in lines)}
    paths = [path for path in (folder / "refs").rglob("*") if path.is_file() and path.suffix != ".lock"]
    loose = {path.relative_to(folder).as_posix(): path.read_text(errors="replace").strip() for path in paths}
    packed = folder / "packed-refs"
    lines = packed.read_text(errors="replace").splitlines() if packed.exists() else []
    return {name: id for id, _, name in (line.partition(" ") for line in lines if line[:1] not in "#^")} | loose


def first_commit(root: Path) -> str:
    """The id of the first commit, which identifies the run."""
    return run_git(root, "rev-list", "--max-parents=0", BRANCH)


def candidates(root: Path) -> set[str]:
    """The ids of all candidates that have a commit on `main`; empty without a branch `main`."""
    if BRANCH not in refs(root):
        return set()
    return set(run_git(root, "log", "--format=%(trailers:key=Candidate,valueonly)", BRANCH).split())


def read(root: Path, path: str) -> bytes:
    """The content of a file on `main`. Raises GitError if there is no such file."""
    return output_of_git(root, "cat-file", "blob", f"{BRANCH}:{path}")


def restore(root: Path, paths: Sequence[str]) -> None:
    """Restore files in the work tree to their content on `main`."""
    with tempfile.TemporaryFile() as names:
        names.write("\0".join(paths).encode())
        names.seek(0)
        run_git(root, "restore", f"--source={BRANCH}", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=names)


def way_back(path: Path) -> str:
    """The command that restores a run's file to its last committed content; "" if git does not have the file."""
    path = path.resolve()
    root = next((above for above in path.parents if (above / ".git" / "HEAD").exists()), None)
    with suppress(GitError, UsageError):
        name = path.relative_to(root or path).as_posix()
        if root is not None and blob_ids(root, [name]):
            return shlex.join(["git", "-C", os.path.relpath(root), "checkout", BRANCH.rpartition("/")[2], "--", name])
    return ""


def blob_id(content: bytes) -> str:
    """The id that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def blob_ids(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """The blob ids on `main` of these files, and of all files in these folders, by path."""
    if BRANCH not in refs(root):
        return {}
    found = {}
    for line in run_git(root, "ls-tree", "-r", "-z", BRANCH, "--", *paths).rstrip("\0").split("\0"):
        about, _, path = line.partition("\t")
        if path:
            found[path] = about.split()[2]
    return found


def tag_ref(name: str) -> str:
    """The full name of a candidate's tag."""
    return f"refs/tags/{name}"


def commit(root: Path, entry: Commit, *, tag: Tag | None = None, known: Collection[str] | None = None) -> None:
    """Add a commit to `main`, and a tag with its lineage, in one process. known: the existing refs."""
    known = refs(root) if known is None else known
    with _importing(root) as stream:
        _write_commit(stream, BRANCH, entry, [BRANCH] if BRANCH in known else [])
        if tag:
            _write_tag(stream, tag, known)


def tag(root: Path, entry: Tag, *, known: Collection[str]) -> None:
    """Add only a tag. known: the existing refs."""
    with _importing(root) as stream:
        _write_tag(stream, entry, known)


def remove_tag(root: Path, name: str) -> None:
    """Remove a candidate's tag."""
    run_git(root, "update-ref", "-d", tag_ref(name))


@contextmanager
def _importing(root: Path) -> Iterator[BinaryIO]:
    """A stream of commands for `git fast-import`. It writes one ref after the other, and may be killed in between."""
    with tempfile.TemporaryFile() as file:
        stream = cast(BinaryIO, file)
        yield stream
        stream.write(b"done\n")
        stream.seek(0)
        # Lightly compressed: the texts that grow with a run are written whole with every candidate, until `repack`.
        run_git(root, "-c", "core.compression=1", "fast-import", "--quiet", "--done", "--date-format=raw", stdin=stream)


def refresh(root: Path) -> None:
    """Update the index to `main`, so that `git status` shows only a person's changes. Staged changes stay staged.

    This is a convenience: the index stays unchanged if git refuses (another git holds it, or a staged file has been
    committed with other content), or if another branch is checked out. If git is killed, it is started once more.
    """
    try:
        _refresh(root)
    except GitError as error:
        if error.killed:
            (root / ".git" / "index.lock").unlink(missing_ok=True)
            with suppress(GitError):
                _refresh(root)


def _refresh(root: Path) -> None:
    made_for = root / ".git" / _INDEXED
    with suppress(OSError, KeyError):
        if (root / ".git" / "HEAD").read_text().strip() != f"ref: {BRANCH}":
            return
        main = _ids_of_refs(root)[BRANCH]
        ids = made_for.read_text(errors="replace").split() if made_for.exists() else []
        known, last = ids if len(ids) == 2 else (main, main)
        try:
            if not (root / ".git" / "index").exists() or (known != last and _nothing_staged(root, last)):
                run_git(root, "read-tree", main)
            elif known != main:
                run_git(root, "read-tree", "-i", "-m", known, main)
            known = main
        finally:
            made_for.write_text(f"{known} {main}")


def _nothing_staged(root: Path, commit: str) -> bool:
    """Whether the index matches a commit, as it does after a person's `git reset`."""
    try:
        run_git(root, "diff-index", "--cached", "--quiet", commit)
        return True
    except GitError:
        return False


def pack_refs(root: Path) -> None:
    """Put all tags into one file, because git reads loose tags one by one."""
    run_git(root, "pack-refs", "--all")


def repack(root: Path) -> None:
    """Put the objects of a search into one pack, and its tags into one file."""
    pack_refs(root)
    run_git(root, "repack", "-a", "-d", "--quiet")


def _write_tag(stream: BinaryIO, entry: Tag, known: Collection[str]) -> None:
    parents = [tag_ref(name) for name in entry.parents if tag_ref(name) in known]
    _write_commit(stream, tag_ref(entry.name), entry.commit, parents, alone=True)


def _write_commit(stream: BinaryIO, ref: str, entry: Commit, parents: Sequence[str], *, alone: bool = False) -> None:
    now = f"{int(time.time())} +0000"
    message = entry.message.encode()
    stream.write(f"commit {ref}\nauthor {_IDENTITY} {now}\ncommitter {_IDENTITY} {now}\n".encode())
    stream.write(b"data %d\n%s\n" % (len(message), message))
    for number, parent in enumerate(parents):
        stream.write(f"{'merge' if number else 'from'} {parent}^0\n".encode())
    if alone and parents:
        stream.write(b"deleteall\n")
    for path, content in sorted(entry.files.items()):
        stream.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
