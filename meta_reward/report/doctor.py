"""Checks what works on this machine: Python, git, the sandbox, the proposer's jail, disk, coding agents, keys.

Each is tried: git makes a repository, a job tries to escape from the sandbox, a file is written where a run would go.
Nothing is left behind and nothing goes over the network. For keys, it only checks whether they are set; programs that
are asked for their version do not get them. A row fails only if a search cannot run offline because of it.
"""

import asyncio
import contextlib
import importlib.util
import os
import platform
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meta_reward.errors import GitError, UsageError
from meta_reward.files import printable
from meta_reward.harness.levels import CONFINED, problem_of, remedy, strictest
from meta_reward.models.cache import default_cache_folder
from meta_reward.propose import jail, shell
from meta_reward.report.tables import fit
from meta_reward.run import git

State = Literal["ok", "warn", "fail", "absent"]
AGENTS = ("claude", "codex", "gemini", "opencode")
KEYS = {
    "ANTHROPIC_API_KEY": "models of Anthropic",
    "OPENAI_API_KEY": "models of OpenAI",
    "CLAUDE_CODE_OAUTH_TOKEN": "Claude by subscription",
}
"""What each key is for."""
_GIB = 1024**3
_LEAST_FREE = _GIB // 10  # what a search of 8 iterations on skyways takes: 78 MiB, and 24 MiB of cache
_PATIENCE_S = 10.0
_MAX_VERSION_BYTES = 80
_MARKS: dict[State, str] = {"ok": "ok", "warn": "warn", "fail": "FAIL", "absent": "-"}


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one check."""

    name: str
    state: State
    """`absent` means that it is not here, but a search can do without it."""
    what: str
    fix: str = ""
    """What to do about a `warn` or `fail`."""


async def examine() -> list[Row]:
    """Make all checks that matter to a search; returns one row for each."""
    return [
        Row("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        git_row(),
        await sandbox_row(),
        await jail_row(),
        await claude_row(),
        *disk_rows(),
        *await agent_rows(),
        *key_rows(os.environ),
    ]


def can_search_offline(rows: Sequence[Row]) -> bool:
    """Whether a search with the simulated judge and the catalog can run."""
    return all(row.state != "fail" for row in rows)


def render_rows(rows: Sequence[Row]) -> str:
    """The rows as text, each fix below its row."""
    width = max(len(row.name) for row in rows)
    lines = []
    for row in rows:
        lines.append(f"{_MARKS[row.state]:<4}  {row.name:<{width}}  {row.what}".rstrip())
        if row.fix:
            lines.append(f"{'':<4}  {'':<{width}}  fix: {row.fix}")
    return fit(printable("\n".join(lines)))


def git_row() -> Row:
    """Whether git can do everything that a run needs."""
    entry = git.Commit("Try\n\nCandidate: c0001", {"harness.py": b""})
    try:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            version = git.version(root)
            try:
                git.init(root)
                git.commit(root, entry, tag=git.Tag("c0001", entry, ()))
                works = git.candidates(root) == {"c0001"}
            except GitError as error:
                return Row("git", "fail", f"{version}: {_told(error)}", "install git 2.28 or later")
    except UsageError as error:
        return Row("git", "fail", error.what, error.hint)
    except (GitError, OSError) as error:
        return Row("git", "fail", f"cannot be tried: {_told(error)}", "install git 2.28 or later")
    if not works:
        return Row("git", "fail", f"{version} does not find its own commit", "install git 2.28 or later")
    return Row("git", "ok", version)


async def sandbox_row() -> Row:
    """The level at which candidates run here, and why not at a stricter one."""
    level = await strictest()
    if level is None:
        fix = f"{await remedy(CONFINED[-1])}; or --sandbox none, at your own risk"
        return Row("sandbox", "fail", await problem_of(CONFINED[-1]), fix)
    if level != CONFINED[0]:
        return Row("sandbox", "warn", f"{level}; not strict: {await problem_of('strict')}", await remedy("strict"))
    return Row("sandbox", "ok", level)


async def jail_row() -> Row:
    """Whether a command proposer can be jailed here. Offline proposers, and Claude without a shell, need no jail."""
    if problem := await asyncio.to_thread(jail.why_not):
        return Row("proposer's jail", "warn", f"command proposers cannot be jailed: {problem}", jail.HINT)
    reach = "" if jail.keeps_from_sockets() else "; abstract sockets of this machine stay in reach before Linux 6.12"
    return Row("proposer's jail", "ok", f"bubblewrap{reach}")


async def claude_row() -> Row:
    """The tools that `--proposer claude:MODEL` has here by default."""
    if problem := await asyncio.to_thread(shell.why_not):
        return Row("claude's tools", "warn", f"file tools and no shell: {problem}", f"{shell.HINT} to give it one")
    return Row("claude's tools", "ok", "a shell, inside the operating system's sandbox")


def disk_rows() -> list[Row]:
    """The disks where a search writes: its run, the cache of replies, temporary files."""
    rows = [disk_row("disk for runs", Path("runs").absolute(), "work in another folder")]
    try:
        cache = default_cache_folder().absolute()
        rows.append(disk_row("disk for the cache", cache, "set META_REWARD_CACHE to another folder"))
    except UsageError as error:
        rows.append(Row("disk for the cache", "fail", error.what, error.hint))
    name, elsewhere = "disk for temporary files", "set TMPDIR to another folder"
    try:
        rows.append(disk_row(name, Path(tempfile.gettempdir()), elsewhere))
    except OSError:
        rows.append(Row(name, "fail", "no folder can be written", elsewhere))
    return rows


def disk_row(name: str, folder: Path, elsewhere: str, *, least: int = _LEAST_FREE, plenty: int = _GIB) -> Row:
    """Whether a folder, which need not exist, can be written to, and how much space it has.

    elsewhere: how to use another folder. least, plenty: free bytes; with fewer than these it fails, or is a warning.
    """
    exists = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=exists) as file:
            file.write(b".")
        free = shutil.disk_usage(exists).free
    except OSError as error:
        return Row(name, "fail", f"{exists} cannot be written: {error.strerror}", elsewhere)
    what = f"{free / _GIB:.1f} GiB free for {folder}"
    if free >= plenty:
        return Row(name, "ok", what)
    needs = f"a search on skyways takes {_LEAST_FREE / _GIB:.1f} GiB, one on a larger task set more"
    return Row(name, "fail" if free < least else "warn", f"{what}; {needs}", f"free some space, or {elsewhere}")


async def agent_rows() -> list[Row]:
    """The coding agents that a proposer can use: the one that comes with the Claude Agent SDK, and those on PATH."""
    bundled = bundled_claude()
    programs = [
        ("claude of the SDK", str(bundled) if bundled else None),
        *((name, shutil.which(name)) for name in AGENTS),
    ]
    return list(await asyncio.gather(*(_agent_row(name, path) for name, path in programs)))


def bundled_claude() -> Path | None:
    """The program inside the Claude Agent SDK; None if it was installed without one."""
    spec = importlib.util.find_spec("claude_agent_sdk")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "_bundled" / "claude"
    return path if path.exists() else None


def key_rows(environment: Mapping[str, str]) -> list[Row]:
    """Which keys are set. Their values are not shown."""
    rows = []
    for name, purpose in KEYS.items():
        what = "set" if environment.get(name) else "set, and empty" if name in environment else "not set"
        rows.append(Row(name, "ok" if what == "set" else "absent", f"{what} ({purpose})"))
    return rows


async def _agent_row(name: str, path: str | None) -> Row:
    if path is None:
        return Row(name, "absent", "not found")
    try:
        version = await _version_of(path)
    except (OSError, ValueError) as error:
        return Row(name, "warn", f"{path} does not run: {_told(error)}", "install it again, or take it off PATH")
    return Row(name, "ok", f"{version} at {path}")


async def _version_of(path: str) -> str:
    """The first line that a program prints for --version. Raises OSError or ValueError if it fails."""
    environment = {key: value for key, value in os.environ.items() if key not in KEYS}
    # A file instead of a pipe, and its own session: so it is done when it exits, even if it leaves a child behind.
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdin=DEVNULL, stdout=output, stderr=DEVNULL, env=environment, start_new_session=True
        )
        try:
            code = await asyncio.wait_for(process.wait(), _PATIENCE_S)
        except TimeoutError:
            raise ValueError(f"no answer within {_PATIENCE_S:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        output.seek(0)
        words = output.read(_MAX_VERSION_BYTES).decode(errors="replace")
    if code:
        raise ValueError(f"exit code {code}")
    return words.strip().partition("\n")[0] or "no version"


def _told(error: Exception) -> str:
    """The text of an error, without the temporary folder in which it happened."""
    if isinstance(error, GitError):
        return f"git {error.command}: {error.output or 'no output'}"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
