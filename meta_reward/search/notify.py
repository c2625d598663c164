"""Notify a person through a command that gets an event as JSON on its standard input.

The command runs when a search ends, when a limit is near, and when the judge stops answering or answers again.
"""

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from typing import IO

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.run.events import END, LIMIT, OUTAGE, RECOVERY, Event, event_to_json

_WORTH_IT = (END, LIMIT, OUTAGE, RECOVERY)
_MOST_S = 30.0
_SAID_BYTES = 4096  # of its standard error, the end


@dataclass(frozen=True, slots=True)
class Notifier:
    """A handler of events, for `listening`."""

    command: str
    """A shell command, run with `sh -c`."""
    run: str
    """The name of the run, which is added to the event's JSON."""

    def __call__(self, event: Event) -> None:
        """Run the command if the event is worth a message. Raises MetaRewardError if it fails or takes too long."""
        if event.event not in _WORTH_IT:
            return
        data = files.dump_line({"run": self.run, **event_to_json(event)})
        with tempfile.TemporaryFile() as said:
            code = _run(["/bin/sh", "-c", self.command], data, said)
            if code:
                said.seek(max(0, said.seek(0, os.SEEK_END) - _SAID_BYTES))
                last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise MetaRewardError(f"exit code {code}, {last or 'without a message'}")


def _run(command: list[str], data: bytes, said: IO[bytes]) -> int:
    """Run a command; returns its exit code. Its output is dropped, and processes that it leaves running are ignored."""
    out = subprocess.DEVNULL
    # In its own session, so that Ctrl-C, which ends the search, does not end the command that reports it.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=said, start_new_session=True) as process:
        try:
            process.communicate(data, timeout=_MOST_S)
        except subprocess.TimeoutExpired:
            raise MetaRewardError(f"it took more than {_MOST_S:g} s") from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode
