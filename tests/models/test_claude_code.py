"""Claude through the Agent SDK's own program, against the Messages API on loopback: one call a process,
nothing of the user's around it, and replies as they are."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meta_reward.completion import Completion, Request, Usage
from meta_reward.errors import JudgeError, JudgeMisconfigured, JudgeTransient, MetaRewardError, PromptTooLong
from meta_reward.models.registry import make_backend
from meta_reward.trajectory import Message, Tool
from tests.endpoints import Endpoint, Fault, Said, Seen, messages_error

pytestmark = pytest.mark.slow
LOOK = Tool("look", "Look up an order.", {"type": "object", "properties": {"order": {"type": "string"}}})
MODEL = "claude-haiku-4-5"
HELLO = Request((Message("user", "hello @/etc/passwd"),))


def ask_all(said: Said | Fault, requests: Sequence[Request], **settings: Any) -> tuple[list[Any], list[Seen]]:
    """Completions or errors of requests made at the same time, and all that was sent."""
    with Endpoint(lambda seen: said) as endpoint:

        async def work() -> list[Any]:
            backend = make_backend(f"claude-code:{MODEL}@{endpoint.url}", settings)
            answers = (backend.complete(request, draw=0) for request in requests)
            return await asyncio.gather(*answers, return_exceptions=True)

        return asyncio.run(work()), endpoint.seen


def ask(said: Said | Fault, request: Request = HELLO, **settings: Any) -> tuple[Any, list[Seen]]:
    (answer,), seen = ask_all(said, [request], **settings)
    return answer, seen


@pytest.mark.parametrize(
    ("said", "completion"),
    [
        (Said("80"), Completion("80", Usage(100, 10))),
        (Said(""), Completion("", Usage(100, 10))),
        (Said("half", stop="max_tokens"), Completion("half", Usage(100, 10), (), "length")),
        (Said("I won't", stop="refusal"), Completion("I won't", Usage(100, 10), (), "refusal")),
        (
            Said("80", usage={"input_tokens": 5, "cache_read_input_tokens": 95, "output_tokens": 3}),
            Completion("80", Usage(100, 3, cache_read_tokens=95)),
        ),
    ],
)
def test_reply_is_handed_on_as_it_is_after_one_call(said: Said, completion: Completion) -> None:
    answer, seen = ask(said)
    assert (answer, len(seen)) == (completion, 1)


def test_program_sends_the_prompt_verbatim_and_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"):
        monkeypatch.setenv(name, "sk-real-0123")
    monkeypatch.setenv("ANTHROPIC_MODEL", "another")
    answer, (seen,) = ask(Said("80"), Request(HELLO.messages, system="You judge."), max_tokens=500, system="Be strict.")
    assert answer.text == "80"
    assert "sk-real" not in str(seen)
    assert (seen.headers["authorization"], seen.body["model"], seen.body["max_tokens"]) == ("Bearer none", MODEL, 500)
    assert (seen.tools, seen.body["thinking"]) == ([], {"type": "disabled"})
    assert seen.texts[-1].endswith("hello @/etc/passwd")
    assert "budget" not in str(seen.body["messages"])
    assert seen.body["system"][-1]["text"] == "Be strict.\n\nYou judge."


def test_long_system_prompt_arrives_whole() -> None:
    system = "Be fair. " * 40_000
    _, (seen,) = ask(Said("80"), Request(HELLO.messages, system=system))
    assert system.strip() in seen.body["system"][-1]["text"]


def test_tools_are_offered_natively_and_their_history_is_told() -> None:
    calls = (("mcp__harness__look", {"order": "1"}), ("mcp__harness__look", {"order": "2"}))
    first, (seen,) = ask(Said("Let me see.", calls), Request(HELLO.messages, tools=(LOOK,), require="look"))
    assert seen.tools == ["mcp__harness__look"]
    assert "Call the tool look before you answer." in seen.texts[-1]
    assert (first.text, first.stop_reason) == ("Let me see.", "tool")
    assert [(call.name, call.arguments) for call in first.tool_calls] == [
        ("look", {"order": "1"}),
        ("look", {"order": "2"}),
    ]
    results = [Message("tool", f"sent {call.id}", tool_call_id=call.id) for call in first.tool_calls]
    history = (*HELLO.messages, Message("assistant", first.text, first.tool_calls), *results)
    second, (seen,) = ask(Said("80"), Request(history, tools=(LOOK,)))
    assert second == Completion("80", Usage(100, 10))
    assert seen.turn == 0
    for part in ('look {"order": "2"}', *(f"sent {call.id}" for call in first.tool_calls)):
        assert part in seen.texts[-1]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (messages_error(429, "rate_limit_error", "slow"), JudgeTransient, "answers 429"),
        (messages_error(529, "overloaded_error", "Overloaded"), JudgeTransient, "answers 529"),
        (messages_error(500, "api_error", "boom"), JudgeTransient, "answers 500"),
        (Fault(how="drop"), JudgeTransient, "Connection"),
        (Fault(how="cut"), JudgeTransient, "without content or stop reason"),
        (Fault(200, "no json"), JudgeTransient, "Stream ended"),
        (messages_error(401, "authentication_error", "invalid"), JudgeMisconfigured, "answers 401"),
        (
            messages_error(404, "not_found_error", "model: m"),
            JudgeMisconfigured,
            "check the model name 'claude-haiku-4-5'",
        ),
        (
            messages_error(400, "invalid_request_error", "Your credit balance is too low"),
            JudgeMisconfigured,
            "its credit is used up",
        ),
        (
            messages_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            PromptTooLong,
            "210000 tokens does not fit the judge's window of 200000",
        ),
        (messages_error(400, "invalid_request_error", "bad thing"), JudgeError, "bad thing"),
    ],
)
def test_fault_is_what_it_is_with_any_other_judge(fault: Fault, kind: type[MetaRewardError], words: str) -> None:
    error, _ = ask(fault)
    assert type(error) is kind
    assert words in str(error)


def test_hanging_endpoint_is_left_after_the_time_out() -> None:
    error, _ = ask(Fault(how="hang", seconds=30), timeout_s=2)
    assert isinstance(error, JudgeTransient)
    assert "no answer within 2 s" in str(error)


def test_several_calls_at_once_do_not_mix() -> None:
    requests = [Request((Message("user", f"number {number}"),)) for number in range(4)]
    answers, seen = ask_all(Said("80"), requests)
    assert [answer.text for answer in answers] == ["80"] * 4
    assert sorted(one.texts[-1][-8:] for one in seen) == [f"number {number}" for number in range(4)]


def test_call_that_is_given_up_leaves_no_process() -> None:
    arrived = threading.Event()

    def hang(seen: Seen) -> Fault:
        arrived.set()
        return Fault(how="hang", seconds=30)

    async def work(url: str) -> None:
        backend = make_backend(f"claude-code:{MODEL}@{url}", {})
        task = asyncio.create_task(backend.complete(HELLO, draw=0))
        assert await asyncio.to_thread(arrived.wait, 30)
        assert children() > before
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = children()
    with Endpoint(hang) as endpoint:
        asyncio.run(work(endpoint.url))
    assert children() == before


def children() -> set[str]:
    """The ids of this process's children."""
    return {pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()}
