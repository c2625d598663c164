"""The rows of the tables of attacks."""

import ctypes
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Attack:
    """One thing that a candidate must not be able to do.

    body: of `attack()`, true on success. needs: what it takes to succeed without protection, of `PRESENT`.
    ends: how it fails.
    """

    name: str
    body: str
    needs: str = ""
    ends: str = "denied"


@dataclass(frozen=True, slots=True)
class Relay:
    """One way to tell another trajectory something: what the first leaves, how the second finds it."""

    name: str
    leave: str
    find: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that a whole machine shares: one trajectory pushes it on by at least `jump`, the next one reads it."""

    name: str
    push: str
    read: str
    jump: int
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Harm:
    """A way to hurt or to deceive the parent, which the protocol, a limit or the clock stops at every level.

    ends: how: `won` (allowed: nobody else is hurt), `denied`, or the kind of the candidate's recorded failure.
    """

    name: str
    body: str
    ends: str
    needs: str = ""


def _opens(family: int, kind: int) -> bool:
    try:
        socket.socket(family, kind).close()
    except OSError:
        return False
    return True


def _may_trace() -> bool:
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return os.geteuid() == 0 or not scope.exists() or scope.read_text().strip() == "0"


def _owns(path: str) -> bool:
    return os.geteuid() in (0, Path(path).stat().st_uid)


def _allows(setting: str, value: str) -> bool:
    path = Path("/proc/sys") / setting
    return os.geteuid() == 0 or (path.exists() and path.read_text().strip() == value)


PRESENT = {
    "": True,
    "root": os.geteuid() == 0,
    "library": _owns(os.__file__),
    "tracing": _may_trace(),
    "x32": ctypes.CDLL(None).syscall(0x40000000 | 39) == os.getpid(),
    "vsock": _opens(40, socket.SOCK_STREAM),
    "crypto": _opens(38, socket.SOCK_SEQPACKET),
    "packet": os.geteuid() == 0 and _opens(17, socket.SOCK_RAW),
    "io_uring": _allows("kernel/io_uring_disabled", "0"),
    "userfaultfd": _allows("vm/unprivileged_userfaultfd", "1"),
    "namespaces": _allows("kernel/unprivileged_userns_clone", "1")
    or not Path("/proc/sys/kernel/unprivileged_userns_clone").exists(),
}
"""What only some kernels and users have, and an unprotected attack needs."""


_Row = TypeVar("_Row", Attack, Relay, Counter)


def possible_here(table: Iterable[_Row]) -> list[_Row]:
    """The rows that succeed without protection on this machine, since it has what they need."""
    return [row for row in table if PRESENT[row.needs]]
