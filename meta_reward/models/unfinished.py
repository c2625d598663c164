"""What an evaluation outside any run was paid, for as long as it is not finished.

    <cache>/unfinished/NAME-....jsonl    an account (see `account`) of one start of it

A start that is killed, stopped by a limit or interrupted leaves its account behind, and the next start of
the same evaluation takes over all that nobody holds: what they add up to was spent on it before. A
start that ends well removes them. Every process writes an account of its own, so that any number may
evaluate the same at the same time; the kernel tells which accounts are held, and lets go of the dead's.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from meta_reward import files
from meta_reward.models.billing import Bill, BillingLog, load_bill, reconcile
from meta_reward.models.usage import Books


@contextmanager
def unfinished_bill(folder: Path, name: str, books: Books) -> Iterator[tuple[BillingLog, list[Bill]]]:
    """A new account for the block, and what earlier starts under this name were paid. books: of the judge.

    All of them are gone when the block ends without an exception; otherwise they stay for the next start.
    """
    with files.writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = _hold_left(folder, name)
        own = folder / f"{name}-{uuid.uuid4().hex[:12]}.jsonl"
        held = _hold_new(own)
    try:
        for path in left:
            files.repair_journal(path)
            if books.cache:
                reconcile(path, books.cache, books.backend)
        yield BillingLog(own), [load_bill(path) for path in left]
        for path in (own, *left):
            path.unlink(missing_ok=True)
    finally:
        if own.exists() and not own.stat().st_size:
            own.unlink(missing_ok=True)
        for handle in (held, *left.values()):
            os.close(handle)


def _hold_left(folder: Path, name: str) -> dict[Path, int]:
    """The accounts under a name that no living process holds, held from now on."""
    left = {}
    for path in sorted(folder.glob(f"{name}-*.jsonl")):
        with suppress(FileNotFoundError):  # whoever held it has just finished
            handle = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left[path] = handle
            except BlockingIOError:
                os.close(handle)
    return left


def _hold_new(path: Path) -> int:
    """Make an empty account, held before anybody can see it."""
    hidden = path.with_name(f".{path.name}")
    handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    hidden.rename(path)
    return handle
