"""A listening socket for the project's own servers."""

import socket

from meta_reward.errors import UsageError

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. port: 0 for any free one. Raises UsageError if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0].lower()
        raise UsageError(f"cannot listen at {host}, port {port}: {reason}", hint="give another --port") from None
