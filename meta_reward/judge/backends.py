"""The kinds of judges, by the name before the colon of `--judge KIND:MODEL`."""

from collections.abc import Mapping
from typing import Any

from meta_reward.completion import Backend
from meta_reward.errors import UsageError


def make_backend(spec: str, settings: Mapping[str, Any], *, seed: int = 0) -> Backend:
    """The judge that a spec names. Raises UsageError for one that is not known."""
    kind, _, model = spec.partition(":")
    if kind == "simulated":
        from meta_reward.simulated.judge import simulated_judge

        return simulated_judge(model, **{"seed": seed, **settings})
    raise UsageError(f"unknown judge {spec!r}", hint="known: simulated, simulated:perfect, simulated:noise")
