"""A proposer that is any program: it is run in its staging folder and is done when it exits.

It finds the history at `$META_REWARD_HISTORY` and as `../history`, how many candidates it may
leave at `$META_REWARD_CANDIDATES`, and its instructions on standard input. The offline catalog is
run the same way. There is no jail around it yet: a user's own command therefore runs only when
`--proposer-jail none` says so.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
import tempfile
from asyncio.subprocess import STDOUT
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from meta_reward.errors import ProposerError, UsageError
from meta_reward.harness.worker import die_with_parent
from meta_reward.propose.base import Assignment, Proposer
from meta_reward.run.config import ProposerSettings

INSTRUCTIONS = Path(__file__).with_name("instructions.md")
_MAX_LOG_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class CommandProposer:
    """Runs a command line once a session."""

    command: Sequence[str]
    minutes: float
    repairs: bool

    async def propose(self, assignment: Assignment) -> str:
        # Files rather than pipes: a program is done when it exits, whatever it left running with its output.
        with tempfile.TemporaryFile() as output:
            process = await self._start(assignment, output)
            try:
                async with asyncio.timeout(self.minutes * 60):
                    await process.wait()
            except TimeoutError:
                raise ProposerError(f"{self.command[0]}: no end within {self.minutes:g} minutes") from None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            log = _last_of(output)
        if process.returncode:
            last = log.strip().rpartition("\n")[2]
            raise ProposerError(f"{self.command[0]}: exit code {process.returncode}: {last or 'no output'}")
        return log

    async def _start(self, assignment: Assignment, output: IO[bytes]) -> asyncio.subprocess.Process:
        try:
            with INSTRUCTIONS.open("rb") as instructions:
                return await asyncio.create_subprocess_exec(
                    *self.command,
                    cwd=assignment.staging,
                    env=os.environ | _environment(assignment),
                    stdin=instructions,
                    stdout=output,
                    stderr=STDOUT,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                )
        except OSError as error:
            raise UsageError(f"proposer {self.command[0]} does not start: {error.strerror}") from None


def _last_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _MAX_LOG_BYTES))
    return output.read().decode(errors="replace")


def _environment(assignment: Assignment) -> dict[str, str]:
    return {
        "META_REWARD_HISTORY": str(assignment.history),
        "META_REWARD_CANDIDATES": str(assignment.candidates),
        "META_REWARD_ITERATION": str(assignment.iteration),
        "META_REWARD_SEED": str(assignment.seed),
        "META_REWARD_REJECTED": "\n".join(assignment.rejected),
        "PYTHONHASHSEED": "0",
    }


def make_proposer(settings: ProposerSettings) -> Proposer:
    """The proposer that the settings name. Raises UsageError for one that is not known."""
    kind, _, rest = settings.spec.partition(":")
    if kind not in _KINDS:
        raise UsageError(f"unknown proposer {settings.spec!r}", hint="known: catalog, command:PROGRAM ...")
    return _KINDS[kind](rest, settings)


def _catalog(rest: str, settings: ProposerSettings) -> Proposer:
    if rest:
        raise UsageError(f"proposer catalog takes no argument, and was given {rest!r}")
    return CommandProposer((sys.executable, "-P", "-m", "meta_reward.propose.catalog"), settings.minutes, repairs=False)


def _command(rest: str, settings: ProposerSettings) -> Proposer:
    if settings.jail != "none":
        hint = "--proposer-jail none runs it unconfined, with your own rights and the sealed splits in its reach"
        raise UsageError("a command proposer has no jail yet", hint=hint)
    try:
        command = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"proposer command {rest!r} cannot be read: {error}") from None
    if not command:
        raise UsageError("proposer command: names no program", hint="for example command:./my-agent")
    return CommandProposer(command, settings.minutes, repairs=True)


_KINDS: dict[str, Callable[[str, ProposerSettings], Proposer]] = {"catalog": _catalog, "command": _command}
