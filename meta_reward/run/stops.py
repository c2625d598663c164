"""Why a search is not running: a note for `status`, beside the state and never part of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from meta_reward import files
from meta_reward.errors import DataError, MetaRewardError
from meta_reward.run.layout import Layout


@contextmanager
def save_stop(layout: Layout) -> Iterator[Callable[[str, str], None]]:
    """Write down how a search ended: as the block says, or by what it raises.

    A process that is killed writes nothing, and its run shows as interrupted.
    """

    def stop(state: str, reason: str) -> None:
        files.write_json(layout.stop, {"state": state, "reason": files.printable(reason)})

    layout.stop.unlink(missing_ok=True)
    try:
        yield stop
    except KeyboardInterrupt:
        stop("interrupted", "stopped by hand; the same command goes on")
        raise
    except MetaRewardError as error:
        stop("stopped", str(error))
        raise


def load_stop(layout: Layout) -> dict[str, Any]:
    """How the last search ended: `state` and `reason`."""
    try:
        stored: dict[str, Any] = files.load_json(layout.stop)
        return {"state": str(stored["state"]), "reason": str(stored["reason"])}
    except (DataError, KeyError, TypeError):
        return {"state": "interrupted", "reason": "the process ended without a word; the same command goes on"}
