"""Tests whether the agent's program can confine a shell on this machine, by confining one in the same way.

Claude's command line starts its shell in bubblewrap with its own network, which socat connects to the outside through a
socket in a folder. A small job here does the same, since an installed binary may not work.
"""

import functools
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

HINT = "install bubblewrap and socat, and allow user namespaces"
_NEEDED = ("bwrap", "socat")
_BWRAP = (
    *("--new-session", "--die-with-parent", "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev"),
    *("--unshare-pid", "--unshare-user", "--cap-drop", "ALL", "--cap-add", "CAP_SETFCAP", "--proc", "/proc"),
)
_PROBE_S = 20.0


@functools.cache
def why_not() -> str:
    """Why no shell can be confined here; empty if one can."""
    missing = [name for name in _NEEDED if not shutil.which(name)]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
    try:
        return _probe()
    except (OSError, subprocess.SubprocessError) as error:
        return f"no shell can be confined: {error}"


def _probe() -> str:
    bwrap, socat = (str(shutil.which(name)) for name in _NEEDED)
    with tempfile.TemporaryDirectory(prefix="meta-reward-") as folder, socket.socket(socket.AF_UNIX) as outside:
        path = Path(folder, "s")
        outside.bind(str(path))
        outside.listen()
        job = f'touch "{folder}/written" 2>&- || echo confined | "{socat}" -u STDIN "UNIX-CONNECT:{path}"'
        words = [bwrap, *_BWRAP, "--", "/bin/sh", "-c", job]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PROBE_S, env={}, check=False)
        return "" if _heard(outside) == b"confined\n" else _complaint(done)


def _heard(outside: socket.socket) -> bytes:
    """What a socket has received so far."""
    outside.setblocking(False)
    try:
        connection, _ = outside.accept()
    except BlockingIOError:
        return b""
    with connection:
        return connection.recv(100)


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    complaint = done.stderr.strip().rpartition("\n")[2][:300]
    return f"bubblewrap and socat do not confine a shell: {complaint or f'exit code {done.returncode}'}"
