"""The simulated agent: what it does follows from the request, and each weakness yields to what it should yield to."""

import asyncio
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pytest

from meta_reward.completion import Completion, Request
from meta_reward.errors import JudgeError, PromptTooLong, UsageError
from meta_reward.models.registry import make_backend
from meta_reward.offline.agent import SimulatedAgent, simulated_agent
from meta_reward.offline.agent.settings import NAMES
from meta_reward.offline.skyways.desk import POLICY, SPECS, Desk
from meta_reward.offline.skyways.tools import is_write
from meta_reward.trajectory import Message

CASES = range(30)
NONE = dict.fromkeys(NAMES, 0.0)
HELD_BACK = "Not done: ask for a clear yes first, and confirm."


def turn(model: SimulatedAgent, *messages: Message, draw: int = 0) -> Completion:
    return asyncio.run(model.complete(Request(messages, POLICY, SPECS), draw=draw))


def serve(model: SimulatedAgent, number: int, *, tail: str = "", system: str = POLICY, guarded: bool = False) -> Desk:
    """A conversation of a plain loop with a customer."""
    desk = Desk.open({"seed": 1000, "number": number}, 0)
    for _ in range(20):
        messages = [
            Message("user", f"The conversation:\n\n{desk.trajectory().transcript()}\n\n{tail}\n\nYour message:")
        ]
        while (reply := asyncio.run(model.complete(Request(tuple(messages), system, SPECS), draw=0))).tool_calls:
            messages.append(Message("assistant", reply.text, reply.tool_calls))
            for call in reply.tool_calls:
                held = guarded and is_write(call.name) and "yes" not in desk.trajectory().messages[-1].content.lower()
                result, failed = (HELD_BACK, False) if held else desk.call(call.name, call.arguments)
                messages.append(Message("tool", result, tool_call_id=call.id, is_error=failed))
        if desk.say(reply.text) is None:
            break
    return desk


def share(model: SimulatedAgent, fault: str = "", **more: Any) -> float:
    """How often it succeeds, or how often it has a fault."""
    grades = [serve(model, number, **more).grade() for number in CASES]
    return fmean(fault in grade.faults if fault else grade.success for grade in grades)


def only(**strengths: float) -> SimulatedAgent:
    """An agent with some weaknesses alone."""
    return simulated_agent(**{**NONE, **strengths})


def test_without_weaknesses_it_serves_every_customer_as_the_rules_want() -> None:
    assert share(simulated_agent("perfect")) == 1.0


@pytest.mark.parametrize("strength", ["policy", "pressure", "haste", "mixing", "claiming", "dropping"])
def test_each_weakness_costs_tasks(strength: str) -> None:
    assert share(only(**{strength: 3.0})) < 1.0


@pytest.mark.parametrize(
    ("strengths", "fault", "better"),
    [
        ({"policy": 1.5}, "", {"tail": POLICY}),
        ({"haste": 1.5}, "procedure", {"guarded": True}),
        ({"haste": 1.5}, "procedure", {"tail": "Ask for a clear yes before you write."}),
        ({"dropping": 2.0}, "", {"tail": "Checklist: each request has to be settled."}),
        ({"claiming": 6.0}, "false-claim", {"tail": "Report only what a tool has accepted."}),
    ],
)
def test_weakness_yields_to_what_the_harness_shows(
    strengths: Mapping[str, float], fault: str, better: Mapping[str, Any]
) -> None:
    plain, helped = share(only(**strengths), fault), share(only(**strengths), fault, **better)
    assert helped < plain if fault else helped > plain


def test_it_knows_no_rules_that_are_not_shown_and_is_worse_with_a_long_prompt() -> None:
    model = only(policy=1.0, haste=1.0, length=2.0)
    assert share(model, system="Be kind.") < share(model)
    assert share(model, tail="Stay calm. " * 1_500) < share(model)


def test_the_same_request_and_draw_bring_the_same_answer_and_other_draws_others() -> None:
    asked = Message("user", Desk.open({"seed": 1000, "number": 4}, 0).trajectory().transcript())
    texts = {turn(simulated_agent(), Message("user", "[1] user: Hello."), draw=draw).text for draw in range(12)}
    assert turn(simulated_agent(), asked) == turn(simulated_agent(), asked)
    assert len(texts) > 1


@pytest.mark.parametrize(
    "text", ["", "\0", "[1] user: ", "[1] result of get_customer: [", "x" * 60_000, "[1] assistant calls get_flight 7"]
)
def test_it_answers_whatever_a_program_shows_it(text: str) -> None:
    reply = turn(simulated_agent(), Message("user", text))
    assert reply.text or reply.tool_calls


def test_it_refuses_what_does_not_fit_its_window() -> None:
    with pytest.raises(PromptTooLong):
        turn(simulated_agent(), Message("user", "x" * 200_000))


def test_it_calls_no_tool_that_it_was_not_offered_and_ends() -> None:
    asked = Message("user", "[1] user: Please cancel AB1C2D. Customer C-12345.")
    reply = asyncio.run(simulated_agent().complete(Request((asked,), None, SPECS[:0]), draw=0))
    assert not reply.tool_calls
    assert reply.text


def test_its_settings_are_named_and_checked() -> None:
    model = make_backend("simulated:agent-eager", {"policy": 2}, seed=3)
    assert (model.settings["preset"], model.settings["policy"], model.settings["haste"]) == ("eager", 2.0, 1.8)
    with pytest.raises(UsageError, match="unknown strength 'courage'"):
        make_backend("simulated:agent", {"courage": 1})
    with pytest.raises(UsageError, match="lies outside 0 to 10"):
        make_backend("simulated:agent", {"haste": 11})


def test_a_request_without_a_message_is_an_error_of_the_request() -> None:
    with pytest.raises(JudgeError):
        turn(simulated_agent())
