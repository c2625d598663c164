"""Folders that appear whole or not at all, and cleaning up what a killed process left half-written."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.files import UNFINISHED, writing

_SURELY_LEFT_S = 60.0  # older than this, no process is still filling it
_OUR_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}\.unfinished", re.DOTALL)  # as the module tempfile names them


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to fill in the block; it is renamed to `path` afterwards, so it appears whole or not at all.

    Raises UsageError if `path` exists and `replace` is not set. Nothing is left behind if the block raises.
    """
    if path.exists() and not replace:
        raise UsageError(f"{path} exists", hint="choose another name")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_old(path)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=UNFINISHED))
        try:
            yield temporary
            temporary.chmod(0o755)
            if replace and path.exists():  # moved aside first, so that one of the two is whole at any time
                old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=UNFINISHED))
                path.rename(old / path.name)
                temporary.rename(path)
                shutil.rmtree(old)
            else:
                temporary.rename(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _sweep_old(path: Path) -> None:
    """Remove what earlier, killed processes left behind while making this folder."""
    for left in path.parent.glob(f".{path.name[:40]}.*{UNFINISHED}"):
        if _OUR_TEMPORARY.fullmatch(left.name) and time.time() - left.stat().st_mtime > _SURELY_LEFT_S:
            shutil.rmtree(left, ignore_errors=True)


def sweep(folder: Path, *, deep: bool = True) -> None:
    """Remove what a killed process of ours left half-written in a folder. deep: also in its subfolders."""
    pattern = f".*{UNFINISHED}"
    for path in sorted(folder.rglob(pattern) if deep else folder.glob(pattern)):
        if path.is_symlink() or not _OUR_TEMPORARY.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove as much as possible of a folder that others have filled, however deeply it is nested."""
    try:
        shutil.rmtree(path, ignore_errors=True)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", str(path)], check=False)
