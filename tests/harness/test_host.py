"""Requests to a host: answered one after the other, counted, and never faster than the program reads."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from meta_reward.errors import CandidateError
from meta_reward.harness.budget import Budget
from meta_reward.harness.entries import Output
from meta_reward.harness.sandbox import Sandbox
from tests.conftest import LEVEL
from tests.harness.boxed import QUICK, session

FLOODS = """
import json, struct, time

async def solve(problem, model, corpus):
    data = json.dumps({"type": "use", "ask": 1, "name": "search", "arguments": {"query": "x"}}).encode()
    model._sock.setblocking(True)
    model._sock.sendall((struct.pack("!I", len(data)) + data) * 100)
    time.sleep(60)
"""
ASKS_AT_ONCE = """
import asyncio

async def solve(problem, model, corpus):
    found = await asyncio.gather(*(corpus.search(f"query {n}") for n in range(20)))
    return " ".join(one.text[:8] for (one,) in found)
"""


@dataclass(slots=True)
class LongAnswers:
    """A host whose every answer is large."""

    chars: int
    requests: list[str] = field(default_factory=list)

    async def use(self, name: str, arguments: Mapping[str, Any]) -> Any:
        self.requests.append(arguments["query"])
        return [{"text": arguments["query"].ljust(self.chars, "."), "score": 1.0, "metadata": {}}]

    def record(self) -> list[Any]:
        return list(self.requests)


def solve(source: str, host: LongAnswers, budget: Budget = QUICK) -> Output:
    async def work() -> Output:
        async with Sandbox(budget, level=LEVEL) as sandbox:
            return await sandbox.run(source, "solve", {"problem": "?"}, session().ask, host=host)

    return asyncio.run(work())


def test_program_that_does_not_read_is_not_answered_further() -> None:
    host = LongAnswers(10_000_000)
    with pytest.raises(CandidateError, match="of its own time"):
        solve(FLOODS, host)
    assert len(host.requests) < 3


def test_requests_at_once_are_answered_in_their_order() -> None:
    host = LongAnswers(300_000)
    answer = solve(ASKS_AT_ONCE, host, replace(QUICK, active_s=10.0))
    assert answer == " ".join(f"query {n}".ljust(8, ".")[:8] for n in range(20))
    assert host.requests == [f"query {n}" for n in range(20)]


def test_bytes_of_requests_are_counted_as_they_are_recorded() -> None:
    one = len(json.dumps(["search", {"query": "query 0", "k": 5, "where": {}}], separators=(",", ":")))
    most = replace(QUICK, active_s=10.0, host_bytes=10 * one)
    host = LongAnswers(10)
    with pytest.raises(CandidateError, match="requests to the host of more than"):
        solve(ASKS_AT_ONCE, host, most)
    assert len(host.requests) <= 10
