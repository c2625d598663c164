"""All use of git: a run's commits, its tags and lineage.

A candidate is written by one `git fast-import`: its commit on `main`, and under its tag a commit that holds just its
program, proposal and scores, and has the tags of its parents as parents. Neither touches the work tree; the index
follows after each iteration. The user's git configuration is not read, so that a signing key, a hook or a missing
identity makes no difference.
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
_INDEXED = "meta-reward-index"  # a file beside the index: the commit it was made for, and the last one tried
_HEAD = re.compile(rb"(ref: refs/\S+|[0-9a-f]{40,64})\s*\n")
_IDENTITY = "meta-reward <meta-reward@localhost>"
# Loose objects until the one repack at the end: hundreds of small packs would slow every later commit.
_SETTINGS = (
    "[gc]\n\tauto = 0\n[core]\n\tautocrlf = false\n[fastimport]\n\tunpackLimit = 100000\n[pack]\n\tcompression = 1\n"
)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to be made."""

    message: str
    files: Mapping[str, bytes]
    """Contents of the files that it adds or replaces, by path in the repository."""


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
    """Make `root` a repository, unless it is one."""
    if not (root / ".git").exists():
        configure(root)


def configure(root: Path) -> None:
    """Make the settings of a repository, and whatever else of it is missing."""
    run_git(root, "init", "--quiet", f"--initial-branch={BRANCH.rpartition('/')[2]}")
    config = root / ".git" / "config"
    if not config.exists():
        raise GitError(root, "init", "it made no repository")
    with config.open("a") as file:
        file.write(_SETTINGS)


def unlock(root: Path) -> None:
    """Remove what a git that was killed has left: locks, and objects and packs half written.

    Only the process that holds the run may call this. A HEAD that is cut short or gone is on `main` again.
    """
    head = root / ".git" / "HEAD"
    if head.parent.is_dir() and not (head.exists() and _HEAD.fullmatch(head.read_bytes())):
        files.write_bytes(head, f"ref: {BRANCH}\n".encode())
    for pattern in ("*.lock", "tmp_*"):
        for path in (root / ".git").rglob(pattern):
            with suppress(IsADirectoryError, PermissionError):
                path.unlink(missing_ok=True)


def leave_out(root: Path, name: str) -> None:
    """Let git overlook a file at the top of a run, also in one whose `.gitignore` does not name it."""
    path, line = root / ".git" / "info" / "exclude", f"/{name}\n".encode()
    known = path.read_bytes() if path.exists() else b""
    if line not in known:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(known + line)


def refs(root: Path) -> set[str]:
    """The full names of all branches and tags."""
    return set(_ids_of_refs(root))


def _ids_of_refs(root: Path) -> dict[str, str]:
    """The id that each branch and tag points to, read from git's files where it keeps them in files.

    A search asks so often that a process each time would be a third of what git takes. Loose refs are read before
    packed ones: a git that packs them meanwhile removes them last.
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
    """The ids of all candidates that have a commit on `main`, if there is one."""
    if BRANCH not in refs(root):
        return set()
    return set(run_git(root, "log", "--format=%(trailers:key=Candidate,valueonly)", BRANCH).split())


def read(root: Path, path: str) -> bytes:
    """The content of a file on `main`. Raises GitError if there is no such file."""
    return output_of_git(root, "cat-file", "blob", f"{BRANCH}:{path}")


def restore(root: Path, paths: Sequence[str]) -> None:
    """Write files to the work tree as `main` has them."""
    with tempfile.TemporaryFile() as names:
        names.write("\0".join(paths).encode())
        names.seek(0)
        run_git(root, "restore", f"--source={BRANCH}", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=names)


def way_back(path: Path) -> str:
    """The command that restores a damaged file of a run as it was committed last; "" if git does not have it."""
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
    """The ids of the contents on `main` of these files, and of all files in these folders, by path."""
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
    """Add a commit to `main`, and a tag with its lineage, all in one process. known: the refs."""
    known = refs(root) if known is None else known
    with _importing(root) as stream:
        _write_commit(stream, BRANCH, entry, [BRANCH] if BRANCH in known else [])
        if tag:
            _write_tag(stream, tag, known)


def tag(root: Path, entry: Tag, *, known: Collection[str]) -> None:
    """Add only a tag. known: the refs."""
    with _importing(root) as stream:
        _write_tag(stream, entry, known)


def remove_tag(root: Path, name: str) -> None:
    """Remove a candidate's tag."""
    run_git(root, "update-ref", "-d", tag_ref(name))


@contextmanager
def _importing(root: Path) -> Iterator[BinaryIO]:
    """A stream of commands for `git fast-import`, which writes one ref after the other: a kill may come between."""
    with tempfile.TemporaryFile() as file:
        stream = cast(BinaryIO, file)
        yield stream
        stream.write(b"done\n")
        stream.seek(0)
        # Lightly compressed: the texts that grow with a run are written whole with every candidate, until `repack`.
        run_git(root, "-c", "core.compression=1", "fast-import", "--quiet", "--done", "--date-format=raw", stdin=stream)


def refresh(root: Path) -> None:
    """Bring the index up to `main`, so that `git status` shows only a person's changes; what is staged stays staged.

    This is a convenience: the index is left as it is if git refuses (another git holds it, or a staged file has been
    committed with another content), or if another branch is checked out. A git that is killed is started once more.
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
    """Put tags into one file: git reads loose ones one by one."""
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
