"""Why a search is not running: a note for `status` that no search depends on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from meta_reward import files
from meta_reward.errors import DataError, MetaRewardError, UsageError
from meta_reward.run.layout import Layout


@dataclass(frozen=True, slots=True)
class Stop:
    """How a search ended, and why."""

    state: str
    """`finished`; `stopped` by a limit or an error; `interrupted`; or `running`, if it has not ended."""
    reason: str
    cut_off_calls: int = 0
    """Calls for unfinished trajectories. They count towards limits, but are in no result."""
    cut_off_tokens: int = 0


RUNNING = Stop("running", "")
_KILLED = Stop("interrupted", "the process was killed; the same command continues the search")


@contextmanager
def save_stop(layout: Layout, *, tell: Callable[[Stop], None] = lambda how: None) -> Iterator[Callable[[Stop], None]]:
    """Store how a search ended: as the block reports, or with the error that it raises.

    A killed process writes nothing, and its run shows as interrupted. tell: called with the same, even if nothing can
    be written any more.
    """

    def stop(how: Stop) -> None:
        how = replace(how, reason=files.printable(how.reason))
        try:
            if layout.config.exists():  # the run may have been removed
                files.write_json(layout.stop, how)
        finally:
            tell(how)

    layout.stop.unlink(missing_ok=True)
    try:
        yield stop
    except KeyboardInterrupt:
        stop(Stop("interrupted", "stopped by hand; the same command continues the search"))
        raise
    except (MetaRewardError, OSError) as error:
        with suppress(UsageError):  # what stopped it may be a full disk
            stop(Stop("stopped", str(error)))
        raise


def load_stop(layout: Layout) -> Stop:
    """How the last search of a run ended."""
    try:
        return Stop(**files.load_json(layout.stop))
    except (DataError, TypeError):
        return _KILLED
