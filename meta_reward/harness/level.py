"""The names of the sandbox levels, the strictest first. `levels.py` finds out which of them a machine supports."""

from typing import Literal, get_args

Level = Literal["strict", "locked", "none"]
LEVELS: tuple[Level, ...] = get_args(Level)
AUTO = "auto"
"""The strictest that works here; never `none`."""
CHOICES = (AUTO, *LEVELS)
