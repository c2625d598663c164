"""What a program may ask besides its model, such as a corpus: the parent's side.

The host runs in the parent, so what it saw is recorded there, and a program cannot forge it.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Refusal(Exception):
    """A host's answer to a request that it cannot serve; the program gets it as a `HostError`."""


class Host(Protocol):
    """Answers the requests of one run of a program."""

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer to a request, as JSON can hold it. arguments: untrusted. Raises Refusal."""
        ...

    def record(self) -> list[Any]:
        """What was asked and answered so far, as JSON can hold it."""
        ...

    def waited_s(self) -> float:
        """Seconds so far that answers took through no fault of the program."""
        ...

    async def close(self, *, ended: bool) -> None:
        """Nothing more is asked. ended: whether the program ended by itself, without a failure.

        Raises WorldFailed where it did and how it went cannot be told.
        """
        ...
