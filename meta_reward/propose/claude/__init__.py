"""A proposer that is Claude, through the Claude Agent SDK: `claude:MODEL`."""
