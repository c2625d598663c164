"""What a judge says reaches the harness as what it is, through either protocol."""

import asyncio
from typing import Any

import pytest

from meta_reward import files
from meta_reward.completion import Completion, Request, Usage, is_unreadable
from meta_reward.errors import JudgeError
from meta_reward.models.registry import make_backend
from meta_reward.trajectory import Message, Tool, ToolCall
from tests.endpoints import Answer, Endpoint, Fault, Said, chat_error, messages_error

PATHS = {"anthropic": "", "openai": "/v1"}
both = pytest.mark.parametrize("kind", PATHS)
LOOK = Tool("look", "Look up an order.", {"type": "object", "properties": {"order": {"type": "string"}}})
OTHER = Tool("other")
SCHEMA = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}


LOOKED = {"name": "look", "arguments": {"order": "1"}}


def ask(kind: str, answer: Answer | Said, *requests: Request, **settings: Any) -> tuple[list[Completion], list[Any]]:
    """The completions of requests made one after the other, and the bodies that were sent."""
    endpoint = Endpoint(answer if callable(answer) else lambda seen: answer)

    async def work() -> list[Completion]:
        backend = make_backend(f"{kind}:m@{endpoint.url}{PATHS[kind]}", settings)
        return [await backend.complete(request, draw=0) for request in requests]

    with endpoint:
        return asyncio.run(work()), [seen.body for seen in endpoint.seen]


def request(prompt: str = "hello", **fields: Any) -> Request:
    return Request((Message("user", prompt),), **fields)


def chat_like(**message: Any) -> Fault:
    """A chat completion as some server words it."""
    return Fault(200, {"choices": [{"message": {"content": None, **message}, "finish_reason": "stop"}]})


@both
@pytest.mark.parametrize(
    ("said", "text", "stop"),
    [
        (Said("80"), "80", "end"),
        (Said(""), "", "end"),
        (Said(" \n"), " \n", "end"),
        (Said("\U0001f600 \x00\x1b[0m\u202e"), "\U0001f600 \x00\x1b[0m\u202e", "end"),
    ],
)
def test_text_is_handed_on_as_it_is(kind: str, said: Said, text: str, stop: str) -> None:
    (completion,), _ = ask(kind, said, request())
    assert completion == Completion(text, Usage(100, 10), (), stop)


@both
def test_halves_of_surrogate_pairs_can_be_written_down(kind: str) -> None:
    said = Said("a\ud800b\ud83d\ude00", calls=(("look", {"or\udc00der": ["\ud800"]}),))
    (completion,), _ = ask(kind, said, request(tools=(LOOK,)))
    assert completion.text == "a\ufffdb\U0001f600"
    assert b"or" in files.dump_json(completion)


@pytest.mark.parametrize(
    ("kind", "said", "stop"),
    [
        ("anthropic", Said("half", calls=(("look", {}),), stop="max_tokens"), "length"),
        ("anthropic", Said("half", calls=(("look", {}),), stop="model_context_window_exceeded"), "length"),
        ("anthropic", Said("half", calls=(("look", {}),), stop="refusal"), "refusal"),
        ("openai", Said("half", calls=(("look", '{"or'),), stop="length"), "length"),
        ("openai", Said("half", stop="content_filter"), "refusal"),
        ("openai", Said("", refusal="half"), "refusal"),
    ],
)
def test_reply_that_was_cut_off_or_refused_says_so_and_makes_no_call(kind: str, said: Said, stop: str) -> None:
    (completion,), _ = ask(kind, said, request(tools=(LOOK,)))
    assert completion == Completion("half", Usage(100, 10), (), stop)


@both
def test_parallel_calls_and_their_results_travel_in_the_providers_form(kind: str) -> None:
    asked = request(tools=(LOOK, OTHER), require="look")
    said = Said("Let me see.", calls=(("look", {"order": "1"}), ("look", {"order": "2"})))
    (first,), (body,) = ask(kind, said, asked)
    assert first.stop_reason == "tool"
    assert [call.arguments for call in first.tool_calls] == [{"order": "1"}, {"order": "2"}]
    assert "look" in str(body["tool_choice"])
    results = [Message("tool", f"seen {call.id}", tool_call_id=call.id) for call in first.tool_calls]
    results[1] = Message("tool", "no such order", tool_call_id=first.tool_calls[1].id, is_error=True)
    history = (*asked.messages, Message("assistant", first.text, first.tool_calls), *results)
    (second,), (body,) = ask(kind, Said("80"), Request(history, tools=asked.tools))
    assert second.text == "80"
    assert "tool_choice" not in body
    one, two = (call.id for call in first.tool_calls)
    if kind == "anthropic":
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
        assert [block["type"] for block in body["messages"][1]["content"]] == ["text", "tool_use", "tool_use"]
        assert body["messages"][2]["content"] == [
            {"type": "tool_result", "tool_use_id": one, "content": f"seen {one}"},
            {"type": "tool_result", "tool_use_id": two, "content": "no such order", "is_error": True},
        ]
    else:
        assert [call["id"] for call in body["messages"][1]["tool_calls"]] == [one, two]
        assert body["messages"][2:] == [
            {"role": "tool", "tool_call_id": one, "content": f"seen {one}"},
            {"role": "tool", "tool_call_id": two, "content": "error: no such order"},
        ]


@pytest.mark.parametrize("arguments", ['{"order": ', "[1]", '"x"', "null", '{"order": NaN}', "[" * 500, "9" * 400])
def test_call_with_broken_arguments_is_marked_as_such(arguments: str) -> None:
    (completion,), _ = ask("openai", Said(calls=(("look", arguments),)), request(tools=(LOOK,)))
    (call,) = completion.tool_calls
    assert (call.name, is_unreadable(call), list(call.arguments.values())) == ("look", True, [arguments])


def test_arguments_that_no_file_of_ours_can_hold_are_broken_too() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}
    for arguments in (deep, {"a": 10**30}):
        (completion,), _ = ask("anthropic", Said(calls=(("look", arguments),)), request(tools=(LOOK,)))
        assert is_unreadable(completion.tool_calls[0])


def test_call_without_arguments_or_ids_is_a_call() -> None:
    def answer(seen: Any) -> Any:
        return chat_like(tool_calls=[{"function": {"name": "look", "arguments": ""}}, {"id": "", "function": LOOKED}])

    (completion,), _ = ask("openai", answer, request(tools=(LOOK,)))
    assert completion.tool_calls == (ToolCall("call_1_1", "look", {}), ToolCall("call_1_2", "look", {"order": "1"}))


def test_text_that_comes_in_parts_is_put_together_without_the_thoughts() -> None:
    parts = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "Score: "},
        {"type": "text", "text": "80"},
    ]
    (completion,), _ = ask("openai", lambda seen: chat_like(content=parts), request())
    assert (completion.text, completion.stop_reason) == ("Score: 80", "end")


def test_tokens_of_every_kind_are_counted() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 25, "output_tokens": 9}
    (completion,), _ = ask("anthropic", Said("80", usage=usage), request())
    assert completion.usage == Usage(100, 9, cache_read_tokens=70, cache_write_tokens=25)
    usage = {"prompt_tokens": 100, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 70}}
    (completion,), _ = ask("openai", Said("80", usage=usage), request())
    assert completion.usage == Usage(100, 9, cache_read_tokens=70)


@both
@pytest.mark.parametrize("tokens", [None, "7", -7, 7.5, 10**30])
def test_tokens_that_a_server_does_not_count_are_guessed_from_the_texts(kind: str, tokens: Any) -> None:
    usage = {"prompt_tokens": tokens, "input_tokens": tokens, "output_tokens": 2, "completion_tokens": 2}
    (completion,), _ = ask(kind, Said("12345678", usage=usage), request("x" * 4000))
    assert 1000 <= completion.usage.input_tokens <= 1020
    assert completion.usage.output_tokens == 2


@both
def test_schema_is_asked_for_natively_with_closed_objects(kind: str) -> None:
    _, (body,) = ask(kind, Said('{"score": 80}'), request(schema=SCHEMA))
    native = body["output_config"]["format"] if kind == "anthropic" else body["response_format"]["json_schema"]
    assert native["schema"] == {**SCHEMA, "additionalProperties": False}
    assert native.get("strict", True) is True


def test_schema_with_optional_properties_is_not_called_strict() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a"]}
    _, (body,) = ask("openai", Said("{}"), request(schema=schema))
    assert body["response_format"]["json_schema"]["strict"] is False


@both
@pytest.mark.parametrize("status", [400, 422])
def test_schema_that_a_server_refuses_is_asked_for_in_words_from_then_on(kind: str, status: int) -> None:
    def answer(seen: Any) -> Any:
        if "response_format" in seen.body or "output_config" in seen.body:
            return chat_error(status, None, "unknown field")
        return Said('{"score": 80}')

    completions, bodies = ask(kind, answer, request(schema=SCHEMA), request("again", schema=SCHEMA))
    assert [completion.text for completion in completions] == ['{"score": 80}'] * 2
    assert len(bodies) == 3
    assert '"required": ["score"]' in str(bodies[1]["messages"])
    assert '"required": ["score"]' in str(bodies[2]["messages"])


@both
def test_request_that_is_bad_in_itself_teaches_nothing_about_schemas(kind: str) -> None:
    def answer(seen: Any) -> Any:
        return chat_error(400, None, "no") if seen.ordinal < 2 else Said("{}")

    with Endpoint(answer) as endpoint:
        backend = make_backend(f"{kind}:m@{endpoint.url}{PATHS[kind]}", {})

        async def work() -> None:
            with pytest.raises(JudgeError, match="no"):
                await backend.complete(request(schema=SCHEMA), draw=0)
            await backend.complete(request(schema=SCHEMA), draw=0)

        asyncio.run(work())
    assert endpoint.seen[-1].body.keys() & {"response_format", "output_config"}


def test_server_that_takes_no_tool_by_name_is_offered_that_tool_alone() -> None:
    def answer(seen: Any) -> Any:
        if isinstance(seen.body["tool_choice"], dict):
            return chat_error(400, None, "tool_choice must be one of none, auto, required")
        return Said(calls=(("look", {}),))

    asked = request(tools=(LOOK, OTHER), require="look", schema=SCHEMA)
    (completion,), bodies = ask("openai", answer, asked)
    assert completion.tool_calls[0].name == "look"
    assert (bodies[1]["tool_choice"], [tool["function"]["name"] for tool in bodies[1]["tools"]]) == (
        "required",
        ["look"],
    )
    assert "response_format" in bodies[1]


def test_server_that_knows_the_newer_token_limit_alone_gets_it() -> None:
    def answer(seen: Any) -> Any:
        if "max_tokens" in seen.body:
            return chat_error(400, None, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        return Said("80")

    completions, bodies = ask("openai", answer, request(), request(), max_tokens=77)
    assert [completion.text for completion in completions] == ["80", "80"]
    assert [body.get("max_completion_tokens") for body in bodies] == [None, 77, 77]


def test_thinking_rests_where_the_protocol_does_not_allow_it() -> None:
    called = (ToolCall("1", "look", {}),)
    history = (Message("user", "hello"), Message("assistant", "", called), Message("tool", "ok", tool_call_id="1"))
    requests = (request(), request(tools=(LOOK,), require="look"), Request(history, tools=(LOOK,)))

    def thinking(value: Any) -> list[Any]:
        _, bodies = ask("anthropic", Said("80"), *requests, thinking=value)
        return [body.get("thinking") for body in bodies]

    assert thinking(2048) == [{"type": "enabled", "budget_tokens": 2048}, None, None]
    assert thinking("adaptive") == [{"type": "adaptive"}, None, {"type": "adaptive"}]


def test_thinking_after_tools_is_given_up_where_a_model_refuses_it() -> None:
    called = (ToolCall("1", "look", {}),)
    history = (Message("user", "hello"), Message("assistant", "", called), Message("tool", "ok", tool_call_id="1"))

    def answer(seen: Any) -> Any:
        if "thinking" in seen.body:
            return messages_error(400, "invalid_request_error", "Expected `thinking`, found `tool_use`")
        return Said("80")

    (completion,), bodies = ask("anthropic", answer, Request(history, tools=(LOOK,)), thinking="adaptive")
    assert (completion.text, len(bodies)) == ("80", 2)


def test_prompts_that_start_alike_are_marked_where_they_part() -> None:
    policy = "Policy:\n" + "Be kind to every customer.\n" * 200
    asked = [request(policy + f"Run {number}: it went {word}", system="S" * 5000) for number, word in enumerate("abc")]
    _, bodies = ask("anthropic", Said("80"), *asked)
    blocks = [body["messages"][0]["content"] for body in bodies]
    assert [len(block) for block in blocks] == [1, 2, 2]
    assert blocks[2][0] == {"type": "text", "text": policy, "cache_control": {"type": "ephemeral"}}
    assert ["cache_control" in body["system"][0] for body in bodies] == [False, True, True]
    for body, one in zip(bodies, asked, strict=True):
        assert "".join(block["text"] for block in body["messages"][0]["content"]) == one.messages[0].content


def test_no_block_of_a_prompt_is_blank() -> None:
    policy = "Be kind to every customer.\n" * 200
    _, bodies = ask("anthropic", Said("80"), *(request(policy + end) for end in ("a", "b", " \n", "")))
    blocks = [block for body in bodies for block in body["messages"][0]["content"]]
    assert all(block["text"].strip() for block in blocks)


def test_prompt_with_tools_is_marked_for_the_round_that_follows() -> None:
    _, (body,) = ask("anthropic", Said("80"), request(tools=(LOOK,)))
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
