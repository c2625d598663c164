"""Repairing git's own files in a run, before anything else uses git.

Files that follow from others are created again: HEAD, the index, missing settings, and `main`, whose last commit is in
its log too. Settings or packed refs that git cannot read may be a person's, so an error names them; once they are moved
away, they count as missing. Damaged tags are removed; the next command that continues the run creates them again from
the ledger.
"""

import hashlib
import re
from pathlib import Path

from meta_reward import files
from meta_reward.errors import DataError, GitError
from meta_reward.run import git
from meta_reward.run.git_process import run_git

_DIGEST_BYTES = 20  # a SHA-1 at the end of an index, or zeros if git was told to leave it out

_ID = re.compile(rb"[0-9a-f]{40,64}\n")


def repair(root: Path) -> list[str]:
    """Repair the files of a repository. Returns notes on what was repaired; raises DataError if only a person can.

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
    return "git's settings were lost and have been written again"


def _check(root: Path) -> str:
    """Raise DataError if git cannot read its settings or its packed refs; it reads both to list refs."""
    try:
        run_git(root, "for-each-ref", "--count=1")
    except GitError as error:
        name = next((name for name in ("packed-refs", "config") if name in error.output.replace(str(root), "")), None)
        if name is None:
            raise
        hint = "move it away; git's settings are then written again"
        if name == "packed-refs":
            hint = "move it away; `main` is then restored from its log, and the candidates are tagged again"
        raise DataError(
            root / ".git" / name, f"is damaged: {error.output.removeprefix('fatal: ')}", hint=hint
        ) from None
    return ""


def _restore_main(root: Path) -> str:
    """If `main` is lost, restore it from the end of its log; without it, the next commit would start a new history."""
    log, ref = root / ".git" / "logs" / git.BRANCH, root / ".git" / git.BRANCH
    lost = _is_damaged(ref) or git.BRANCH not in git.refs(root)
    if not (lost and log.exists()):
        return ""
    last = log.read_text(errors="replace").splitlines()[-1:]
    commit = " ".join(last).split()[1:2]
    try:
        run_git(root, "cat-file", "-e", f"{''.join(commit)}^{{commit}}")
    except GitError:
        what = "does not end with a commit, and `main` is lost"
        raise DataError(log, what, hint="restore .git from a copy") from None
    files.write_bytes(ref, f"{commit[0]}\n".encode())
    return f"git had lost its branch main, which is restored to its last commit, {commit[0][:12]}"


def _remove_tags(root: Path) -> str:
    """Remove damaged tags; the command that continues the run creates them again."""
    damaged = [path for path in sorted((root / ".git" / "refs" / "tags").glob("*")) if _is_damaged(path)]
    for path in damaged:
        path.unlink()
    return f"damaged tags are made again: {', '.join(path.name for path in damaged)}" if damaged else ""


def _is_damaged(ref: Path) -> bool:
    """Whether the file of a ref does not hold the id of a commit."""
    return ref.is_file() and not _ID.fullmatch(ref.read_bytes())


def _remove_index(root: Path) -> str:
    """Remove a damaged index; the next refresh creates it again."""
    index = root / ".git" / "index"
    data = index.read_bytes() if index.exists() else b""
    content, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    intact = data[:4] == b"DIRC" and digest in (hashlib.sha1(content).digest(), bytes(_DIGEST_BYTES))
    if intact or not index.exists():
        return ""
    index.unlink()
    return "git's index was damaged and is made again"
