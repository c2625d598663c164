"""Trajectories of no task set, for the validator's runs: a plain one, and the odd ones that real logs hold."""

from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory

_POLICY = "Desk policy. Change an order only after the customer has agreed. Refuse refunds after 30 days."
_ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
_TOOLS = (Tool("get_order", "Look up an order.", _ORDER), Tool("update_order", "Change an order.", _ORDER))

# Right-to-left text and overrides, combining and zero-width characters, emoji, NUL, a lone line separator.
_ODD = (
    "\u202eshalom \u05e9\u05dc\u05d5\u05dd\u202c a\u0301\u0323\u200b\u200d\ufeff "
    "\U0001f469\u200d\U0001f680 \0 \u2028 \u00df \ufb01 \u0130"
)

PLAIN = Trajectory(
    _POLICY,
    _TOOLS,
    (
        Message("user", "Please change the colour of order 1234 to blue."),
        Message("assistant", "", (ToolCall("1", "get_order", {"order_id": "1234"}),)),
        Message("tool", '{"order_id": "1234", "colour": "red", "status": "pending"}', tool_call_id="1"),
        Message("assistant", "Order 1234 is red and pending. Shall I change it to blue?"),
        Message("user", "Yes, please."),
        Message("assistant", "", (ToolCall("2", "update_order", {"order_id": "1234", "colour": "blue"}),)),
        Message("tool", "Error: try again", tool_call_id="2", is_error=True),
        Message("assistant", "", (ToolCall("3", "update_order", {"order_id": "1234", "colour": "blue"}),)),
        Message("tool", '{"order_id": "1234", "colour": "blue"}', tool_call_id="3"),
        Message("assistant", "Done: your order is now blue."),
        Message("user", "Thanks!"),
    ),
)

WITHOUT_CALLS = Trajectory("", (), (Message("user", "Hello?"), Message("assistant", "Hello. How can I help?")))

LONG = Trajectory(
    _POLICY,
    _TOOLS,
    tuple(
        message
        for number in range(125)
        for message in (
            Message("user", f"And what about order {number}?"),
            Message("assistant", "", (ToolCall(str(number), "get_order", {"order_id": f"{number}"}),)),
            Message("tool", f'{{"order_id": "{number}", "status": "sent"}}', tool_call_id=str(number)),
            Message("assistant", f"Order {number} has been sent."),
        )
    ),
)

ODD = Trajectory(
    f"{_POLICY} {_ODD}",
    (*_TOOLS, Tool(_ODD, _ODD, {"type": "object", "properties": {_ODD: {}}})),
    (
        Message("system", _ODD),
        Message("user", _ODD),
        Message("assistant", _ODD, (ToolCall("a", _ODD, {_ODD: _ODD, "n": None, "": [1.5, {"x": []}]}),)),
        Message("tool", _ODD, tool_call_id="a"),
        Message("assistant", "", (ToolCall("b", "get_order", {}),)),
        Message("tool", "", tool_call_id="elsewhere"),
        Message("assistant", "\n\n"),
        Message("user", ""),
    ),
)

ODDITIES = {
    "a run without tool calls": WITHOUT_CALLS,
    "a run of 500 messages": LONG,
    "a run with odd Unicode": ODD,
}
