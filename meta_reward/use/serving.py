"""Runs the server of a reward until a signal stops it; requests in progress get a few seconds to finish."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from meta_reward.errors import UsageError
from meta_reward.use.listening import listen
from meta_reward.use.loaded import Loaded
from meta_reward.use.scorer import Scorer
from meta_reward.use.server import Bounds, is_loopback, make_app

_GRACE_S = 10


class _Server(uvicorn.Server):
    """Does not handle signals; `_stopped_by_signals` does."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    loaded: Loaded, *, host: str, port: int, bounds: Bounds, notice: Callable[[str], None], begun: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM. port: 0 for any free one. begun: called with the address.

    Raises UsageError if the address is not available, or can be reached from other machines and there is no token.
    """
    if not is_loopback(host) and not bounds.token:
        what = f"{host} can be reached from other machines, and no token is set"
        raise UsageError(what, hint="name the environment variable that holds one with --token-env")
    with listen(host, port) as listener:
        async with Scorer(loaded, notice=notice) as scorer:
            app = make_app(scorer, bounds, loopback=is_loopback(host))
            config = uvicorn.Config(
                app, log_level="error", access_log=False, timeout_graceful_shutdown=_GRACE_S, lifespan="off"
            )
            server = _Server(config)
            with _stopped_by_signals(server):
                begun(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}")
                await server.serve([listener])


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    loop, endings = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
    for ending in endings:
        loop.add_signal_handler(ending, _stop, server)
    try:
        yield
    finally:
        for ending in endings:
            loop.remove_signal_handler(ending)


def _stop(server: uvicorn.Server) -> None:
    server.force_exit = server.should_exit  # the second time
    server.should_exit = True
