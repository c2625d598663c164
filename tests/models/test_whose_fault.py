"""Whose fault a failure is: a probe tells the endpoint's from the request's. Real clients, a server on loopback."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from meta_reward.errors import CandidateError, JudgeMisconfigured, JudgeUnavailable
from meta_reward.models.billing import BillingLog, load_bill
from meta_reward.models.cache import Cache
from meta_reward.models.gateway import Gateway
from meta_reward.models.in_flight import TRIVIAL
from meta_reward.models.registry import make_backend
from meta_reward.models.retry import RetryPolicy
from meta_reward.models.session import Answer, Ask
from meta_reward.trajectory import ToolCall
from tests.endpoints import Endpoint, Fault, Said, Seen, chat_error, messages_error

PATHS = {"anthropic": "", "openai": "/v1"}
PRICED = {"price_input": 1000.0, "price_output": 1000.0}
both = pytest.mark.parametrize("kind", PATHS)
PROBE = TRIVIAL.messages[0].content


async def no_tools(call: ToolCall) -> tuple[str, bool]:
    raise AssertionError(call.name)


def gateway_to(
    endpoint: Endpoint, kind: str, *, again: int = 1, concurrency: int = 16, path: Path | None = None
) -> Gateway:
    return Gateway(
        make_backend(f"{kind}:m@{endpoint.url}{PATHS[kind]}", PRICED),
        Cache(path / "cache") if path else None,
        concurrency=concurrency,
        retries=RetryPolicy(again=again, first_s=0.01),
        billing=BillingLog(path / "account.jsonl") if path else None,
    )


def ask_all(gateway: Gateway, *prompts: str) -> list[Answer | BaseException]:
    """What comes of questions asked at the same time, each of a trajectory of its own."""

    async def work() -> list[Answer | BaseException]:
        asked = (gateway.session(prompt).ask(Ask(prompt), no_tools) for prompt in prompts)
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 20)

    return asyncio.run(work())


def poisoned(fault: Fault) -> Callable[[Seen], Said | Fault]:
    """An endpoint that is fine but for requests with the word `poison`."""
    return lambda seen: fault if "poison" in seen.texts[-1] else Said("80")


@both
@pytest.mark.parametrize(
    ("fault", "asked"),
    [
        (Fault(500), 3),
        (Fault(503, {"error": {"type": "overloaded", "message": "poison"}}), 3),
        (Fault(how="drop"), 3),
        (Fault(200, "<html>"), 3),
        (chat_error(403, None, "flagged by moderation"), 2),
        (messages_error(404, "not_found_error", "no such thing"), 2),
        (chat_error(400, None, "Your credit balance is too low, says the candidate"), 2),
    ],
)
def test_request_that_always_fails_fails_its_trajectory_and_not_the_run(kind: str, fault: Fault, asked: int) -> None:
    with Endpoint(poisoned(fault)) as endpoint:
        bad, good = ask_all(gateway_to(endpoint, kind), "poison", "fine")
        texts = [seen.texts[-1] for seen in endpoint.seen]
    assert isinstance(bad, CandidateError)
    assert bad.kind == "judge-request"
    assert "answers other requests, but not this one" in bad.message
    assert good == Answer("80", "end")
    assert (texts.count("poison"), texts.count(PROBE)) == (asked, 1)


@both
@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, {}, {"retry-after": "3600"}),
        Fault(429),
        Fault(529),
        Fault(402, {"error": {"message": "more credit, or fewer tokens"}}),
        chat_error(429, "insufficient_quota", "you have none left"),
    ],
    ids=["a day's quota", "throttled", "overloaded", "payment", "no credit"],
)
def test_limit_that_only_real_prompts_meet_stops_the_run_and_blames_no_candidate(kind: str, fault: Fault) -> None:
    with Endpoint(poisoned(fault)) as endpoint:
        bad, good = ask_all(gateway_to(endpoint, kind), "poison", "fine")
        texts = [seen.texts[-1] for seen in endpoint.seen]
    assert isinstance(bad, JudgeUnavailable)
    assert isinstance(good, Answer)
    assert PROBE not in texts


@both
@pytest.mark.parametrize(
    ("fault", "error", "asked"),
    [
        (Fault(503), JudgeUnavailable, 2),
        (Fault(how="drop"), JudgeUnavailable, 2),
        (messages_error(401, "authentication_error", "invalid x-api-key"), JudgeMisconfigured, 1),
        (chat_error(429, None, "You exceeded your current quota"), JudgeMisconfigured, 1),
        (chat_error(404, "model_not_found", "The model `m` does not exist"), JudgeMisconfigured, 1),
    ],
)
def test_endpoint_that_fails_the_probe_too_is_down_and_stops_the_run(
    kind: str, fault: Fault, error: type[JudgeUnavailable], asked: int
) -> None:
    with Endpoint(lambda seen: fault) as endpoint:
        (raised,) = ask_all(gateway_to(endpoint, kind), "fine")
    assert type(raised) is error
    assert [seen.texts[-1] for seen in endpoint.seen] == ["fine"] * asked + [PROBE]


@both
def test_endpoint_that_is_back_when_it_is_probed_answers_the_call_after_all(kind: str) -> None:
    with Endpoint(lambda seen: Fault(503) if seen.ordinal < 2 else Said("80")) as endpoint:
        (answer,) = ask_all(gateway_to(endpoint, kind), "fine")
    assert answer == Answer("80", "end")
    assert [seen.texts[-1] for seen in endpoint.seen] == ["fine", "fine", PROBE, "fine"]


@both
def test_calls_that_fail_at_the_same_time_share_a_probe(kind: str) -> None:
    with Endpoint(lambda seen: Fault(503), latency_s=0.05) as endpoint:
        raised = ask_all(gateway_to(endpoint, kind, again=0), *"abcdef")
    assert {type(error) for error in raised} == {JudgeUnavailable}
    assert [seen.texts[-1] for seen in endpoint.seen].count(PROBE) == 1


@both
def test_probe_is_counted_and_priced_like_any_call_and_never_answered_from_the_cache(kind: str, tmp_path: Path) -> None:
    with Endpoint(poisoned(Fault(500))) as endpoint:
        gateway = gateway_to(endpoint, kind, path=tmp_path)
        for prompt in ("poison a", "poison b"):
            ask_all(gateway, prompt)
    paid = load_bill(tmp_path / "account.jsonl")
    assert [seen.texts[-1] for seen in endpoint.seen].count(PROBE) == 2
    assert (gateway.spent.misses, gateway.spent.cost_usd, gateway.spent.pending_calls) == (2, pytest.approx(0.22), 0)
    assert (paid.spent.misses, paid.spent.cost_usd, paid.open) == (2, pytest.approx(0.22), ())
    assert list((tmp_path / "cache").glob("*/*")) == []


@both
def test_retry_after_of_one_call_holds_back_those_that_are_queued(kind: str) -> None:
    """The one test here that waits for a real clock, since that is what it is about."""
    arrived: list[float] = []

    def answer(seen: Seen) -> Said | Fault:
        arrived.append(time.monotonic())
        return Fault(429, {}, {"retry-after-ms": "400"}) if seen.ordinal == 0 else Said("80")

    with Endpoint(answer) as endpoint:
        answers = ask_all(gateway_to(endpoint, kind, concurrency=1), *"abcd")
    assert answers == [Answer("80", "end")] * 4
    first, *later = arrived
    assert len(later) == 4
    assert min(later) - first >= 0.39


def test_failure_of_one_request_is_on_record_with_its_tries() -> None:
    async def work() -> list[object]:
        session = gateway_to(endpoint, "openai").session("t")
        with pytest.raises(CandidateError):
            await session.ask(Ask("poison"), no_tools)
        return [(type(call.error).__name__, call.tries, call.completion.text) for call in session.calls]

    with Endpoint(poisoned(Fault(500))) as endpoint:
        assert asyncio.run(work()) == [("Unanswerable", 3, "")]
