"""The run directory: what is where, how it is written so that a kill loses nothing, and its git history."""
