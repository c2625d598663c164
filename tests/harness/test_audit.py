"""The ledger of a run says what it touched and what contradicts, in domains that it has never seen."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from meta_reward.harness import Message, Tool, ToolCall, Trajectory
from meta_reward.harness.audit import audit
from meta_reward.harness.validate.source import AUDIT
from meta_reward.models.gateway import Gateway
from meta_reward.offline.judge import simulated_judge
from meta_reward.use.export import _RUNTIME
from tests.conftest import LEVEL, PROJECT
from tests.harness.boxed import score_all

POLICY = "Obtain an explicit yes from the member before any change."
ALICE = {"patron_id": "P-301", "name": "Alice Moreau", "fines": 12, "card": "K77-1"}
BOB = {"patron_id": "P-302", "name": "Bob Tanaka", "fines": 30, "card": "K77-2"}


@dataclass
class Desk:
    """A library's desk: writes a run message by message."""

    messages: list[Message] = field(default_factory=list)

    def user(self, text: str) -> "Desk":
        self.messages.append(Message("user", text))
        return self

    def agent(self, text: str) -> "Desk":
        self.messages.append(Message("assistant", text))
        return self

    def call(self, name: str, result: Any, **arguments: Any) -> "Desk":
        id = str(len(self.messages))
        self.messages.append(Message("assistant", "", (ToolCall(id, name, arguments),)))
        self.messages.append(Message("tool", json.dumps(result), tool_call_id=id, is_error="error" in result))
        return self

    def run(self, policy: str = "") -> Trajectory:
        tools = (
            Tool("get_patron", "A patron's record."),
            Tool("waive_fine", "Waive a part of a patron's fines."),
            Tool("renew_loan", "Renew a loan until another day."),
            Tool("hand_over_to_staff_person", "Hand the patron over."),
        )
        return Trajectory(policy, tools, tuple(self.messages))

    def kinds(self, policy: str = "") -> list[tuple[int, str]]:
        return [(one.number, one.kind) for one in audit(self.run(policy)).contradictions]


def waiving(read: Any = ALICE, *, offered: str = "Shall I waive EUR 5 of the fines of P-301?") -> Desk:
    """A run up to the user's yes."""
    desk = Desk().user("Please waive EUR 5 for P-301.").call("get_patron", read, patron_id=read["patron_id"])
    return desk.agent(offered).user("Yes, please.")


def test_sound_run_has_no_contradictions() -> None:
    desk = waiving().call("waive_fine", {"patron_id": "P-301", "fines": 7}, patron_id="P-301", amount=5)
    assert desk.agent("I have waived EUR 5 for P-301.").kinds(POLICY) == []


def test_write_to_a_record_never_read_contradicts() -> None:
    desk = waiving(BOB).call("waive_fine", {"ok": True}, patron_id="P-301", amount=5)
    assert desk.kinds() == [(6, "unread-record")]


def test_write_to_another_record_than_the_user_named_contradicts() -> None:
    desk = waiving().call("get_patron", BOB, patron_id="P-302")
    desk.call("waive_fine", {"patron_id": "P-302", "fines": 25}, patron_id="P-302", amount=5)
    assert desk.kinds() == [(8, "differs-from-confirmed"), (8, "unnamed-record")]


def test_claim_about_alice_after_a_write_to_bob_contradicts_by_their_names() -> None:
    desk = Desk().user("Waive a fine.").call("get_patron", ALICE, patron_id="P-301")
    desk.call("get_patron", BOB, patron_id="P-302").call("waive_fine", {"ok": 1}, patron_id="P-302", amount=12)
    desk.agent("I have waived the fine of Alice Moreau.")
    assert audit(desk.run()).contradictions[-1].evidence == "what was written was P-302"


def test_corrected_record_of_the_user_is_the_one_that_counts() -> None:
    desk = Desk().user("Waive EUR 5 for P-302.").user("Sorry, I meant P-301, not P-302.")
    desk.call("get_patron", ALICE, patron_id="P-301").agent("Shall I waive EUR 5 for P-301?").user("Yes.")
    assert desk.call("waive_fine", {"ok": True}, patron_id="P-301", amount=5).kinds(POLICY) == []


def test_value_that_nobody_gave_contradicts() -> None:
    desk = Desk().user("Please renew loan L-88 to the next date.").call("get_loan", {"loan_id": "L-88"}, loan_id="L-88")
    assert desk.call("renew_loan", {"ok": True}, loan_id="L-88", due="2031-04-19").kinds() == [(4, "ungiven-argument")]


@pytest.mark.parametrize("said", ["19 April", "April 19th", "2031-04-19", "2031\u201104\u201119", "4/19"])
def test_date_has_an_origin_however_it_is_written(said: str) -> None:
    desk = Desk().user(f"Please renew loan L-88 to {said}.").call("get_loan", {"loan_id": "L-88"}, loan_id="L-88")
    assert desk.call("renew_loan", {"ok": True}, loan_id="L-88", due="2031-04-19").kinds() == []


def test_amount_other_than_the_confirmed_one_contradicts() -> None:
    desk = waiving().call("waive_fine", {"ok": True}, patron_id="P-301", amount=12)
    found = audit(desk.run()).contradictions
    assert [(one.kind, one.evidence) for one in found] == [("differs-from-confirmed", "the user agreed at [5] to 5")]


@pytest.mark.parametrize(("policy", "expected"), [(POLICY, [(4, "unconfirmed-write")]), ("", [])])
def test_write_without_a_yes_contradicts_where_the_policy_asks_for_one(
    policy: str, expected: list[tuple[int, str]]
) -> None:
    desk = Desk().user("Please waive EUR 5 for P-301.").call("get_patron", ALICE, patron_id="P-301")
    assert desk.call("waive_fine", {"ok": True}, patron_id="P-301", amount=5).kinds(policy) == expected


def test_claim_without_a_call_that_worked_contradicts() -> None:
    desk = waiving().call("waive_fine", {"error": "locked"}, patron_id="P-301", amount=5)
    assert desk.agent("I have waived EUR 5 for P-301.").kinds()[-1] == (8, "unbacked-claim")


def test_claim_of_another_amount_than_the_call_had_contradicts() -> None:
    desk = waiving().call("waive_fine", {"ok": True}, patron_id="P-301", amount=5)
    assert desk.agent("I have waived EUR 12 for P-301.").kinds() == [(8, "unbacked-claim")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Have a nice day.", [(1, "undone-request")]),
        ("I am sorry, but I can't waive that.", []),
    ],
)
def test_request_that_is_neither_done_nor_declined_contradicts(answer: str, expected: list[tuple[int, str]]) -> None:
    desk = Desk().user("Please waive EUR 5 for P-301.").call("get_patron", ALICE, patron_id="P-301")
    assert desk.agent(answer).kinds() == expected


def test_request_that_was_handed_over_is_settled() -> None:
    desk = Desk().user("Please waive EUR 5 for P-301.").call("hand_over_to_staff_person", {"ok": True})
    assert desk.agent("You have been passed on to our staff.").kinds() == []


def test_ledger_names_what_happened_to_each_record() -> None:
    desk = waiving().call("waive_fine", {"patron_id": "P-301", "fines": 7}, patron_id="P-301", amount=5)
    ledger = audit(desk.run())
    alice = ledger.entities[0]
    assert (alice.id, alice.kind, alice.names, alice.fields["fines"]) == ("P-301", "patron", ("alice moreau",), 7)
    assert (alice.named, alice.read, alice.written) == ((1,), (2, 6), (6,))
    assert [(event.number, event.kind) for event in ledger.events] == [
        *((1, "asked"), (2, "read"), (5, "agreed"), (6, "wrote"))
    ]


def test_ledger_is_shown_for_one_record_by_its_id_or_name() -> None:
    desk = waiving().call("get_patron", BOB, patron_id="P-302")
    desk.call("waive_fine", {"ok": True}, patron_id="P-302", amount=5)
    tool = audit(desk.run()).tool()
    assert tool("Bob Tanaka") == tool("p-302")
    assert "[8] differs-from-confirmed" in tool("P-302")
    assert "none found" in tool("P-301")
    assert tool("Carol").startswith("No record is called 'Carol'. Records of this run: P-301 (patron), P-302 (patron).")


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (Message("user", ""),),
        (Message("assistant", "I have done \ud800 it.", (ToolCall("1", "set_x", {"a_id": "A1B", "n": 10**400}),)),),
        (Message("assistant", "", (ToolCall("1", "x", {"v": [[[{}]]]}),)), Message("tool", "[" * 9000, (), "1")),
    ],
)
def test_odd_runs_are_audited_without_an_error(messages: tuple[Message, ...]) -> None:
    assert audit(Trajectory("", (), messages)).render() == audit(Trajectory("", (), messages)).render()


def test_harness_of_the_page_scores_with_the_audit_as_tool_and_as_check() -> None:
    page = (PROJECT / "docs" / "harnesses.md").read_text()
    source = next(block for block in page.split("```python\n") if f"from {AUDIT} import audit" in block)
    ask = Gateway(simulated_judge(), None).session("t").ask
    [found] = score_all(source.partition("```")[0], judge=ask, level=LEVEL)
    assert getattr(found, "findings", found) == {"contradictions": []}


def test_export_carries_every_file_of_the_audit() -> None:
    folder = PROJECT / "meta_reward" / "harness" / "audit"
    assert {f"harness/audit/{path.name}" for path in folder.glob("*.py")} <= set(_RUNTIME)
