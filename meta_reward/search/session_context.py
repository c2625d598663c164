"""What a proposer gets for a session: a view of the history, instructions, and a way to try drafts.

async with open_session_context(search, iteration) as context:
    ...              # an agent in this process calls context.try_harness, one in a jail asks at context.socket
context.trials       # what it tried, for the record
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from meta_reward.errors import ProposerError
from meta_reward.propose.model_summary import write_summaries
from meta_reward.propose.prompt import load_instructions, render_instructions
from meta_reward.propose.session_server import AnswerRequest, open_session_server
from meta_reward.propose.transcript import Transcript
from meta_reward.propose.views import make_view
from meta_reward.propose.writer import Writer, open_writer_gateway
from meta_reward.run.hints import load_hints
from meta_reward.run.layout import HistoryLayout
from meta_reward.run.settings import MODEL_SUMMARIES
from meta_reward.search.context import Search
from meta_reward.search.session_api import make_answer
from meta_reward.search.tryout.run import Tryouts, tryouts_of

_MOST_SUMMARIES = 1000
TryHarness = Callable[[Path | str, Sequence[str]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a proposer gets for one session."""

    view: Path
    """The folder with the history that it may see, read-only; also linked as `history` next to the staging folder."""
    instructions: str
    """What the agent is told in every session of the run."""
    socket: Path
    """The socket on which `propose/client.py` sends requests."""
    tries: Tryouts | None
    """None if drafts cannot be tried."""
    query: AnswerRequest
    """Answers the same requests as the socket, for an agent in this process."""

    @property
    def try_harness(self) -> TryHarness | None:
        """Tries a draft in staging on pairs with these names; None if drafts cannot be tried."""
        return None if self.tries is None else self.tries.try_harness

    @property
    def trials(self) -> list[dict[str, object]]:
        """The drafts tried so far: path, pairs, judge calls and their cost."""
        return [] if self.tries is None else [asdict(trial) for trial in self.tries.done]


@contextlib.asynccontextmanager
async def open_session_context(search: Search, iteration: int) -> AsyncIterator[SessionContext]:
    """The context of a session; its staging folder must exist. Requests are answered while the block runs."""
    layout, config = search.layout, search.config
    beside = layout.session(iteration).resolve() / "history"
    if config.proposer.history == MODEL_SUMMARIES:
        await _summarize(search, iteration)
    view = make_view(layout.history.resolve(), beside, config.proposer.history, summaries=layout.summaries)
    if view != beside and not beside.is_symlink():
        beside.symlink_to(Path("../../history"))
    tries = tryouts_of(search, layout.staging(iteration).resolve())
    told = render_instructions(
        load_instructions(layout.instructions),
        config,
        can_try=tries is not None,
        hints=[hint.text for hint in load_hints(layout)],
    )
    answer = make_answer(HistoryLayout(view), tries)
    async with open_session_server(answer) as socket:
        yield SessionContext(view, told, socket, tries, answer)


async def _summarize(search: Search, iteration: int) -> None:
    """Have a model write the missing summaries of traces. Their cost counts as the session's."""
    layout, settings = search.layout, search.config.proposer
    writer = Writer(
        open_writer_gateway(settings.writer, settings.writer_settings),
        Transcript(layout.transcript(iteration)),
        iteration=iteration,
        seed=search.config.seed,
        most=_MOST_SUMMARIES,
        max_usd=settings.max_usd,
    )
    try:
        await write_summaries(HistoryLayout(layout.history), layout.summaries, writer)
    except ProposerError as error:
        search.events.note(f"iteration {iteration}: summaries are missing: {error}")
