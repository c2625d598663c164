"""Zygotes that no sandbox uses at the moment, kept for the next sandbox of this process.

A zygote never sees a candidate or a trajectory, so another sandbox may use it if it would start one with the same
command. A search opens a sandbox for each step, and starting a zygote takes a tenth of a second. Only zygotes of the
main thread are kept, since the kernel ends a zygote with the thread that started it. They end with this process.
"""

import atexit
import os
import threading
from collections.abc import Sequence

from meta_reward.harness.zygote_process import ZygoteProcess

_KEPT = 2
_idle: dict[tuple[int, tuple[str, ...]], ZygoteProcess] = {}  # by process, since a fork must not use its parent's


def take(command: Sequence[str]) -> ZygoteProcess | None:
    """A living zygote with this command, taken over by the running event loop; None if there is none."""
    zygote = _idle.pop((os.getpid(), tuple(command)), None) if _is_main() else None
    if zygote is None:
        return None
    if not zygote.is_alive():
        zygote.kill()
        return None
    zygote.join_loop()
    return zygote


async def keep(zygote: ZygoteProcess) -> None:
    """Keep a zygote for the next sandbox, or stop it if it cannot be kept."""
    key = (os.getpid(), zygote.command)
    if not _is_main() or key in _idle or not await _leaves(zygote):
        zygote.stop()
        return
    _idle[key] = zygote
    if len(_idle) > _KEPT:
        _idle.pop(next(iter(_idle))).kill()


async def _leaves(zygote: ZygoteProcess) -> bool:
    try:
        return await zygote.leave_loop()
    except BaseException:  # an interrupt
        zygote.stop()
        raise


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


@atexit.register
def _end() -> None:
    for (process, _), zygote in _idle.items():
        if process == os.getpid():
            zygote.kill()
    _idle.clear()
