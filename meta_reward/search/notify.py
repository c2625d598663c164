"""Telling a person outside: a command that gets an event as JSON on its standard input.

It runs when a search ends, when a limit is near, and when the judge stops answering or answers again.
"""

import subprocess
from dataclasses import dataclass

from meta_reward import files
from meta_reward.errors import MetaRewardError
from meta_reward.run.events import END, LIMIT, OUTAGE, RECOVERY, Event, event_to_json

_WORTH_IT = (END, LIMIT, OUTAGE, RECOVERY)
_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Notifier:
    """A handler of events, for `listening`."""

    command: str
    """For `sh -c`."""
    run: str
    """The name of the run, which is added to the event."""

    def __call__(self, event: Event) -> None:
        """Run the command, if the event is worth it. Raises MetaRewardError if it fails, or takes too long."""
        if event.event not in _WORTH_IT:
            return
        data = files.dump_line({"run": self.run, **event_to_json(event)})
        command = ["/bin/sh", "-c", self.command]
        try:
            done = subprocess.run(command, input=data, capture_output=True, timeout=_MOST_S, check=False)
        except subprocess.TimeoutExpired:
            raise MetaRewardError(f"it took more than {_MOST_S:g} s") from None
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise MetaRewardError(f"exit code {done.returncode}, {last or 'without a message'}")
