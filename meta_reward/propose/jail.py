"""A jail for any program: bubblewrap, which shows nothing of this machine except what is listed here.

It shows the system's own folders, read-only; an empty home that is removed with the session; the history, read-only,
and the staging folder, at fixed places; the program; and what the user names. The environment has only the given
variables. The network is the host's, since an agent needs its model, unless it is switched off. With the network come
abstract sockets: on Linux 6.12 and later, Landlock denies them (`confine`, which runs before bubblewrap starts;
bubblewrap itself needs none). `why_not` tries whether a machine supports all this.
"""

import functools
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meta_reward.errors import UsageError
from meta_reward.harness import lockdown
from meta_reward.propose.program import SYSTEM, is_system

ROOM = Path("/proposer")
VIEW, STAGING, PROMPT, SOCKET = ROOM / "history", ROOM / "staging", ROOM / "prompt.md", ROOM / "try.sock"
PROGRAMS = ROOM / "bin"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
HINT = "install bubblewrap and allow user namespaces, or pass --proposer-jail none to run it with your own rights"
_USER_ID = "1000"
# Host names, certificates and the like, which programs look up; nothing about the users of this machine.
_SETTINGS = (
    *("ssl", "pki", "ca-certificates", "resolv.conf", "hosts", "nsswitch.conf", "host.conf", "gai.conf", "services"),
    *("protocols", "localtime", "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
)
_LOCKED = ("sys", "fs", "sysrq-trigger")
_MASKED = ("kcore", "keys", "kmsg")
_PROBE_S = 20.0


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine, and its place in the jail."""

    source: Path
    target: Path
    writable: bool = False
    link: bool = False
    """Whether it is a link in the jail too, since a program may look for files next to the target of its link."""

    def arguments(self) -> list[str]:
        if self.link:
            return ["--symlink", str(self.source), str(self.target)]
        return ["--bind" if self.writable else "--ro-bind", str(self.source), str(self.target)]


@dataclass(frozen=True, slots=True)
class Jail:
    """The configuration of a jail."""

    mounts: Sequence[Mount]
    """What it shows in addition to what every jail shows."""
    home: Path
    """The folder that becomes the home folder."""
    account: Path
    """A folder for the jail's `passwd` and `group`, which name its only user."""
    hidden: Sequence[Path] = ()
    """Folders that it never shows, whatever the mounts are."""
    network: bool = True

    def command(self, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` in the jail. Raises UsageError if a mount would show a hidden folder."""
        wanted = sorted(_uncovered(self.mounts), key=lambda mount: len(mount.target.parts))
        outside = [mount for mount in wanted if not mount.target.is_relative_to(ROOM)]
        inside = [mount for mount in wanted if mount.target.is_relative_to(ROOM)]
        return [
            _bubblewrap(),
            *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"),
            *(() if self.network else ("--unshare-net",)),
            *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "jail"),
            *("--uid", _USER_ID, "--gid", _USER_ID),
            *_system(),
            *("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--dir", str(ROOM)),
            # bubblewrap leaves these writable for root outside the jail, and the kernel does not check again.
            *_kernel(),
            *Mount(self.home, home_in_jail(), writable=True).arguments(),
            *_account(self.account),
            *(word for mount in outside for word in mount.arguments()),
            *(word for folder in _hidden(self.hidden, outside) for word in ("--tmpfs", str(folder))),
            *(word for mount in inside for word in mount.arguments()),
            *("--chdir", str(STAGING), "--", *command),
        ]


@functools.cache
def keeps_from_sockets() -> bool:
    """Whether jailed programs cannot reach this machine's abstract sockets.

    They can if bubblewrap is setuid, as on systems without user namespaces for everyone: confined, it would not start.
    """
    found = shutil.which("bwrap")
    is_setuid = found is not None and os.geteuid() != 0 and bool(Path(found).stat().st_mode & stat.S_ISUID)
    return lockdown.can_scope() and not is_setuid


def confine() -> None:
    """Run this in the process that becomes a jail, before anything else."""
    if keeps_from_sockets():
        lockdown.scope()


def home_in_jail() -> Path:
    """The path of the home folder in the jail: the user's own, so that paths below it stay valid."""
    home = Path.home()
    return home if len(home.parts) > 1 and not is_system(home) else Path("/home/agent")


def parse_bind(text: str) -> Mount:
    """A path that the user names: `PATH`, or `PATH:rw` for one that may be written to. Raises UsageError."""
    name, _, mode = text.rpartition(":") if text.endswith((":rw", ":ro")) else (text, "", "ro")
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise UsageError(f"--proposer-bind {text}: there is no {path}", hint="name a file or folder that exists")
    if path in (Path.home() / "child").parents:
        raise UsageError(f"--proposer-bind {text} shows a whole home folder", hint="name what the agent needs in there")
    return Mount(path.resolve(), path, writable=mode == "rw")


@functools.cache
def why_not() -> str:
    """Why this machine cannot jail; empty if it can. Runs a small job that must see what it should and nothing else."""
    if not shutil.which("bwrap"):
        return "bubblewrap (bwrap) is not installed"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for part in ("view", "staging", "home", "account"):
            (folder / part).mkdir()
        mounts = [Mount(folder / "view", VIEW), Mount(folder / "staging", STAGING, writable=True)]
        jail = Jail(mounts, folder / "home", folder / "account")
        job = f'test ! -e "{folder}/view" && ! touch {VIEW}/x 2>&- && touch {STAGING}/x && echo jailed'
        try:
            words = jail.command(["/bin/sh", "-c", job])
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=_PROBE_S, env={}, check=False, preexec_fn=confine
            )
        except (OSError, subprocess.SubprocessError) as error:
            return f"bubblewrap does not run: {error}"
        if done.stdout != "jailed\n" or not (folder / "staging" / "x").exists():
            return f"bubblewrap does not jail here: {done.stderr.strip() or f'exit code {done.returncode}'}"
    return ""


def _bubblewrap() -> str:
    return shutil.which("bwrap") or "bwrap"


def _uncovered(mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts without those that another mount already shows at the same path."""
    kept: list[Mount] = []
    for mount in sorted(mounts, key=lambda m: (len(m.target.parts), not m.writable)):
        if not any(_covers(other, mount) for other in kept):
            kept.append(mount)
    return kept


def _covers(other: Mount, mount: Mount) -> bool:
    if not mount.target.is_relative_to(other.target) or mount.writable > other.writable:
        return False
    return (other.source / mount.target.relative_to(other.target)).resolve() == mount.source.resolve()


def _hidden(folders: Sequence[Path], mounts: Sequence[Mount]) -> list[Path]:
    """The paths in the jail at which mounts show hidden folders. Raises UsageError if a mount is in a hidden one."""
    shown = [(folder, folder) for folder in SYSTEM] + [(mount.source, mount.target) for mount in mounts]
    found = []
    for folder in folders:
        if any(source.is_relative_to(folder) for source, target in shown if target not in SYSTEM):
            raise UsageError(f"the jail would show {folder}", hint="name something else with --proposer-bind")
        found += [target / folder.relative_to(source) for source, target in shown if folder.is_relative_to(source)]
    return [folder for folder in found if folder.exists()]


def _system() -> list[str]:
    """Arguments that mount the system's folders and settings, links as links."""
    words: list[str] = []
    for folder in SYSTEM:
        if folder.is_symlink():
            words += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            words += ["--ro-bind", str(folder), str(folder)]
    for name in _SETTINGS:
        path = Path("/etc", name)
        if path.exists():
            words += ["--ro-bind", str(path.resolve()), str(path)]
    return words


def _kernel() -> list[str]:
    """Arguments that mount the kernel's settings read-only and hide its secrets, if they exist."""
    locked = [word for name in _LOCKED for word in ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")]
    masked = [f"/proc/{name}" for name in _MASKED if Path("/proc", name).exists()]
    return locked + [word for path in masked for word in ("--ro-bind", "/dev/null", path)]


def _account(folder: Path) -> list[str]:
    """Arguments that mount a `passwd` and `group` with one user, who reveals nothing about this machine."""
    accounts = {
        "passwd": f"agent:x:{_USER_ID}:{_USER_ID}::{home_in_jail()}:/bin/sh\n",
        "group": f"agent:x:{_USER_ID}:\n",
    }
    words = []
    for name, line in accounts.items():
        (folder / name).write_text(line)
        words += ["--ro-bind", str(folder / name), f"/etc/{name}"]
    return words
