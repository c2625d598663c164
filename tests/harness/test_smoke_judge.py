"""The smoke test's judge answers in the form that a request asks for, and alike to the same request."""

import asyncio
import json
import re
from typing import Any

import pytest

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeError, PromptTooLong
from meta_reward.harness.schema import fits
from meta_reward.harness.validate.smoke_judge import SmokeJudge
from meta_reward.trajectory import Message, Tool


def asked(prompt: str, *, draw: int = 0, **more: Any) -> Completion:
    request = Request((Message("user", prompt),), **more)
    return asyncio.run(SmokeJudge(window_tokens=1_000).complete(request, draw=draw))


@pytest.mark.parametrize(
    ("prompt", "form"),
    [
        ("Give one number.", r"\d{1,3}"),
        ("Rate it from 1 to 5.", "[1-5]"),
        ("Was it right? Answer yes or no.", "yes|no"),
        ("End with `Score: <number from 0 to 100>`.", r"Score: \d{1,3}"),
        ("Write `Score: N`.", r"Score: \d{1,3}"),
        ("`Allowed: [yes/no]`, then `Reason: <one sentence>`", "Allowed: (yes|no)\nReason: one sentence"),
        ("1. Did it ask?\n2. Was it told?\nAnswer each.", "1. (yes|no)\n2. (yes|no)"),
        ("Answer with JSON.", r'\{"score":\d+\}'),
        ('Reply in JSON: {"points": 0-10, "why": "..."}', r'\{"points":\d+,"why":"\.\.\."\}'),
    ],
)
def test_reply_keeps_to_the_form_that_the_prompt_asks_for(prompt: str, form: str) -> None:
    assert re.fullmatch(form, asked(prompt).text)


def test_reply_fits_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "marks": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 3}},
            "allowed": {"enum": ["yes", "no"]},
        },
        "required": ["reason", "marks", "allowed"],
    }
    assert fits(json.loads(asked("Judge.", schema=schema).text), schema)


def test_each_tool_is_called_once_and_then_the_reply_follows() -> None:
    tool = Tool("look", "", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
    (call,) = asked("Look.", tools=(tool,), require="look").tool_calls
    assert (call.name, list(call.arguments)) == ("look", ["n"])
    told = (Message("user", "Look."), Message("assistant", "", (call,)), Message("tool", "5", tool_call_id=call.id))
    completion = asyncio.run(SmokeJudge(1_000).complete(Request(told, tools=(tool,)), draw=0))
    assert (completion.tool_calls, completion.stop_reason) == ((), "end")


def test_same_request_gets_the_same_reply_and_others_do_not() -> None:
    assert asked("Score?").text == asked("Score?").text
    assert len({asked("Score?", draw=draw).text for draw in range(10)}) > 1
    assert len({asked(f"Score at {second}?").text for second in range(10)}) > 1


def test_prompt_beyond_the_window_and_unreadable_schema_are_refused() -> None:
    with pytest.raises(PromptTooLong):
        asked("x" * 10_000)
    with pytest.raises(JudgeError, match="cannot read the request"):
        asked("x", schema={"type": "object", "properties": 5})
