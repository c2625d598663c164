"""Serves an application on loopback until Ctrl-C."""

import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from meta_reward.use.listening import listen

HOST = "127.0.0.1"
_GRACE_S = 2


def serve(app: ASGIApp, *, port: int, show: Callable[[str], None], browser: bool) -> None:
    """Serve on loopback until the process is interrupted.

    port: 0 for any free one. show: called with the address once it answers. browser: whether to open the address in a
    browser, if a person is at a terminal.
    """
    bound = listen(HOST, port)
    address = f"http://{HOST}:{bound.getsockname()[1]}/"

    def begin() -> None:
        show(address)
        if browser and sys.stdout.isatty():
            Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    with suppress(KeyboardInterrupt):  # uvicorn has finished what it was answering
        _Server(_config(app), begin).run(sockets=[bound])


class _Server(uvicorn.Server):
    """Calls `begin` once it answers."""

    def __init__(self, config: uvicorn.Config, begin: Callable[[], None]) -> None:
        super().__init__(config)
        self._begin = begin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begin()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
