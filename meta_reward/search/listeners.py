"""Event listeners that may be slow or fail: each works in its own thread and never stops the search.

with listening({"the command of --notify": Notifier(...)}, tell=print) as listeners:
    EventLog(path, listeners=listeners)
"""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from meta_reward.run.events import Event

Handler = Callable[[Event], None]
"""If it raises an error, the user is told, and it still gets the next event."""

PATIENCE_S = 60.0
_SILENCE_S = 3.0  # how long to wait for a listener before telling the user


@contextmanager
def listening(handlers: Mapping[str, Handler], tell: Callable[[str], None]) -> Iterator[list[Handler]]:
    """Listeners that pass every event to their handlers, in order. When the block ends, they get some time to finish.

    handlers: by the name that messages use for them. tell: called with a message if one fails or takes long.
    """
    threads = [_Background(name, handle, tell) for name, handle in handlers.items()]
    try:
        yield [*threads]
    finally:
        for thread in threads:
            thread.finish()


class _Background:
    """Hands events to a handler in a thread."""

    def __init__(self, name: str, handle: Handler, tell: Callable[[str], None]) -> None:
        self._name, self._handle, self._tell = name, handle, tell
        self._told: set[str] = set()
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        self._events.put(event)

    def finish(self) -> None:
        """Wait until all events are handled, but no longer than PATIENCE_S."""
        self._events.put(None)
        self._thread.join(_SILENCE_S)
        if self._thread.is_alive():
            self._tell(f"waiting for {self._name}, at most {PATIENCE_S:g} s; Ctrl-C to leave now")
            self._thread.join(PATIENCE_S - _SILENCE_S)
        if self._thread.is_alive():
            self._tell(f"{self._name} is not done after {PATIENCE_S:g} s; not waiting any longer")

    def _work(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._handle(event)
            except Exception as error:  # a boundary: other people's commands and services
                self._say(f"{self._name} failed: {' '.join(str(error).split()) or type(error).__name__}")

    def _say(self, text: str) -> None:
        """Report a failure, but the same one only once."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
