"""The names of the sandbox levels, strictest first. `levels.py` finds out which of them a machine supports."""

from typing import Literal, get_args

Level = Literal["strict", "locked", "none"]
LEVELS: tuple[Level, ...] = get_args(Level)
AUTO = "auto"
"""Stands for the strictest level that works on this machine; never for `none`."""
CHOICES = (AUTO, *LEVELS)
