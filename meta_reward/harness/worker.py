"""The sandboxed side: a zygote that forks a child for each run, such as of one trajectory.

    python -P -s -S -B -m meta_reward.harness.worker SETTINGS_JSON CONTROL_FD

It is started by the parent process (`sandbox.py`), and imports only the standard library and the harness runtime. The
zygote is single-threaded and never executes candidate code. For each run it receives one end of a socket and forks; the
child confines itself, and only then reads its one job from that socket (`child.py`). No trajectory and no candidate
ever passes through the zygote's memory, so nothing carries over from one run to the next.

Control messages are five bytes: `s` (start, with a socket attached) or `k` (kill), then the job's number. When a child
has ended, the zygote answers with job number and exit code.
"""

import asyncio
import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Mapping

from meta_reward.harness import audit, child
from meta_reward.harness.frames import encode_frame
from meta_reward.harness.lockdown import Lockdown, LockdownError
from meta_reward.harness.process_limits import die_with_parent, keep_only, limit_resources
from meta_reward.harness.socket_judge import ORPHANED

CONTROL = struct.Struct("!cI")
STATUS = struct.Struct("!Ii")
READY = 0  # the job number with which the zygote reports that it has started
_FAILED = 70
# Loaded once by the zygote, so that no child pays for them.
_PRELOADED = (
    audit.__name__,
    *("collections", "dataclasses", "datetime", "decimal", "difflib", "encodings.idna", "enum", "fractions"),
    *("itertools", "math", "statistics", "string", "textwrap", "unicodedata"),
)

_REHEARSED = """
import re
from meta_reward.harness import Reward

async def reward(trajectory, judge):
    reply = await judge.ask(trajectory.transcript())
    return Reward(float(re.findall(r"\\d+", reply.text)[-1]), "rehearsed", {"marks": [1]})
"""


class Zygote:
    """Forks, kills and reaps children until the parent closes the control socket."""

    def __init__(
        self,
        control: socket.socket,
        limits: Mapping[str, int],
        lockdown: Lockdown | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """loop: inherited by every child that is locked down; it must hold no descriptor."""
        self._control, self._limits, self._lockdown, self._loop = control, limits, lockdown, loop
        self._pid = os.getpid()
        self._jobs: dict[int, int] = {}  # pid -> job

    def serve(self) -> None:
        """Handle control messages and ended children until the parent hangs up."""
        wakeup, signalled = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(signalled, False)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
        selector = selectors.DefaultSelector()
        selector.register(self._control, selectors.EVENT_READ)
        selector.register(wakeup, selectors.EVENT_READ)
        gc.freeze()
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if wakeup in ready:
                _drain(wakeup)
                self._reap()
            if self._control in ready and not self._obey():
                return

    def _obey(self) -> bool:
        """Carry out the next control message; False if the parent has hung up."""
        message, descriptors, *_ = socket.recv_fds(self._control, CONTROL.size, 1)
        if len(message) < CONTROL.size:
            for pid in self._jobs:
                os.kill(pid, signal.SIGKILL)
            return False
        op, job = CONTROL.unpack(message)
        if op == b"s":
            self._jobs[self._fork(descriptors[0])] = job
        else:
            for pid in [pid for pid, number in self._jobs.items() if number == job]:
                os.kill(pid, signal.SIGKILL)
        return True

    def _reap(self) -> None:
        while self._jobs:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in self._jobs:
                code = os.waitstatus_to_exitcode(status)
                if code == -signal.SIGKILL and usage.ru_utime + usage.ru_stime >= self._limits["cpu_s"]:
                    code = -signal.SIGXCPU  # which it ignored
                self._control.sendall(STATUS.pack(self._jobs.pop(pid), code))

    def _fork(self, descriptor: int) -> int:
        pid = os.fork()
        if pid:
            os.close(descriptor)
            return pid
        code = _FAILED
        try:
            self._confine(descriptor)
            random.seed(0)  # so that a harness that samples draws the same every time
            # Unlocked, a candidate can have threads, which must be able to wake its loop.
            loop = self._loop if self._lockdown else asyncio.new_event_loop()
            child.run(loop, socket.socket(fileno=descriptor))
            code = 0
        except LockdownError:
            code = child.UNLOCKED
        finally:
            os._exit(code)

    def _confine(self, descriptor: int) -> None:
        """Give up everything except the socket, before anything is read from it."""
        die_with_parent()
        if os.getppid() != self._pid:  # it died before this child could ask to die with it
            os._exit(ORPHANED)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        keep_only(descriptor, *([self._lockdown.ruleset] if self._lockdown else []))
        limit_resources(self._limits)
        self._jobs.clear()  # a candidate can read all of its memory
        if self._lockdown:
            self._lockdown.apply()


def _drain(pipe: int) -> None:
    try:
        while os.read(pipe, 4096):
            pass
    except BlockingIOError:
        pass


def _hide_package() -> None:
    """Leave candidates the interface that is loaded, with no way to import the rest of the package."""
    sys.path[:] = [entry for entry in sys.path if entry != os.environ.get("PYTHONPATH")]
    for name in ("meta_reward", "meta_reward.harness", audit.__name__):
        sys.modules[name].__path__ = []


def _import_package(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        sys.exit(f"package {name} cannot be imported in the sandbox ({error}); packages must list what it needs too")


def _make_loop() -> asyncio.AbstractEventLoop:
    """An event loop for children to inherit. It holds no descriptor, so another thread cannot wake it."""
    selector = selectors.PollSelector()
    loop = asyncio.SelectorEventLoop(selector)
    for key in list(selector.get_map().values()):
        selector.unregister(key.fileobj)
    return loop


def _rehearse(loop: asyncio.AbstractEventLoop) -> None:
    """Run a built-in harness once, to warm up the interpreter before forking: a child pays for every memory page that
    it is the first to write to."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reply = {"type": "reply", "ask": 1, "text": "Score: 50", "stop_reason": "end", "tools_called": []}
        ours.sendall(encode_frame(reply))
        answer = {
            "role": "assistant",
            "content": "Hello.",
            "tool_calls": [{"id": "1", "name": "look", "arguments": {}}],
        }
        trajectory = {
            "policy": "Be kind.",
            "tools": [],
            "messages": [{"role": "user", "content": "Hello?"}, answer],
        }
        code, arguments = child.compile_source(_REHEARSED), {"trajectory": trajectory}
        job = {"source": _REHEARSED, "code": code, "entry": "reward", "arguments": arguments}
        loop.run_until_complete(child.run_program(theirs, job))
        heard = ours.recv(1 << 16)
    if b'"done"' not in heard:
        raise RuntimeError(f"the rehearsal failed: {heard.decode(errors='replace')}")
    child.forget()


def _main() -> None:
    die_with_parent()
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=int(sys.argv[2]))
    sys.path.extend(settings["package_folders"])
    for name in _PRELOADED:
        importlib.import_module(name)
    for name in settings["packages"]:
        _import_package(name)
    _hide_package()
    os.environ.clear()
    sys.argv[:] = ["harness"]
    try:
        lockdown = Lockdown(settings["readable"]) if settings["locked"] else None
    except LockdownError as error:
        sys.exit(f"{error}")
    loop = _make_loop()
    _rehearse(loop)
    control.sendall(STATUS.pack(READY, 0))
    Zygote(control, settings["limits"], lockdown, loop).serve()


if __name__ == "__main__":
    _main()
