"""A proposer that can be any program: it works in its staging folder, and its session ends when it exits.

It gets its prompt on standard input and as the file `$META_REWARD_PROMPT`, the history at `$META_REWARD_HISTORY` and
`../history`, and the number of candidates it may leave in `$META_REWARD_CANDIDATES`. It runs in a jail, or with the
user's own rights if the settings say so. The offline proposers run the same way; they are part of this package and need
no jail.
"""

import asyncio
import contextlib
import functools
import os
import resource
import signal
import tempfile
from asyncio.subprocess import STDOUT
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from meta_reward.errors import ProposerError, ProposerKilled, UsageError
from meta_reward.harness.process_limits import die_with_parent
from meta_reward.propose import jail
from meta_reward.propose.base import PACKAGE, Assignment, check_variables, render_prompt
from meta_reward.propose.jail import Jail, Mount
from meta_reward.propose.pack_client import pack_client
from meta_reward.propose.program import find_program
from meta_reward.propose.secrets import Secrets
from meta_reward.propose.session_summary import summarize
from meta_reward.propose.transcript import Transcript

_MAX_OUTPUT_BYTES = 4 * 1024 * 1024
_MAX_FILE_BYTES = 1024**3
_LEAST_MINUTES = 0.01
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
_MISSING = ("No such file or directory", "ModuleNotFoundError", "Cannot find module", "MODULE_NOT_FOUND")
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # the second is how a shell or a jail reports it
_NAME_IT = "the jail does not show what it misses: name that file or its folder with --proposer-bind PATH"
_KEPT = ("LANG", "LC_ALL", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Confinement:
    """How the user wants a command jailed."""

    bind: Sequence[str] = ()
    """Paths to show, as `--proposer-bind` takes them."""
    network: bool = True


@dataclass(frozen=True, slots=True)
class CommandProposer:
    """Runs a command line once per session, and again to fix refused candidates if it `repairs`."""

    command: Sequence[str]
    minutes: float
    repairs: bool
    confinement: Confinement | None = None
    """None runs it with the user's own rights."""
    env: Sequence[str] = ()
    """Names of environment variables to pass on; their values are secret."""

    def check(self) -> None:
        """Raise UsageError if no session could start."""
        if self.confinement and (reason := jail.why_not()):
            raise UsageError(f"this machine cannot jail a command proposer: {reason}", hint=jail.HINT)
        find_program(self.command)
        for text in self.confinement.bind if self.confinement else ():
            jail.parse_bind(text)
        check_variables(self.env)

    async def propose(self, assignment: Assignment) -> None:
        self.check()
        start = self._jailed(assignment) if self.confinement else self._unjailed(assignment)
        transcript = Transcript(assignment.transcript, secrets=self._secrets(start.environment))
        left = self.minutes - summarize(assignment.transcript, view=assignment.view).minutes
        jailed = "bubblewrap" if self.confinement else "none"
        network = "none" if self.confinement and not self.confinement.network else "host"
        sockets = "own" if network == "none" or (self.confinement and jail.keeps_from_sockets()) else "host"
        transcript.add("begin", runs=start.command, jail=jailed, network=network, abstract_sockets=sockets)
        transcript.add("prompt", text=start.prompt)
        # A file rather than a pipe: the session ends when the program exits, even if a child of it still writes.
        with tempfile.TemporaryFile() as output:
            try:
                code = await _run(start, output, max(left, _LEAST_MINUTES) * 60)
            except TimeoutError:
                reason = f"{self.command[0]}: no end within {self.minutes:g} minutes"
                raise ProposerError(reason, status="timed out") from None
            finally:
                log = transcript.secrets.hide(_last_of(output))
                transcript.add("output", text=log)
        if code in _KILLED:
            raise ProposerKilled(f"{self.command[0]}: killed by another process, or because memory ran out")
        if code:
            last_line = _last_line(log)
            raise ProposerError(f"{self.command[0]}: exit code {code}: {last_line}{self._hint(code, last_line)}")

    def _secrets(self, environment: Mapping[str, str]) -> Secrets:
        """The values of variables that the user names, and of those whose names suggest a secret, such as `X_TOKEN`."""
        named = [name for name in environment if any(word in name.upper() for word in _SECRET_WORDS)]
        return Secrets({name: environment.get(name, "") for name in (*named, *self.env)})

    def _hint(self, code: int, last_line: str) -> str:
        """What to do, if a program seems to lack a file in the jail; else empty."""
        misses = code in (126, 127) or any(text in last_line for text in _MISSING)
        return f" ({_NAME_IT})" if self.confinement and misses else ""

    def _unjailed(self, assignment: Assignment) -> "_Start":
        prompt = render_prompt(assignment, view=assignment.view, staging=assignment.staging)
        path = assignment.staging.parent / "prompt.md"
        own = _environment(assignment, view=assignment.view, prompt=path, socket=assignment.socket)
        return _Start(find_program(self.command).command, os.environ | own, prompt, path, assignment.staging)

    def _jailed(self, assignment: Assignment) -> "_Start":
        assert self.confinement is not None
        program = find_program(self.command)
        session = assignment.staging.parent
        path = session / "prompt.md"
        for folder in (assignment.home, session / "account"):
            folder.mkdir(exist_ok=True)
        home = Path(tempfile.mkdtemp(dir=assignment.home))  # a new one per start, since links cannot be made twice
        path.touch()
        mounts = [
            Mount(assignment.view, jail.VIEW),
            Mount(assignment.staging, jail.STAGING, writable=True),
            Mount(path, jail.PROMPT),
            *(Mount(need.resolve(), need, link=need.is_symlink()) for need in program.needs),
            *map(jail.parse_bind, self.confinement.bind),
            *_ways_to_ask(assignment, session),
        ]
        hidden = (*assignment.hidden, PACKAGE)
        inside = Jail(mounts, home, session / "account", hidden, self.confinement.network)
        environment = {name: os.environ[name] for name in (*_KEPT, *self.env) if name in os.environ}
        environment |= {
            "HOME": str(jail.home_in_jail()),
            "PATH": os.pathsep.join([*map(str, (*program.folders, jail.PROGRAMS)), jail.SYSTEM_PATH]),
            "USER": "agent",
            "TMPDIR": "/tmp",
            **_environment(
                assignment,
                view=jail.VIEW,
                prompt=jail.PROMPT,
                socket=jail.SOCKET if assignment.socket else None,
            ),
        }
        prompt = render_prompt(assignment, view=jail.VIEW, staging=jail.STAGING)
        return _Start(inside.command(program.command), environment, prompt, path, session, is_jailed=True)


@dataclass(frozen=True, slots=True)
class _Start:
    """How a program is started."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    prompt: str
    path: Path
    """The prompt file."""
    folder: Path
    """The working directory."""
    is_jailed: bool = False


def _ways_to_ask(assignment: Assignment, session: Path) -> list[Mount]:
    """Mounts for asking the search: its socket, and a client for it that is called `meta-reward`."""
    if assignment.socket is None:
        return []
    program = session / "meta-reward"
    program.write_bytes(pack_client())
    program.chmod(0o755)
    return [Mount(assignment.socket, jail.SOCKET, writable=True), Mount(program, jail.PROGRAMS / "meta-reward")]


async def _run(start: _Start, output: IO[bytes], timeout_s: float) -> int:
    """Run a program until it exits, then kill what it has started; returns its exit code. Raises TimeoutError."""
    start.path.write_bytes(start.prompt.encode())
    with start.path.open("rb") as prompt:
        try:
            process = await asyncio.create_subprocess_exec(
                *start.command,
                cwd=start.folder,
                env=start.environment,
                stdin=prompt,
                stdout=output,
                stderr=STDOUT,
                start_new_session=True,
                preexec_fn=functools.partial(_before_start, is_jailed=start.is_jailed),
            )
        except OSError as error:
            raise UsageError(f"proposer {start.command[0]} does not start: {error.strerror}") from None
    try:
        async with asyncio.timeout(timeout_s):
            return await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _before_start(*, is_jailed: bool) -> None:
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if is_jailed:
        jail.confine()


def _last_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _MAX_OUTPUT_BYTES))
    return output.read().decode(errors="replace")


def _last_line(log: str) -> str:
    return log.strip().rpartition("\n")[2][:1000] or "no output"


def _environment(assignment: Assignment, *, view: Path, prompt: Path, socket: Path | None) -> dict[str, str]:
    return {
        "META_REWARD_HISTORY": str(view),
        "META_REWARD_PROMPT": str(prompt),
        "META_REWARD_CANDIDATES": str(assignment.candidates),
        "META_REWARD_ITERATION": str(assignment.iteration),
        "META_REWARD_SEED": str(assignment.seed),
        "META_REWARD_KIND": assignment.kind,
        "META_REWARD_REJECTED": "\n".join(assignment.rejected),
        "PYTHONHASHSEED": "0",
        **({"META_REWARD_TRY": str(socket)} if socket else {}),
    }
