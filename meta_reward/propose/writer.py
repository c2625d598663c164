"""The model that writes programs for proposers that are not agents. Each question, reply and cost is recorded.

An optimizer that is replayed first asks again what it asked in earlier sessions, and gets the recorded replies in
order. New questions go through the cache of replies, so a session that was cut off pays for no reply twice.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from meta_reward import files
from meta_reward.completion import Model, Request, Usage, estimated_tokens, request_to_json
from meta_reward.errors import ProposerError, UsageError
from meta_reward.models.cache import Cache, folder_of_judge
from meta_reward.models.gateway import Gateway
from meta_reward.models.in_flight import EXPECTED_REPLY_TOKENS
from meta_reward.models.rate_limit import QueueTime
from meta_reward.models.registry import make_backend
from meta_reward.propose.claude.usage import CallUsage
from meta_reward.propose.session_summary import WRITER
from meta_reward.propose.transcript import Transcript
from meta_reward.run.settings import LIBRARY
from meta_reward.trajectory import Message

_MAX_TOKENS = 16_384
_MOST_ITERATIONS = 10_000


def make_writer(spec: str, settings: Mapping[str, Any], kind: str = "") -> Model:
    """The writing model with this spec. Raises UsageError if it is unknown or does not take these settings.

    kind: the kind of proposer that names the model in its own spec, for the message; by default `--writer` names it.
    """
    takes_length = spec.startswith(("anthropic:", "openai:"))
    try:
        return make_backend(spec, {"max_tokens": _MAX_TOKENS, **settings} if takes_length else settings)
    except UsageError as error:
        raise UsageError(
            f"{f'--proposer {LIBRARY}' if kind == LIBRARY else '--writer'}: {str(error).replace('judge', 'writer', 1)}"
        ) from None


def open_writer_gateway(spec: str, settings: Mapping[str, Any]) -> Gateway:
    """A gateway to a writing model, with the user's cache of replies."""
    return Gateway(make_writer(spec, settings), Cache(folder_of_judge(spec)))


class Writer:
    """Asks a writing model in one session.

    transcript: records questions, replies and usage. iteration, seed: each combination gets its own draws. most: the
    most new questions. max_usd: the most US dollars for them, 0 for no limit. recorded: the replies of earlier
    sessions, which answer the first questions.
    """

    def __init__(
        self,
        gateway: Gateway,
        transcript: Transcript,
        *,
        iteration: int,
        seed: int,
        most: int,
        max_usd: float = 0.0,
        recorded: Iterable[str] = (),
    ) -> None:
        self._gateway, self._transcript = gateway, transcript
        self._repeat, self._most, self._max_usd = seed * _MOST_ITERATIONS + iteration, most, max_usd
        self._recorded, self._draws = iter(recorded), Counter[str]()

    async def ask(self, prompt: str, system: str | None = None) -> str:
        """The reply to a question. Raises ProposerError if nothing more may be asked, and as `Gateway.complete`."""
        if (known := next(self._recorded, None)) is not None:
            return known
        self._check()
        request = Request((Message("user", prompt),), system)
        question = files.digest(request_to_json(request))
        draw = self._draws[question]
        self._draws[question] += 1
        call = f"call-{self._draws.total()}"
        self._transcript.add("question", call=call, system=system, prompt=prompt)
        expected = Usage(estimated_tokens(request), EXPECTED_REPLY_TOKENS)
        self._count(call, expected, self._gateway.backend.cost_usd(expected))
        key = self._gateway.key(request, trajectory_digest="writer", repeat=self._repeat, draw=draw)
        completion, tries = await self._gateway.complete(
            key, request, repeat=self._repeat, draw=draw, queue_time=QueueTime(self._gateway.clock)
        )
        self._count(call, completion.usage, self._gateway.backend.cost_usd(completion.usage) if tries else 0.0)
        self._transcript.add("reply", call=call, text=completion.text)
        return completion.text

    def _check(self) -> None:
        if self._draws.total() >= self._most:
            raise ProposerError(f"{self._most} replies of the writer brought no new program", status="left nothing")
        if self._max_usd and self._gateway.spent.cost_usd >= self._max_usd:
            raise ProposerError("the writer used up what a session may cost", status="out of budget")

    def _count(self, call: str, usage: Usage, cost_usd: float | None) -> None:
        """Record the usage of a call; a later line for the same call replaces it."""
        known = CallUsage(call, WRITER, usage.input_tokens, output_tokens=usage.output_tokens, cost_usd=cost_usd)
        self._transcript.add("usage", **asdict(known))
