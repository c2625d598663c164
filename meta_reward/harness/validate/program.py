"""What the validator needs to know about a kind of program: its functions, and the runs that test it."""

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
    """The arguments in JSON form."""


Chain = tuple[Step, ...]
"""Calls one after another: the output of each is the argument `memory` of the next."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a program of one kind must look like."""

    required: tuple[str, ...]
    """Names of the functions that it must define, from `ENTRIES`."""
    plain: Chain
    """A run on a made-up input."""
    output: str
    """What the last call of a run returns, in words."""
    odd: Mapping[str, Chain] = field(default_factory=dict)
    """Runs on odd inputs like those in real data, each by its description."""
    optional: tuple[str, ...] = ()
    """The functions that it may define."""
    has_parts: bool = False
    """Whether the six parts of a harness are looked for."""
    host: Callable[[], Host] | None = None
    """Makes the host for these runs; None if such programs have none."""
