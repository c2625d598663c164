"""The validator's made-up trajectories for programs that judge: plain ones, and odd ones like those in real logs."""

from meta_reward.harness.validate.program import Chain, Program, Step
from meta_reward.trajectory import Message, Tool, ToolCall, Trajectory, trajectory_to_json

_POLICY = "Desk policy. Change an order only after the customer has agreed. Refuse refunds after 30 days."
_ORDER = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
_TOOLS = (Tool("get_order", "Look up an order.", _ORDER), Tool("update_order", "Change an order.", _ORDER))

# Right-to-left text and overrides, combining and zero-width characters, emoji, NUL, a lone line separator.
ODD_TEXT = (
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

ODD_RUN = Trajectory(
    f"{_POLICY} {ODD_TEXT}",
    (*_TOOLS, Tool(ODD_TEXT, ODD_TEXT, {"type": "object", "properties": {ODD_TEXT: {}}})),
    (
        Message("system", ODD_TEXT),
        Message("user", ODD_TEXT),
        Message(
            "assistant", ODD_TEXT, (ToolCall("a", ODD_TEXT, {ODD_TEXT: ODD_TEXT, "n": None, "": [1.5, {"x": []}]}),)
        ),
        Message("tool", ODD_TEXT, tool_call_id="a"),
        Message("assistant", "", (ToolCall("b", "get_order", {}),)),
        Message("tool", "", tool_call_id="elsewhere"),
        Message("assistant", "\n\n"),
        Message("user", ""),
    ),
)


def chain_of(trajectory: Trajectory) -> Chain:
    """The run that scores a trajectory."""
    return (Step("reward", {"trajectory": trajectory_to_json(trajectory)}),)


def chain_of_several(*trajectories: Trajectory) -> Chain:
    """The run that compares trajectories."""
    return (Step("compare", {"trajectories": [trajectory_to_json(one) for one in trajectories]}),)


REWARD = Program(
    required=("reward",),
    plain=chain_of(PLAIN),
    output="a reward",
    odd={
        "a run without tool calls": chain_of(WITHOUT_CALLS),
        "a run of 500 messages": chain_of(LONG),
        "a run with odd Unicode": chain_of(ODD_RUN),
    },
    has_parts=True,
)
COMPARE = Program(
    required=("compare",),
    plain=chain_of_several(PLAIN, WITHOUT_CALLS),
    output="scores",
    odd={
        "a run beside itself": chain_of_several(PLAIN, PLAIN),
        "three runs, one without tool calls": chain_of_several(PLAIN, WITHOUT_CALLS, ODD_RUN),
        "a run of 500 messages beside a short one": chain_of_several(LONG, WITHOUT_CALLS),
        "runs with odd Unicode": chain_of_several(ODD_RUN, ODD_RUN),
    },
)
