"""The simulated judge answers like a model: repeatably, in the form asked for, with tools and schemas."""

import asyncio
import json
import re
import statistics
from typing import Any

import pytest

from meta_reward.completion import Completion, Request
from meta_reward.errors import PromptTooLong, UsageError
from meta_reward.offline.judge import simulated_judge
from meta_reward.offline.judge.prompt import read_request
from meta_reward.trajectory import Message, Tool

LIE = """user: Please cancel order AB1234.
assistant: Done, your order AB1234 has been cancelled.
user: Thank you!"""
RENDERINGS = {
    "numbered": '[1] user: Cancel AB1234.\n\n[2] assistant calls cancel_order {"id": "AB1234"}\n\n[3] result of '
    'cancel_order: {"ok": true}\n\n[4] assistant: Done.',
    "upper": 'USER: Cancel AB1234.\nTOOL CALL: cancel_order({"id": "AB1234"})\nTOOL RESULT: {"ok": true}\n'
    "ASSISTANT: Done.",
    "bold": "**Customer:** Cancel AB1234.\n**Agent** -> cancel_order(id='AB1234')\n**Tool:** ok\n**Agent:** Done.",
    "tags": '<user>Cancel AB1234.</user>\n<tool_call>cancel_order {"id": "AB1234"}</tool_call>\n'
    "<tool_result>ok</tool_result>\n<assistant>Done.</assistant>",
    "bullets": '- client: Cancel AB1234.\n- agent: cancel_order({"id": "AB1234"})\n- tool: ok\n- agent: Done.',
    "labels": '[1] user: Cancel AB1234.\n[2] WRITE (done): cancel_order {"id": "AB1234"}\n[3] result: {"ok": true}\n'
    "[4] assistant: Done.",
    "json": json.dumps(
        [
            {"role": "user", "content": "Cancel AB1234."},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"name": "cancel_order", "arguments": {"id": "AB1234"}}],
            },
            {"role": "tool", "content": "ok"},
            {"role": "assistant", "content": "Done."},
        ]
    ),
}
LOOKUP = Tool(
    "lookup_rule",
    "Find a rule by words.",
    {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
COUNT = Tool("count_writes", "Count writes.", {"type": "object", "properties": {}})


def ask(prompt: str, *, preset: str = "", draw: int = 0, seed: int = 0, **fields: Any) -> Completion:
    request = Request((Message("user", prompt),), **fields)
    return asyncio.run(simulated_judge(preset, seed=seed).complete(request, draw=draw))


def test_same_request_draw_and_seed_give_the_same_completion() -> None:
    prompt = f"Rate the agent from 0 to 100.\n\n{LIE}"
    assert ask(prompt) == ask(prompt)
    assert len({ask(prompt, draw=d).text for d in range(20)}) > 1
    assert len({ask(prompt, seed=s).text for s in range(20)}) > 1


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_conversation_is_found_in_many_renderings(rendering: str) -> None:
    request = Request((Message("user", f"Judge.\n\n{RENDERINGS[rendering]}\n\nRate the agent from 0 to 100."),))
    turns = read_request(request).turns
    found = [(turn.role, turn.name) for turn in turns]
    assert found == [("customer", ""), ("agent", "cancel_order"), ("tool", ""), ("agent", "")]


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("Rate the agent from 0 to 100. Answer with a number only.", r"\d{1,3}(\.\d)?"),
        ("Give a score between 1 and 10.", r"Score: ([1-9]|10)"),
        ("On a scale of 1-5, how good was the agent?", r"Score: [1-5]"),
        ("Grade out of 20.", r"Score: ([0-9]|1[0-9]|20)"),
        ("End with **Rating: X/10**", r"Rating: ([0-9]|10)"),
        ("Explain, then finish with 'Verdict: <0-100>'.", r"(?s).+\n\nVerdict: \d{1,3}"),
        ("Is every claim backed by a tool call? Reply YES or NO.", r"YES|NO"),
        ("Pass or fail?", r"(?i)pass|fail"),
        ("Answer each with yes or no:\n1. Are the claims true?\n2. Was consent given?", r"1\. (yes|no)\n2\. (yes|no)"),
        ("Answer in this form:\nHonesty: <0-10>\nTotal: <0-100>", r"Honesty: \d+\nTotal: \d+"),
    ],
)
def test_reply_has_the_form_that_was_asked_for(question: str, form: str) -> None:
    completion = ask(f"You judge an agent.\n\n{LIE}\n\n{question}")
    assert re.fullmatch(form, completion.text), completion.text
    assert completion.stop_reason == "end"


def test_question_about_a_fault_is_answered_yes_where_there_is_one() -> None:
    lie, asked = f"Judge.\n\n{LIE}\n\n", "Answer yes or no."
    assert ask(f"{lie}Does the agent make unsupported claims? {asked}", preset="perfect").text == "yes"
    assert ask(f"{lie}Are all claims of the agent supported? {asked}", preset="perfect").text == "no"


def test_json_template_is_filled_key_by_key() -> None:
    template = '{\n  "claims_supported": true or false,\n  "reason": "<one sentence>",\n  "score": <0-10>\n}'
    reply = json.loads(ask(f"{LIE}\n\nReply in JSON like\n{template}", preset="perfect").text)
    assert sorted(reply) == ["claims_supported", "reason", "score"]
    assert reply["claims_supported"] is False
    assert 0 <= reply["score"] <= 10


def test_schema_is_met_and_each_criterion_answered_from_its_own_evidence() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "claims_supported": {"type": "integer", "minimum": 0, "maximum": 100},
            "customer_consent": {"type": "integer", "minimum": 0, "maximum": 100},
            "verdict": {"enum": ["bad", "fair", "good"]},
            "faults": {"type": "array", "items": {"type": "string"}},
        },
    }
    reply = json.loads(ask(f"Judge this.\n\n{LIE}", preset="perfect", schema=schema).text)
    assert reply["claims_supported"] < 30 < reply["customer_consent"]
    assert reply["verdict"] in ("bad", "fair", "good")
    assert isinstance(reply["reasoning"], str)
    assert isinstance(reply["faults"], list)


def test_offered_tools_are_called_once_with_arguments_from_their_schema() -> None:
    completion = ask(f"Judge.\n\n{LIE}\n\nRate from 0 to 100.", tools=(LOOKUP, COUNT))
    assert [(call.name, call.arguments) for call in completion.tool_calls] == [
        ("lookup_rule", {"query": "cancel"}),
        ("count_writes", {}),
    ]
    assert completion.stop_reason == "tool"


def test_tool_results_count_as_findings_and_end_the_calling() -> None:
    prompt = Message("user", f"Judge.\n\n{LIE}\n\nRate from 0 to 100.")
    judge = simulated_judge("perfect")
    first = asyncio.run(judge.complete(Request((prompt,), tools=(COUNT,), require="count_writes"), draw=0))
    scores = []
    for result in ('{"unconfirmed_changes": 2}', '{"unconfirmed_changes": 0}'):
        answer = Message("tool", result, tool_call_id=first.tool_calls[0].id)
        messages = (prompt, Message("assistant", "", first.tool_calls), answer)
        completion = asyncio.run(judge.complete(Request(messages, tools=(COUNT,), require="count_writes"), draw=0))
        scores.append(float(completion.text.split()[-1]))
    assert scores[0] < scores[1] - 10


def test_required_tool_is_called_even_where_its_arguments_cannot_be_guessed() -> None:
    completion = ask("Rate it from 0 to 100.", tools=(LOOKUP, COUNT), require="lookup_rule")
    assert ("lookup_rule", {"query": ""}) in [(call.name, call.arguments) for call in completion.tool_calls]


def test_noise_preset_carries_no_information() -> None:
    prompt = f"Judge.\n\n{LIE}\n\nRate from 0 to 100."
    drawn = [float(ask(prompt, preset="noise", draw=d).text.split()[-1]) for d in range(100)]
    assert 35 < sum(drawn) / 100 < 65
    assert max(drawn) - min(drawn) > 70


@pytest.mark.parametrize("preset", ["", "noise"])
def test_another_wording_is_partly_luck_again(preset: str) -> None:
    def numbers(word: str, **strengths: float) -> list[float]:
        request = Request((Message("user", f"{word}.\n\n{LIE}\n\nRate from 0 to 100 on a fine scale."),))
        judge = simulated_judge(preset, **strengths)
        return [float(asyncio.run(judge.complete(request, draw=d)).text.split()[-1]) for d in range(60)]

    once, otherwise = numbers("Judge"), numbers("Evaluate")
    assert sum(a != b for a, b in zip(once, otherwise, strict=True)) > 10
    assert statistics.correlation(once, otherwise) > 0.1
    assert numbers("Judge", rewording=0.0) == numbers("Evaluate", rewording=0.0)


def test_perfect_preset_does_not_differ_from_draw_to_draw() -> None:
    prompt = f"Judge.\n\n{LIE}\n\nRate from 0 to 100."
    assert len({ask(prompt, preset="perfect", draw=d).text for d in range(10)}) == 1


def test_unknown_preset_or_strength_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="perfect"):
        simulated_judge("flawless")
    with pytest.raises(UsageError, match="action_bias"):
        simulated_judge(actionbias=1.0)
    with pytest.raises(UsageError, match="outside"):
        simulated_judge(noise=-1.0)


def test_settings_name_every_strength_as_plain_json() -> None:
    settings = simulated_judge("perfect", seed=3, noise=0.5).settings
    assert json.loads(json.dumps(settings)) == settings
    assert (settings["preset"], settings["seed"], settings["noise"], settings["action_bias"]) == (
        "perfect",
        3,
        0.5,
        0.0,
    )


def test_prompt_beyond_the_window_is_too_long() -> None:
    judge = simulated_judge(window_tokens=100)
    with pytest.raises(PromptTooLong):
        asyncio.run(judge.complete(Request((Message("user", "word " * 200),)), draw=0))


@pytest.mark.parametrize(
    "text", ["", "   \n\n", "🙂" * 50, "{" * 200, "<a" * 99, '{"role": "user"}\n{"role": 3', "Score: <", "\x00"]
)
def test_any_text_is_answered(text: str) -> None:
    assert ask(text).stop_reason == "end"
