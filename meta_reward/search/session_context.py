"""What a session of a proposer is given: the view of the history, what it is told, and a way to try drafts.

async with open_session_context(search, iteration) as context:
    ...                    # an agent of this process calls briefing.try_harness, one in a jail the socket
briefing.trials            # what it tried, for the record
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meta_reward.propose.prompt import load_instructions, render_instructions
from meta_reward.propose.session_server import AnswerRequest, open_session_server
from meta_reward.propose.views import make_view
from meta_reward.run.layout import HistoryLayout
from meta_reward.search.context import Search
from meta_reward.search.session_api import make_answer
from meta_reward.search.tryout.run import Tryouts, tryouts_of

TryHarness = Callable[[Path | str, Sequence[str]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class SessionContext:
    """One session's material. view: the folder to show, read only; also `history` beside the staging folder.

    instructions: all that the agent is told whatever the session. socket: where `propose/client.py` asks.
    query: answers the same for an agent of this process.
    """

    view: Path
    instructions: str
    socket: Path
    tries: Tryouts | None
    query: AnswerRequest

    @property
    def try_harness(self) -> TryHarness | None:
        """Tries a draft in staging on named pairs; None where drafts cannot be tried."""
        return None if self.tries is None else self.tries.try_harness

    @property
    def trials(self) -> list[dict[str, Any]]:
        """What was tried so far: which draft, on which pairs, how many judge calls, what they cost."""
        return [] if self.tries is None else [asdict(trial) for trial in self.tries.done]


@contextlib.asynccontextmanager
async def open_session_context(search: Search, iteration: int) -> AsyncIterator[SessionContext]:
    """The material of a session whose folder exists; requests are answered while the block runs."""
    layout, config = search.layout, search.config
    beside = layout.session(iteration).resolve() / "history"
    view = make_view(layout.history.resolve(), beside, config.proposer.history)
    if view != beside and not beside.is_symlink():
        beside.symlink_to(Path("../../history"))
    tries = tryouts_of(search, layout.staging(iteration).resolve())
    told = render_instructions(load_instructions(layout.instructions), config, can_try=tries is not None)
    answer = make_answer(HistoryLayout(view), tries)
    async with open_session_server(answer) as socket:
        yield SessionContext(view, told, socket, tries, answer)
