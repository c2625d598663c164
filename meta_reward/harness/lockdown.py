"""What a child gives up before it reads its trajectory: files, sockets, processes, signals, shared state.

    lockdown = Lockdown(readable=["/usr/lib/python3.12"])    # once, in the zygote
    lockdown.apply()                                         # in each child; irreversible
    scope()                                                  # for a program that needs everything else

Linux only, standard library only. There are three layers, each of which stops most attacks by itself: capabilities are
dropped; Landlock denies every file except those listed as readable (and, if the kernel supports it, TCP, abstract
sockets and signals to others); a seccomp filter (`seccomp.py`) allows only the system calls that a Python needs to
compute. Nothing may pass from one trajectory to another. So everything that two processes could share is denied (locks,
shared memory, keyrings, message queues, open file descriptions), and so is everything that changes a counter which
another process could read (threads, sockets and pipes are numbered for the whole machine, a disk tells how full it is).
`sandbox.py` lists what remains possible.

Sources: man pages landlock(7), seccomp(2), the kernel's system call tables.
"""

import ctypes
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable
from typing import Any

from meta_reward.harness.seccomp import MACHINES, make_filter

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_SCOPED, _SCOPES_SINCE = 3, 6  # abstract sockets and signals; the version of Landlock that knows them (Linux 6.12)
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION_3 = 0x20080522


_LIBC: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class LockdownError(Exception):
    """This machine cannot lock a child down; the message says what is missing."""


class Lockdown:
    """Prepared once, applied by each child to itself. Raises LockdownError if the kernel does not support it."""

    def __init__(self, readable: Iterable[str]) -> None:
        """readable: files and whole folders that a child may still read."""
        self._machine = platform.machine()
        if sys.platform != "linux" or self._machine not in MACHINES:
            raise LockdownError(f"no system call filter is written for {sys.platform} on {self._machine}")
        self.ruleset = self._make_ruleset()
        for path in readable:
            self._let_read(path)
        self._filter = make_filter(self._machine)

    def apply(self) -> None:
        """Confine the calling process."""
        _call("PR_SET_NO_NEW_PRIVS", _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        self._drop_capabilities()
        _call("landlock_restrict_self", _LIBC.syscall(_RESTRICT_SELF, self.ruleset, 0))
        os.close(self.ruleset)
        code = ctypes.create_string_buffer(self._filter, len(self._filter))
        program = struct.pack("HxxxxxxQ", len(self._filter) // 8, ctypes.addressof(code))
        _call("seccomp", _LIBC.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0))

    def _make_ruleset(self) -> int:
        version = landlock_version()
        if version < 1:
            raise LockdownError("the kernel has no Landlock (it needs Linux 5.13, with landlock among its lsm=)")
        files = (1 << 13) - 1  # all rights over files of version 1, then those that came later
        files |= sum(bit for since, bit in ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15)) if version >= since)
        attributes = struct.pack("QQQ", files, 3 if version >= 4 else 0, _SCOPED if version >= _SCOPES_SINCE else 0)
        size = 8 if version < 4 else 16 if version < _SCOPES_SINCE else 24
        return _call("landlock_create_ruleset", _LIBC.syscall(_CREATE_RULESET, attributes, size, 0))

    def _let_read(self, path: str) -> None:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            rights = _READ_FILE | (_READ_DIR if is_folder else 0)
            rule = struct.pack("=Qi", rights, descriptor)
            _call("landlock_add_rule", _LIBC.syscall(_ADD_RULE, self.ruleset, 1, rule, 0))
        finally:
            os.close(descriptor)

    def _drop_capabilities(self) -> None:
        header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
        none = bytes(2 * 3 * 4)
        _call("capset", _LIBC.syscall(_CAPSET[self._machine], header, none))


def landlock_version() -> int:
    """The version of the kernel's Landlock; below 1 if it has none."""
    return int(_LIBC.syscall(_CREATE_RULESET, None, 0, 1)) if _LIBC else 0


def can_scope() -> bool:
    """Whether the kernel can deny a process abstract sockets and signals beyond its own descendants."""
    return landlock_version() >= _SCOPES_SINCE


def scope() -> None:
    """Restrict abstract sockets and signals to this process and what it starts.

    Restricts nothing else: not files, mounts, namespaces or the network. Raises LockdownError.
    """
    attributes = struct.pack("QQQ", 0, 0, _SCOPED)
    ruleset = _call("landlock_create_ruleset", _LIBC.syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    _call("PR_SET_NO_NEW_PRIVS", _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _call("landlock_restrict_self", _LIBC.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _call(what: str, result: int) -> int:
    if result < 0:
        raise LockdownError(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
