"""A host: what a program may ask besides its model, such as a corpus; the parent's side.

The host runs in the parent process and keeps the record there, so a program cannot forge it.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Refusal(Exception):
    """A host's answer to a request that it cannot serve; the program gets it as a `HostError`."""


class Host(Protocol):
    """Answers the requests of one run of a program."""

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer to a request, as JSON can hold it. arguments: untrusted. Raises Refusal if it cannot be served."""
        ...

    def record(self) -> list[Any]:
        """What was asked and answered so far, as JSON can hold it."""
        ...

    def waited_s(self) -> float:
        """Seconds so far that answers took through no fault of the program."""
        ...

    async def close(self, *, ended: bool) -> None:
        """End the host after the last request. ended: whether the program ended by itself, without a failure.

        Raises WorldFailed if the program did, but the outcome cannot be determined.
        """
        ...
