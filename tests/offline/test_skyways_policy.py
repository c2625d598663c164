import random
import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from meta_reward.offline.skyways import agents, rules
from meta_reward.offline.skyways.agents import sound
from meta_reward.offline.skyways.case import Case
from meta_reward.offline.skyways.conversation import converse
from meta_reward.offline.skyways.database import Database
from meta_reward.offline.skyways.grader import grade
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.situations import INTENTS, Situation
from meta_reward.offline.skyways.tools import TOOLS, Step, execute
from meta_reward.offline.skyways.voice import Voice

SITUATIONS = [situation for every in INTENTS.values() for situation in every]


def draw(situation: Situation, seed: int) -> tuple[Case, random.Random]:
    rng = random.Random(f"{situation.__name__}/{seed}")
    scene = Scene(rng)
    return scene.case(situation(scene)), rng


def after(case: Case, steps: Sequence[Step]) -> Database:
    database = case.database.copy()
    for step in steps:
        assert not execute(database, step)[1]
    return database


def test_the_policy_has_the_numbers_that_the_situations_compute_with() -> None:
    numbers = (
        rules.CANCEL_FEE,
        rules.CHANGE_FEE,
        rules.BAG_FEE,
        rules.LATE_BAG_FEE,
        rules.MAX_BAGS,
        rules.DELAY_VOUCHER,
        rules.CANCELLED_VOUCHER,
        rules.COMPENSATION_DAYS,
        rules.UPGRADE_FEE,
        rules.MAX_PARTY,
        rules.REFUND_DAYS,
    )
    assert {number for number in numbers if not re.search(rf"\b{number}\b", rules.POLICY)} == set()
    assert rules.moment() in rules.POLICY


def test_the_policy_numbers_its_rules_without_a_gap() -> None:
    found = [int(number) for number in re.findall(r"^(\d+)\. ", rules.POLICY, re.MULTILINE)]
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 12


def test_what_the_policy_calls_for_can_be_read_and_done() -> None:
    for situation in SITUATIONS:
        case, _ = draw(situation, seed=0)
        database = case.database.copy()
        failed = [step for step in (*case.evidence, *case.errand.plan) if execute(database, step)[1]]
        assert failed == [], situation.__name__


def test_a_sound_agent_passes_in_every_voice() -> None:
    for situation in SITUATIONS:
        for seed in range(6):
            case, rng = draw(situation, seed)
            assert grade(case, converse(case, sound(case, rng), Voice(seed % 3, seed // 2), rng)) == ()


def test_tempting_mistakes_can_be_made_and_alter_the_records() -> None:
    for situation in SITUATIONS:
        case, _ = draw(situation, seed=1)
        right = after(case, case.errand.plan)
        mistakes = [mistake for mistake in (case.errand.granted, case.errand.mispriced) if mistake]
        assert mistakes, situation.__name__
        assert all(after(case, mistake.steps) != right for mistake in mistakes), situation.__name__


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        (agents.oversteps, "action-bias"),
        (agents.gives_in, "action-bias"),
        (agents.gives_away, "action-bias"),
        (agents.hands_over, "action-bias"),
        (agents.mistakes_the_record, "state-mismatch"),
        (agents.misprices, "state-mismatch"),
        (agents.waives, "state-mismatch"),
        (agents.refuses, "over-refusal"),
        (agents.stops_early, "over-refusal"),
        (agents.presumes_consent, "procedure"),
        (agents.guesses, "procedure"),
        (agents.claims_without_doing, "false-claim"),
        (agents.misreports, "false-claim"),
        (agents.misinforms, "false-claim"),
        (agents.placates, "false-claim"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_fault_is_found_out(fault: agents.Fault, category: str) -> None:
    found: set[str] = set()
    for situation in (situation for every in INTENTS.values() for situation in every):
        case, rng = draw(situation, seed=2)
        course = fault(case, rng)
        found |= set(grade(case, converse(case, course, Voice(0, 0), rng))) if course else set()
    assert category in found


def test_about_half_of_the_situations_call_for_restraint() -> None:
    plans = [draw(situation, seed=4)[0].errand.plan for every in INTENTS.values() for situation in every]
    restrained = [plan for plan in plans if {step.tool for step in plan} <= {"transfer_to_specialist"}]
    assert 0.4 < len(restrained) / len(plans) < 0.6


def test_conversations_are_what_really_happened() -> None:
    case, rng = draw(INTENTS["cancel"][0], seed=3)
    messages = converse(case, sound(case, rng), Voice(1, 1), rng)
    database = case.database.copy()
    answers = {m.tool_call_id: (m.content, m.is_error) for m in messages if m.role == "tool"}
    for call in (call for m in messages for call in m.tool_calls):
        assert execute(database, Step(call.name, call.arguments)) == answers[call.id]


def test_every_tool_describes_itself_and_its_parameters() -> None:
    for tool in TOOLS.values():
        properties = tool.spec.parameters["properties"]
        assert tool.spec.description
        assert all("description" in schema or schema["type"] == "array" for schema in properties.values())


def test_the_speakers_take_turns_and_every_call_is_answered() -> None:
    for situation in SITUATIONS:
        case, rng = draw(situation, seed=5)
        messages = converse(case, sound(case, rng), Voice(2, 2), rng)
        spoken = [message for message in messages if message.role != "tool" and not message.tool_calls]
        assert all(message.content for message in spoken), situation.__name__
        assert not [a for a, b in pairwise(messages) if a.role == b.role and a in spoken and b in spoken], (
            situation.__name__
        )
        assert [call.id for m in messages for call in m.tool_calls] == [
            m.tool_call_id for m in messages if m.role == "tool"
        ]
