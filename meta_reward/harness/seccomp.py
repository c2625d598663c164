"""The seccomp filter: which system calls a locked child may make. All others fail with EPERM.

The filter allows what a Python that only computes needs, and nothing by which two processes could share state or signal
each other. Sources: man page seccomp(2), the kernel's system call tables. Standard library only.
"""

import errno
import struct
from typing import Final

# name: number on x86_64, on aarch64 (None where there is no such call). Allowed with any arguments.
_ALLOWED: Final[dict[str, tuple[int, int | None]]] = {
    # memory
    "brk": (12, 214),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    # files that Landlock lets through, and descriptors of its own
    "access": (21, None),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fstat": (5, 80),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "lseek": (8, 62),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "open": (2, None),
    "openat": (257, 56),
    "pread64": (17, 67),
    "read": (0, 63),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "readv": (19, 65),
    "stat": (4, None),
    "statx": (332, 291),
    "write": (1, 64),
    "writev": (20, 66),
    # its one socket, and waiting for it
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "epoll_wait": (232, None),
    "getpeername": (52, 205),
    "getsockname": (51, 204),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pselect6": (270, 72),
    "recvfrom": (45, 207),
    "select": (23, None),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "shutdown": (48, 210),
    # time and chance
    "getrandom": (318, 278),
    "gettimeofday": (96, 169),
    "nanosleep": (35, 101),
    "time": (201, None),
    # itself
    "arch_prctl": (158, None),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrlimit": (97, 163),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "sigaltstack": (131, 132),
    "times": (100, 153),
    "uname": (63, 160),
}

_Check = tuple[int, int, tuple[int, ...]]
"""(word, mask, values): that 32-bit word of the arguments, masked, must be one of the values."""

_ALL_BITS = 0xFFFFFFFF
_OWN_CLOCK = (0, 0xFFFFFFF0, (0,))  # negative ones read the processor time of any process
_SHARED_MEMORY = 0x42000  # huge and locked pages come from a pool that all processes share
_ADVICE = (0, 4, 8, 14, 15)  # normal, not needed, free, huge pages or not; no paging out, no merging with others'
_FUTEX_PRIVATE = 128  # without this flag, two processes could wake each other through a file that both can read
_BLOCKING, _CLOSE_ON_EXEC, _BYTES_LEFT = 0x5421, (0x5450, 0x5451), 0x541B
_OWN_DESCRIPTORS = (0, 1, 2, 3, 4, 1030)  # duplicates and flags; no locks, leases or owners
_SOL_SOCKET, _SOCKET_FACTS = 1, (3, 4, 38, 39)  # type, error, protocol, domain; not the cookie, which counts
# name: numbers as above, and checks that must hold. Word 2n is the lower half of argument n, 2n + 1 the upper.
_CHECKED: Final[dict[str, tuple[tuple[int, int], tuple[_Check, ...]]]] = {
    "clock_getres": ((229, 114), (_OWN_CLOCK,)),
    "clock_gettime": ((228, 113), (_OWN_CLOCK,)),
    "clock_nanosleep": ((230, 115), (_OWN_CLOCK,)),
    "fcntl": ((72, 25), ((2, _ALL_BITS, _OWN_DESCRIPTORS),)),
    "futex": ((202, 98), ((2, _FUTEX_PRIVATE, (_FUTEX_PRIVATE,)),)),
    "getsockopt": ((55, 209), ((2, _ALL_BITS, (_SOL_SOCKET,)), (4, _ALL_BITS, _SOCKET_FACTS))),
    "ioctl": ((16, 29), ((2, _ALL_BITS, (_BLOCKING, *_CLOSE_ON_EXEC, _BYTES_LEFT)),)),
    "madvise": ((28, 233), ((4, _ALL_BITS, _ADVICE),)),
    "mmap": ((9, 222), ((6, _SHARED_MEMORY, (0,)),)),
    "prlimit64": ((302, 261), ((0, _ALL_BITS, (0,)), (4, _ALL_BITS, (0,)), (5, _ALL_BITS, (0,)))),  # read its own
    "sched_getaffinity": ((204, 123), ((0, _ALL_BITS, (0,)),)),
}

MACHINES: Final[dict[str, tuple[int, int]]] = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By machine: its column in the tables above, and its AUDIT_ARCH."""

_LD, _JEQ, _JGE, _AND, _RET = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32_BIT = 0x40000000
_NR_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16


def make_filter(machine: str) -> bytes:
    """The seccomp filter in the kernel's format: eight bytes per instruction."""
    column, architecture = MACHINES[machine]
    code = [_load(_ARCH_AT), _jump(_JEQ, architecture, 1, 0), _return(_KILL), _load(_NR_AT)]
    code += [_jump(_JGE, _X32_BIT, 0, 1), _return(_ERRNO | errno.EPERM)]
    for numbers in _ALLOWED.values():
        if (number := numbers[column]) is not None:
            code += _case(number, [_return(_ALLOW)])
    for checked, checks in _CHECKED.values():
        code += _case(checked[column], [*(step for check in checks for step in _demand(check)), _return(_ALLOW)])
    return b"".join([*code, _return(_ERRNO | errno.EPERM)])


def _case(number: int, then: list[bytes]) -> list[bytes]:
    return [_jump(_JEQ, number, 0, len(then)), *then]


def _demand(check: _Check) -> list[bytes]:
    """Continue if the check holds, else return EPERM."""
    word, mask, values = check
    tests = [_jump(_JEQ, value, len(values) - i, 0) for i, value in enumerate(values)]
    return [_load(_ARGS_AT + 4 * word), struct.pack("HBBI", _AND, 0, 0, mask), *tests, _return(_ERRNO | errno.EPERM)]


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", _LD, 0, 0, offset)


def _jump(kind: int, value: int, if_so: int, if_not: int) -> bytes:
    return struct.pack("HBBI", kind, if_so, if_not, value)


def _return(value: int) -> bytes:
    return struct.pack("HBBI", _RET, 0, 0, value)
