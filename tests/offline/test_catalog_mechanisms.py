"""Every mechanism of the catalog gives a sound, clean harness and works on any run."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from meta_reward.harness import Message, PromptTooLong, Reply, Tool, ToolCall, Trajectory
from meta_reward.harness.runtime import check_reward
from meta_reward.harness.validate import PARTS, inspect_source
from meta_reward.offline.proposer.evidence import SYMPTOMS
from meta_reward.offline.proposer.library import PACKAGE, Mechanism, find_mechanism, load_library
from meta_reward.offline.proposer.parts import (
    checks_audit,
    checks_claims,
    checks_consent,
    checks_grounded,
    checks_ledger,
    checks_procedure,
    checks_tally,
)
from meta_reward.offline.proposer.parts.helpers import changes_something, user_agreed
from meta_reward.offline.proposer.source import fingerprint, parse_source, with_parts

ROOT = Path(__file__).parents[2]
BASELINE = parse_source((ROOT / "seed_harnesses" / "baseline.py").read_text())
MECHANISMS = [mechanism for mechanisms in load_library().values() for mechanism in mechanisms.values()]
NOTHING = Trajectory("", (), (Message("user", ""),))


class ObligingJudge:
    """Answers whatever it is asked in the form it is asked for: 60 out of 100."""

    async def ask(self, prompt: str, *, tools: Any = (), schema: Any = None, **_: Any) -> Reply:
        for tool in tools:
            tool(["[2] acted too early"])
        marks = {name: 60 for name in schema["properties"] if name != "reason"} if schema else None
        return Reply(f"Fair.\nScore: 60\n{json.dumps(marks)}", marks)


class NarrowJudge(ObligingJudge):
    """Takes no more than so many characters."""

    async def ask(self, prompt: str, *, tools: Any = (), schema: Any = None, **_: Any) -> Reply:
        if len(prompt) > 12_000:
            raise PromptTooLong(prompt[:9])
        return await super().ask(prompt, tools=tools, schema=schema)


class NonsenseJudge:
    async def ask(self, prompt: str, **_: Any) -> Reply:
        return Reply('Score "NaN" 7e999 <score>/100</score>')


def trip(*, agreed: str = "Yes, go ahead.", city: str = "Oslo", said: str = "I have booked it.") -> Trajectory:
    """A run that books something: the user is asked, answers `agreed`, and is told `said`."""
    return Trajectory(
        policy="# Rules\n\nBook only after the user agreed.\nNever refund a ticket.\n",
        tools=(Tool("find_trip", "Find trips."), Tool("book_trip", "Book a trip."), Tool("refund_trip", "Refund one.")),
        messages=(
            Message("user", "Book me a trip to Oslo."),
            Message("assistant", "", (ToolCall("1", "find_trip", {"city": "Oslo"}),)),
            Message("tool", '{"trip": "T7", "city": "Oslo"}', tool_call_id="1"),
            Message("assistant", "Trip T7 to Oslo, shall I book it?"),
            Message("user", agreed),
            Message("assistant", "", (ToolCall("2", "book_trip", {"trip": "T7", "city": city}),)),
            Message("tool", '{"status": "booked"}', tool_call_id="2"),
            Message("assistant", said),
        ),
    )


def harness(mechanism: Mechanism) -> str:
    return with_parts(BASELINE, {mechanism.part: mechanism.source}, doc=mechanism.headline)


def function(mechanism: Mechanism) -> Any:
    return getattr(import_module(f"{PACKAGE}.{mechanism.part}_{mechanism.name}"), mechanism.part)


def run(text: str, judge: Any, trajectory: Trajectory) -> float:
    space: dict[str, Any] = {"__name__": "candidate"}
    exec(compile(text, "harness.py", "exec"), space)
    return check_reward(asyncio.run(space["reward"](trajectory, judge))).score


def test_every_part_has_alternatives() -> None:
    assert [part for part, mechanisms in load_library().items() if len(mechanisms) >= 5] == list(PARTS)


def test_mechanisms_say_what_a_proposal_needs() -> None:
    for mechanism in MECHANISMS:
        assert len(mechanism.headline) < 117, mechanism.name
        assert all(text.endswith(".") for text in (mechanism.headline, mechanism.why, mechanism.risk)), mechanism.name
        assert set(mechanism.answers) <= SYMPTOMS.keys(), mechanism.name
        assert mechanism.needs in ("", "checks", "draws", "criteria"), mechanism.name


def test_mechanisms_in_the_baseline_are_harnesses_that_score() -> None:
    for mechanism in MECHANISMS:
        text = harness(mechanism)
        assert inspect_source(text).findings == (), mechanism.name
        assert find_mechanism(mechanism.part, fingerprint(parse_source(text), mechanism.part)) is mechanism, (
            mechanism.name
        )
        assert 0 < run(text, ObligingJudge(), trip()) <= 100, mechanism.name


def test_mechanisms_go_into_every_seed_without_a_clash_of_helpers() -> None:
    for mechanism in MECHANISMS:
        for path in (ROOT / "seed_harnesses").glob("*.py"):
            text = with_parts(parse_source(path.read_text()), {mechanism.part: mechanism.source}, doc="Mixed.")
            assert parse_source(text).definitions.keys() >= {*PARTS, "reward"}, mechanism.name


def test_mechanisms_bear_nonsense_and_a_run_in_which_nothing_happened() -> None:
    for mechanism in MECHANISMS:
        with pytest.raises(ValueError, match="0 to 100"):
            run(harness(mechanism), NonsenseJudge(), trip())
        assert 0 < run(harness(mechanism), ObligingJudge(), NOTHING) <= 100, mechanism.name


def test_mechanisms_score_a_run_that_is_too_long_for_the_judge() -> None:
    for mechanism in MECHANISMS:
        sound = trip()
        again = tuple(replace(message, content=f"{message.content} Hm." * 9) for message in sound.messages[:5] * 60)
        rules = sound.policy + "Never cancel a trip, whoever asks for it.\n" * 900
        assert (
            0 < run(harness(mechanism), NarrowJudge(), Trajectory(rules, sound.tools, again + sound.messages)) <= 100
        ), mechanism.name


def test_every_harness_of_the_catalog_is_clean_by_the_rules_of_the_project(tmp_path: Path) -> None:
    for mechanism in MECHANISMS:
        (tmp_path / f"{mechanism.part}_{mechanism.name}.py").write_text(harness(mechanism))
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for command in (["check", "--config", "src = ['.']"], ["format", "--check"]):
        done = subprocess.run([*ruff, *command, *config], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_seeds_are_made_of_parts_of_the_catalog_but_for_their_vague_rubric() -> None:
    for path in (ROOT / "seed_harnesses").glob("*.py"):
        source = parse_source(path.read_text())
        own = [part for part in PARTS if not find_mechanism(part, fingerprint(source, part))]
        assert own == ["rubric"]


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("get_user_details", "", False),
        ("cancel_reservation", "Cancel the whole reservation.", True),
        ("return_delivered_items", "Return some items of a delivered order.", True),
        ("flight_status", "Returns the status of a flight.", False),
        ("think", "", False),
        ("transfer_to_human_agents", "Transfer the user to a human agent.", False),
        ("searchFlights", "", False),
        ("crm__update_contact", "", True),
        ("crm.list_contacts", "", False),
        ("toggle_data", "Toggle mobile data.", True),
    ],
)
def test_tools_that_change_something_are_told_by_their_verbs(name: str, description: str, expected: bool) -> None:
    assert changes_something(name, Tool(name, description)) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Yes, please.", True),
        ("Sounds good, go ahead", True),
        ("OK, that is fine.", True),
        ("Yes, but wait, which fee?", False),
        ("I'm not sure that's correct.", False),
        ("What would it cost?", False),
    ],
)
def test_agreement_is_told_from_hesitation(answer: str, expected: bool) -> None:
    offer = Message("assistant", "I would book T7 for 80. Shall I?")
    assert user_agreed((Message("user", "A trip!"), offer, Message("user", answer))) is expected


def failing(facts: Mapping[str, bool]) -> int:
    return sum(not holds for holds in facts.values())


@pytest.mark.parametrize(
    ("checks", "fault"),
    [
        (checks_consent, {"agreed": "How much is it?"}),
        (checks_claims, {"said": "Your refund has been issued."}),
        (checks_grounded, {"city": "Bergen"}),
        (checks_audit, {"city": "Bergen"}),
        (checks_ledger, {"city": "Bergen"}),
    ],
)
def test_a_check_finds_its_fault_and_nothing_in_a_sound_run(checks: Any, fault: dict[str, str]) -> None:
    assert failing(checks.checks(trip())) == 0
    assert failing(checks.checks(trip(**fault))) == 1


def test_a_change_made_twice_is_found() -> None:
    sound = trip()
    again = (
        *sound.messages,
        *(Message("assistant", "", (ToolCall("3", "book_trip", {"trip": "T7", "city": "Oslo"}),)),),
    )
    twice = Trajectory(sound.policy, sound.tools, (*again, Message("tool", "{}", tool_call_id="3")))
    assert failing(checks_procedure.checks(twice)) == failing(checks_procedure.checks(sound)) + 1


def test_the_tally_counts_what_worked_and_what_was_never_repaired() -> None:
    sound = trip()
    failed = (Message("assistant", "", (ToolCall("3", "refund_trip", {}),)), Message("tool", "Error: no", (), "3"))
    facts = checks_tally.checks(Trajectory(sound.policy, sound.tools, (*sound.messages, *failed)))
    assert "changes made: 1 ([6] book_trip)" in facts
    assert failing(facts) == 1
