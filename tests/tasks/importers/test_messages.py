"""Messages as OpenAI, Anthropic and Responses write them, as ours."""

import json
from typing import Any

import pytest

from meta_reward.tasks.importers.messages import read_messages
from meta_reward.tasks.importers.record import RowError, Run
from meta_reward.trajectory import Message, ToolCall, message_to_json

ASKED = {"role": "user", "content": "Cancel A7."}
LOOKED = (
    Message("user", "Cancel A7."),
    Message("assistant", "I look.", (ToolCall("1", "look", {"id": "A7"}),)),
    Message("tool", "sent", tool_call_id="1"),
    Message("assistant", "Too late."),
)
OPENAI = [
    {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
    ASKED,
    {
        "role": "assistant",
        "content": "I look.",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"id": "A7"}'}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "sent"}]},
    {"role": "assistant", "content": "Too late.", "refusal": None, "tool_calls": None},
]
OLD_OPENAI = [
    {"role": "system", "content": "Be kind."},
    ASKED,
    {"role": "assistant", "content": "I look.", "function_call": {"name": "look", "arguments": '{"id": "A7"}'}},
    {"role": "function", "name": "look", "content": "sent"},
    {"role": "assistant", "content": "Too late."},
]
RESPONSES = [
    {"role": "developer", "content": [{"type": "input_text", "text": "Be kind."}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Cancel A7."}]},
    {"type": "reasoning", "id": "rs_1", "summary": []},
    {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"id": "A7"}'},
    {"type": "function_call_output", "call_id": "call_1", "output": "sent"},
    {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Too late.", "annotations": []}],
    },
]
ANTHROPIC = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": [{"type": "text", "text": "Cancel A7."}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"id": "A7"}},
        ],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "sent"}]}],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "Too late."}]},
]
FLAT = [
    {"role": "system", "content": "Be kind."},
    ASKED,
    {"role": "assistant", "content": "I look.", "tool_calls": [{"id": "c", "name": "look", "arguments": {"id": "A7"}}]},
    {"role": "tool", "id": "c", "content": "sent", "requestor": "assistant", "error": False},
    {"role": "assistant", "content": "Too late."},
]


@pytest.mark.parametrize("messages", [OPENAI, OLD_OPENAI, RESPONSES, ANTHROPIC, FLAT, json.dumps(OPENAI)], ids=range(6))
def test_one_conversation_in_every_shape_is_the_same_run(messages: Any) -> None:
    assert read_messages(messages) == Run(LOOKED, "Be kind.")


def test_messages_as_task_sets_store_them_come_back_as_they_are() -> None:
    stored = [message_to_json(m) for m in LOOKED]
    stored[1]["content"] = ["I", "look."]
    assert read_messages(stored).messages[1].content == "I\nlook."
    assert read_messages([message_to_json(m) for m in LOOKED]) == Run(LOOKED, None)


def test_failed_result_beside_what_the_user_says_next() -> None:
    result = {"type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": True}
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "look", "input": {}}]}
    run = read_messages([ASKED, call, {"role": "user", "content": [result, {"type": "text", "text": "And now?"}]}])
    assert run.messages[2:] == (Message("tool", "no", (), "1", True), Message("user", "And now?"))


def test_calls_of_a_simulated_user_are_numbered_apart() -> None:
    def call(id: str) -> list[dict[str, Any]]:
        return [{"id": id, "name": "tap", "arguments": {}}]

    run = read_messages(
        [
            {"role": "user", "content": None, "tool_calls": [{**call("x")[0], "requestor": "user"}]},
            {"role": "tool", "id": "x", "content": "mine", "requestor": "user"},
            {"role": "assistant", "content": None, "tool_calls": call("x")},
            {"role": "tool", "id": "x", "content": "its", "requestor": "assistant"},
        ]
    )
    assert [(m.role, [c.id for c in m.tool_calls], m.tool_call_id) for m in run.messages] == [
        ("user", ["user-1"], None),
        ("tool", [], "user-1"),
        ("assistant", ["1"], None),
        ("tool", [], "1"),
    ]


def test_results_without_an_id_answer_the_oldest_open_call_and_orphans_stay() -> None:
    calls: list[Any] = [{"id": None, "name": name, "arguments": {}} for name in ("look", "cancel")]
    results = [{"role": "tool", "content": str(n)} for n in range(3)]
    run = read_messages([{"role": "assistant", "content": None, "tool_calls": calls}, *results])
    assert [m.tool_call_id for m in run.messages[1:]] == ["1", "2", None]


def test_ids_that_are_used_again_mean_the_newest_call() -> None:
    def turn(said: str) -> list[dict[str, Any]]:
        call = {"id": "c0", "name": "look", "arguments": {}}
        return [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c0", "content": said},
        ]

    assert [m.tool_call_id for m in read_messages([*turn("a"), *turn("b")]).messages] == [None, "1", None, "2"]


def test_later_system_messages_stay_and_pictures_are_named() -> None:
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:..."}}, "see?"]}
    run = read_messages([picture, {"role": "system", "content": "Hurry."}])
    assert run == Run((Message("user", "[image_url]\nsee?"), Message("system", "Hurry.")), None)


def test_tools_of_the_provider_are_calls() -> None:
    items = [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "A7"}},
        {"type": "custom_tool_call", "call_id": "c", "name": "shell", "input": "ls"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a.py"}]},
    ]
    run = read_messages(items)
    assert [call for m in run.messages for call in m.tool_calls] == [
        ToolCall("1", "web_search", {"action": {"query": "A7"}}),
        ToolCall("2", "shell", {"input": "ls"}),
    ]
    assert run.messages[-1] == Message("tool", "a.py", (), "2")


def test_policy_is_safe_to_print() -> None:
    assert read_messages([{"role": "system", "content": "a\r\nb\x1b[2J"}, ASKED]).policy == "a\nb\\u001b[2J"


@pytest.mark.parametrize(
    ("messages", "field", "what", "skip"),
    [
        ([], "", "has no messages", True),
        ([{"role": "system", "content": "Be kind."}], "", "has no messages", True),
        ("hello", "", "is text that is not valid JSON", False),
        (None, "", "is None, not a list of messages", False),
        ({"role": "user"}, "", "is a dict, not a list of messages", False),
        ([5], "message 1", "is 5, not a message", False),
        ([{"from": "human", "value": "hi"}], "message 1, role", "is missing; the message has from, value", False),
        ([{"role": "bot", "content": ""}], "message 1, role", "is 'bot', not one of user, assistant", False),
        ([{"role": ["user"]}], "message 1, role", "is a list, not one of", False),
        ([ASKED, {"role": "user", "content": 5}], "message 2, content", "is 5, neither text nor", False),
        ([{"role": "assistant", "tool_calls": {}, "function_call": 3}], "message 1, tool_calls", "holds 3", False),
        ([{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "{"}]}], "message 1", "tool arguments", True),
        ([{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "[1]"}]}], "message 1", "not an obj", True),
        ([{"type": "mystery"}], "message 1, type", "is 'mystery', and the item has no role", False),
    ],
)
def test_what_cannot_be_read_is_named_by_message_and_field(messages: Any, field: str, what: str, skip: bool) -> None:
    with pytest.raises(RowError) as raised:
        read_messages(messages)
    assert (raised.value.field, raised.value.skip, what in raised.value.what) == (field, skip, True), raised.value


def test_deep_arguments_are_skipped_and_deep_results_too() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    for message in (
        {"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"a": deep}}]},
        {"role": "tool", "content": {"a": deep}},
    ):
        with pytest.raises(RowError, match="nested too deeply"):
            read_messages([message])
