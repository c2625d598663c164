"""What the validator asks of a program of one kind: its functions, and the runs that try it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_reward.harness.host import Host


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a function of a program."""

    entry: str
    """The function."""
    arguments: Mapping[str, Any]
    """In JSON form."""


Chain = tuple[Step, ...]
"""Calls one after the other: what one returns is the argument `memory` of the next."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a program of one kind looks like."""

    required: tuple[str, ...]
    """The functions that it must define, of `ENTRIES`."""
    plain: Chain
    """A run on something made up."""
    output: str
    """What the last call of a run returns, in words."""
    odd: Mapping[str, Chain] = field(default_factory=dict)
    """Runs on odd things that real data hold, by what they are."""
    optional: tuple[str, ...] = ()
    """The functions that it may define."""
    has_parts: bool = False
    """Whether the six parts of a harness are looked for."""
    host: Callable[[], Host] | None = None
    """Makes what it may ask besides the model in these runs."""
