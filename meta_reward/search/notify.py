"""Telling a person outside: a command that gets an event as JSON on its standard input.

It runs when a search ends, when a limit is near, and when the judge stops answering or answers again. It runs beside
the search and never stops it; only the end waits for it.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from meta_reward import files
from meta_reward.run.events import END, LIMIT, OUTAGE, RECOVERY, Event, event_to_json

_WORTH_IT = (END, LIMIT, OUTAGE, RECOVERY)
_MOST_S = 30.0


@contextmanager
def notifying(command: str | None, run: str, tell: Callable[[str], None]) -> Iterator[list[Callable[[Event], None]]]:
    """The listeners of a search's events: one that runs the command, or none without a command.

    run: the name of the run, which is added to the event. tell: called with a line if the command fails.
    """
    notifier = _Notifier(command, run, tell) if command else None
    try:
        yield [notifier] if notifier else []
    finally:
        if notifier:
            notifier.wait()


@dataclass(slots=True)
class _Notifier:
    command: str
    """For `sh -c`."""
    run: str
    tell: Callable[[str], None]
    _threads: list[threading.Thread] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if event.event in _WORTH_IT:
            data = files.dump_line({"run": self.run, **event_to_json(event)})
            thread = threading.Thread(target=self._call, args=(data,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait(self) -> None:
        """Wait until every command has ended, or used up its time."""
        for thread in self._threads:
            thread.join(_MOST_S)

    def _call(self, data: bytes) -> None:
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", self.command], input=data, capture_output=True, timeout=_MOST_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self.tell(f"the command of --notify failed: {error}")
            return
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            self.tell(f"the command of --notify failed with exit code {done.returncode}: {last or 'no message'}")
