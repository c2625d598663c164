"""meta-reward: search over the harness around an LLM judge until its rewards can be trusted.

    from meta_reward import load_reward

    async with load_reward("runs/night-1") as reward:
        scored = await reward.score(messages)

Importing the package imports nothing else of it: sandboxes read this file too.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_USE = {"load_reward": "meta_reward.use.load"}


def __getattr__(name: str) -> Any:
    if name in _USE:
        return getattr(importlib.import_module(_USE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_USE])
