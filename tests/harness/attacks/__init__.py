"""Attacks on the sandbox: small programs by theme, and the arena in which they run."""
