"""Repairing git's own files in a run, before anything asks git.

What follows from other files is made again: HEAD, the index, settings that are gone, and `main`, whose last commit
stands in its log too. Settings or packed refs that git cannot read may be a person's: an error names them, and once
they are moved away they count as gone. Tags are made again from the ledger by whoever goes on with the run.
"""

import hashlib
import re
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError, GitError
from meta_reward.run import git
from meta_reward.run.git_process import run_git

_DIGEST_BYTES = 20  # a SHA-1 at the end of an index, or zeros where git was told to leave it out

_ID = re.compile(rb"[0-9a-f]{40,64}\n")


def repair(root: Path) -> list[str]:
    """Make the files of a repository whole; notes on what was made again. Raises DataError where a person has to.

    Only the process that holds the run may call this.
    """
    folder = root / ".git"
    if folder.is_file():  # a person has moved the repository elsewhere
        return []
    if not (folder / "objects").is_dir():
        what = "has lost its folder objects, and with it every commit" if folder.exists() else "is gone"
        raise DataError(folder, what, hint="restore it from a copy, or start another run with --run NAME")
    git.unlock(root)
    (folder / "refs").mkdir(exist_ok=True)
    steps = (_make_settings, _check, _restore_main, _remove_tags, _remove_index)
    return [note for step in steps if (note := step(root))]


def _make_settings(root: Path) -> str:
    config = root / ".git" / "config"
    if config.exists() and config.read_bytes().strip():
        return ""
    git.configure(root)
    return "git's settings were lost and are written anew"


def _check(root: Path) -> str:
    """Raise DataError where git cannot read its settings or its packed refs: it reads both to list refs."""
    try:
        run_git(root, "for-each-ref", "--count=1")
    except GitError as error:
        name = next((name for name in ("packed-refs", "config") if name in error.output.replace(str(root), "")), None)
        if name is None:
            raise
        hint = "move it away: git's settings are written anew"
        if name == "packed-refs":
            hint = "move it away: `main` is found in its log, and the candidates are tagged again"
        raise DataError(
            root / ".git" / name, f"is damaged: {error.output.removeprefix('fatal: ')}", hint=hint
        ) from None
    return ""


def _restore_main(root: Path) -> str:
    """Put `main` back where its log ends, if it is lost: a commit without it would begin another history."""
    log, ref = root / ".git" / "logs" / git.BRANCH, root / ".git" / git.BRANCH
    lost = _is_damaged(ref) or git.BRANCH not in git.refs(root)
    if not (lost and log.exists()):
        return ""
    last = log.read_text(errors="replace").splitlines()[-1:]
    commit = " ".join(last).split()[1:2]
    try:
        run_git(root, "cat-file", "-e", f"{''.join(commit)}^{{commit}}")
    except GitError:
        raise DataError(log, "ends with no commit, and `main` is lost", hint="restore .git from a copy") from None
    files.write_bytes(ref, f"{commit[0]}\n".encode())
    return f"git had lost its branch main, which is back at its last commit, {commit[0][:12]}"


def _remove_tags(root: Path) -> str:
    """Remove tags that are damaged; whoever goes on with the run makes them again."""
    damaged = [path for path in sorted((root / ".git" / "refs" / "tags").glob("*")) if _is_damaged(path)]
    for path in damaged:
        path.unlink()
    return f"damaged tags are made again: {', '.join(path.name for path in damaged)}" if damaged else ""


def _is_damaged(ref: Path) -> bool:
    """Whether the file of a ref holds no id of a commit."""
    return ref.is_file() and not _ID.fullmatch(ref.read_bytes())


def _remove_index(root: Path) -> str:
    """Remove an index that is damaged; the next refresh makes it again."""
    index = root / ".git" / "index"
    data = index.read_bytes() if index.exists() else b""
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    intact = data[:4] == b"DIRC" and digest in (hashlib.sha1(content).digest(), bytes(_DIGEST_BYTES))
    if intact or not index.exists():
        return ""
    index.unlink()
    return "git's index was damaged and is made again"
