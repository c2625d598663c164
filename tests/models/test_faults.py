"""Endpoints that misbehave, one fault a test: what the real clients make of it, in our words.

One try a call, always: whether there is another is the gateway's to say.
"""

import asyncio
import datetime
import email.utils

import pytest

from meta_reward.completion import Request
from meta_reward.errors import JudgeError, JudgeMisconfigured, JudgeTransient, MetaRewardError, PromptTooLong
from meta_reward.models.registry import make_backend
from meta_reward.trajectory import Message
from tests.endpoints import Endpoint, Fault, Said, chat_error, messages_error

PATHS = {"anthropic": "", "openai": "/v1"}
both = pytest.mark.parametrize("kind", PATHS)


def fail(kind: str, said: Fault | Said, **settings: object) -> MetaRewardError:
    """The error that one call ends in, after one request."""
    with Endpoint(lambda seen: said) as endpoint:
        backend = make_backend(f"{kind}:m@{endpoint.url}{PATHS[kind]}", settings)
        with pytest.raises(MetaRewardError) as caught:
            asyncio.run(backend.complete(Request((Message("user", "hello"),)), draw=0))
    assert len(endpoint.seen) == 1
    return caught.value


@both
@pytest.mark.parametrize(
    ("status", "throttled"), [(408, False), (409, False), (429, True), (500, False), (503, False), (529, True)]
)
def test_status_that_may_pass_is_worth_another_try(kind: str, status: int, throttled: bool) -> None:
    error = fail(kind, Fault(status, {"error": {"type": "x", "message": "not now"}}))
    assert isinstance(error, JudgeTransient)
    assert (error.status, error.throttled, error.retry_after_s) == (status, throttled, None)
    assert f"answers {status}: not now" in str(error)


@both
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3600"}, 3600.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_wait_that_an_endpoint_asks_for_is_handed_on(kind: str, headers: dict[str, str], seconds: float | None) -> None:
    error = fail(kind, Fault(429, {"error": {"type": "x", "message": "slow down"}}, headers))
    assert isinstance(error, JudgeTransient)
    assert error.retry_after_s == seconds


def test_wait_may_be_a_date() -> None:
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    error = fail("anthropic", Fault(503, "", {"retry-after": email.utils.format_datetime(until, usegmt=True)}))
    assert isinstance(error, JudgeTransient)
    assert error.retry_after_s == pytest.approx(100, abs=10)


@both
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(how="drop"), "connection"),
        (Fault(how="cut"), "connection"),
        (Fault(how="hang", seconds=5), "no answer within 0.3 s"),
        (Fault(200, '{"choices": [{"mess'), "no JSON"),
        (Fault(200, "<html>Sign in</html>", {"content-type": "text/html"}), "no JSON"),
        (Fault(200, "[" * 5000), "no JSON"),
        (Fault(200, "[]"), "no JSON object"),
        (Fault(200, '"\\ud800"'), "no JSON object"),
        (Fault(200, "{}"), "a reply without"),
        (Fault(200, {"error": {"message": "upstream is down"}}), "upstream is down"),
        (Fault(200, {"error": {"code": 503, "message": "upstream is down"}}), "answers 503: upstream is down"),
        (Fault(502, "<html>Bad Gateway</html>", {"content-type": "text/html"}), "answers 502: Bad Gateway"),
        (Said("half", stop=""), "a reply without"),
    ],
)
def test_connection_or_reply_that_is_broken_is_worth_another_try(kind: str, fault: Fault | Said, words: str) -> None:
    if isinstance(fault, Said):  # cut off by a proxy: whole as JSON, and without an end
        stop = {"stop_reason": None, "content": [{"type": "text", "text": "half"}]}
        fault = Fault(200, {**stop, "choices": [{"message": {"content": "half"}, "finish_reason": None}]})
    error = fail(kind, fault, timeout_s=0.3 if fault.how == "hang" else 30)
    assert isinstance(error, JudgeTransient)
    assert words in str(error)


@both
def test_refused_connection_is_worth_another_try(kind: str) -> None:
    with Endpoint(lambda seen: Said("80")) as endpoint:
        pass
    backend = make_backend(f"{kind}:m@{endpoint.url}", {})
    with pytest.raises(JudgeTransient, match="connection"):
        asyncio.run(backend.complete(Request((Message("user", "hello"),)), draw=0))


@both
@pytest.mark.parametrize(
    ("fault", "sizes"),
    [
        (
            messages_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            (210000, 200000),
        ),
        (
            messages_error(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: "
                           "198000 + 4096 > 200000, decrease input length"),
            (198000, 200000),
        ),
        (messages_error(413, "request_too_large", "Request exceeds the maximum size"), (None, None)),
        (Fault(413, "<html>Request Entity Too Large</html>"), (None, None)),
        (
            chat_error(400, "context_length_exceeded", "This model's maximum context length is 8192 tokens. "
                       "However, your messages resulted in 9001 tokens."),
            (9001, 8192),
        ),
        (
            chat_error(400, "BadRequestError", "You passed 9001 input tokens and requested 4096 output tokens. "
                       "However, the model's context length is only 8192 tokens, resulting in a maximum of 4096."),
            (9001, 8192),
        ),
        (
            chat_error(400, None, "The input token count (1200000) exceeds the maximum number of tokens "
                       "allowed (1048576)."),
            (1200000, 1048576),
        ),
        (
            chat_error(400, None, "request (9001 tokens) exceeds the available context size (8192 tokens)"),
            (9001, 8192),
        ),
        (
            chat_error(429, "rate_limit_exceeded", "Request too large for m on tokens per min (TPM): "
                       "Limit 30000, Requested 50000."),
            (50000, 30000),
        ),
    ],
)  # fmt: skip
def test_prompt_that_is_too_long_is_an_error_of_its_own(
    kind: str, fault: Fault, sizes: tuple[int | None, int | None]
) -> None:
    error = fail(kind, fault)
    assert isinstance(error, PromptTooLong)
    assert (error.tokens, error.limit) == sizes


@both
@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (messages_error(401, "authentication_error", "invalid x-api-key"), "key_env in [judge.settings]"),
        (chat_error(400, None, "API key not valid. Invalid API key"), "key_env in [judge.settings]"),
        (messages_error(403, "permission_error", "not yours"), "its key may not use this model"),
        (messages_error(404, "not_found_error", "model: m"), "check the model name 'm' and the address http"),
        (chat_error(404, "model_not_found", "The model `m` does not exist"), "check the model name 'm'"),
        (chat_error(400, None, "m is not a valid model ID: model m not found"), "check the model name 'm'"),
        (Fault(405, ""), "check the model name 'm' and the address http"),
        (
            messages_error(400, "invalid_request_error", "Your credit balance is too low to access the API."),
            "its credit is used up",
        ),
        (chat_error(429, "insufficient_quota", "You exceeded your current quota"), "its credit is used up"),
        (Fault(402, ""), "its credit is used up"),
        (messages_error(400, "invalid_request_error", "max_tokens: 4096 > 1024"), "fix max_tokens in"),
    ],
)
def test_what_only_the_user_can_mend_comes_with_the_line_that_helps(kind: str, fault: Fault, hint: str) -> None:
    error = fail(kind, fault)
    assert isinstance(error, JudgeMisconfigured)
    assert hint in error.hint


@both
@pytest.mark.parametrize("name", ["temperature", "effort", "extra"])
def test_setting_that_the_model_refuses_is_named(kind: str, name: str) -> None:
    word, value = {"temperature": ("temperature", 0.2), "effort": ("reasoning_effort", "low")}.get(
        name, ("top_k", {"top_k": 1})
    )
    error = fail(kind, chat_error(400, None, f"Unsupported parameter: '{word}'"), **{name: value})
    assert isinstance(error, JudgeMisconfigured)
    assert error.hint.startswith("fix ")


@both
@pytest.mark.parametrize(
    "fault",
    [
        chat_error(
            400,
            "invalid_function_parameters",
            "Invalid schema for function 'find_payments': In context=('properties', 'payment_method'), bad type.",
        ),
        chat_error(400, None, "Invalid schema for response_format 'answer': 'credit balance' exceeded, no api key"),
        messages_error(400, "invalid_request_error", "tools.0.custom.name: 'billing_authentication' is too long"),
        messages_error(400, "invalid_request_error", "messages.0.content: 'the model m does not exist' is odd"),
        messages_error(400, "invalid_request_error", "output_config.format.schema: no 'max_tokens' in 'temperature'"),
        Fault(400, {"error": {"message": "temperature: bad", "code": None, "param": "tools[0].parameters"}}),
        chat_error(422, None, "property 'insufficient_quota' of payment is not allowed"),
    ],
)
def test_error_that_quotes_what_a_candidate_wrote_is_about_its_request_alone(kind: str, fault: Fault) -> None:
    assert type(fail(kind, fault, temperature=0.5)) is JudgeError


@both
@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (chat_error(400, "billing_hard_limit_reached", "No."), "its credit is used up"),
        (messages_error(400, "billing_error", "No."), "its credit is used up"),
        (chat_error(400, "invalid_api_key", "No."), "key_env in [judge.settings]"),
        (chat_error(400, "model_not_found", "No."), "check the model name 'm'"),
        (
            Fault(400, {"error": {"message": "No.", "type": "invalid_request_error", "param": "temperature"}}),
            "fix temperature in",
        ),
    ],
)
def test_code_or_type_tells_what_it_is_whatever_the_message(kind: str, fault: Fault, hint: str) -> None:
    error = fail(kind, fault, temperature=0.5)
    assert isinstance(error, JudgeMisconfigured)
    assert hint in error.hint


@both
def test_code_tells_a_prompt_that_is_too_long_whatever_the_message(kind: str) -> None:
    assert isinstance(fail(kind, chat_error(400, "context_length_exceeded", "No.")), PromptTooLong)


@both
def test_request_that_is_bad_for_this_prompt_alone_is_that_calls_failure(kind: str) -> None:
    error = fail(kind, chat_error(400, None, "messages: text\n\tcontent \x1b[31mmust not be empty" + "." * 500))
    assert type(error) is JudgeError
    assert "text content \\u001b[31mmust not be empty" in str(error)
    assert len(str(error)) < 400
