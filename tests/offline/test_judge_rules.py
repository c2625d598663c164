"""Policy text, facts and a request: permitted, forbidden or unclear. Domains the project knows nothing of."""

import pytest

from meta_reward.completion import Request
from meta_reward.offline.judge.authority import amount_is_due, authority, entitlement
from meta_reward.offline.judge.episode import Episode, understand
from meta_reward.offline.judge.policy import Policy, read_policy
from meta_reward.offline.judge.prompt import Line, read_request
from meta_reward.trajectory import Message

PERMITTED, FORBIDDEN, UNCLEAR = "permitted", "forbidden", "unclear"

LIBRARY = """The desk's clock reads 2030-05-10 09:00.
A loan may be extended if it is not reserved by somebody else.
Premium: free. Basic: EUR 3 for each item. Guest: not at all, unless it was borrowed within the last 5 days.
Library cards cannot be upgraded.
"""
SHOP = """Now it is 2030-05-10 09:00.
Orders can be cancelled within 24 hours of purchase. Otherwise, standard orders can be cancelled only if insured.
Final sale items cannot be refunded.
"""


def case(request: str, record: str, after: str = "") -> Episode:
    text = (
        f'Judge.\n\n[1] user: {request}\n\n[2] assistant calls get_record {{"id": "AB12"}}\n\n'
        f"[3] result of get_record: {record}\n\n{after}\n\nRate from 0 to 100."
    )
    return understand(read_request(Request((Message("user", text),))).turns)


def policy(text: str, heading: str = "") -> Policy:
    return read_policy([Line(line, at, heading) for at, line in enumerate(text.splitlines())])


def said(rules: str, request: str, record: str, heading: str = "") -> str:
    verdict = entitlement(case(request, record), policy(rules, heading))
    return PERMITTED if verdict > 0.3 else FORBIDDEN if verdict < -0.3 else UNCLEAR


@pytest.mark.parametrize(
    ("rules", "record", "expected"),
    [
        ("Shipped orders cannot be cancelled.", '{"id": "AB12", "status": "shipped"}', FORBIDDEN),
        (SHOP, '{"id": "AB12", "purchased_at": "2030-05-10 02:00", "kind": "standard", "insured": false}', PERMITTED),
        (SHOP, '{"id": "AB12", "purchased_at": "2030-05-01 02:00", "kind": "standard", "insured": true}', PERMITTED),
        (SHOP, '{"id": "AB12", "purchased_at": "2030-05-01 02:00", "kind": "standard", "insured": false}', FORBIDDEN),
        ("Orders can be cancelled unless they are engraved.", '{"id": "AB12", "engraved": true}', FORBIDDEN),
        ("Bicycles are rented by the day.", '{"id": "AB12", "status": "shipped"}', UNCLEAR),
        ("Orders of more than 5 items cannot be cancelled.", '{"id": "AB12", "items": 8}', FORBIDDEN),
        ("Orders are never cancelled if they are engraved.", '{"id": "AB12", "engraved": false}', PERMITTED),
        ("Orders may be cancelled only within 3 days.", '{"id": "AB12", "days": 9}', FORBIDDEN),
    ],
)
def test_a_request_to_cancel_is_ruled_on_by_the_clause_that_fits_the_record(
    rules: str, record: str, expected: str
) -> None:
    assert said(rules, "Please cancel order AB12.", record) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ('{"id": "AB12", "tier": "premium"}', PERMITTED),
        ('{"id": "AB12", "tier": "basic"}', PERMITTED),
        ('{"id": "AB12", "tier": "guest", "borrowed_at": "2030-04-01 10:00"}', FORBIDDEN),
        ('{"id": "AB12", "tier": "guest", "borrowed_at": "2030-05-08 10:00"}', PERMITTED),
    ],
)
def test_labels_are_alternatives_and_an_exception_beats_its_rule(record: str, expected: str) -> None:
    rules = LIBRARY.replace("extended", "changed").splitlines()[2]
    clock = LIBRARY.splitlines()[0]
    assert said(f"{clock}\n{rules}", "Please change loan AB12.", record, "Changing loans") == expected


def test_a_reason_the_customer_gives_is_held_against_the_one_a_clause_asks_for() -> None:
    rules = "A lesson may be cancelled only if the reason is an illness."
    record = '{"id": "AB12", "status": "planned"}'
    assert said(rules, "Please cancel lesson AB12, I am in hospital with pneumonia.", record) == PERMITTED
    assert said(rules, "Please cancel lesson AB12, I have to work that day.", record) == FORBIDDEN


def test_who_refuses_what_is_permitted_is_worse_than_who_refuses_what_is_forbidden() -> None:
    refusal = "[4] assistant: I am sorry, order AB12 cannot be cancelled."
    rules = policy(SHOP)
    early = case("Please cancel order AB12.", '{"id": "AB12", "purchased_at": "2030-05-10 02:00"}', refusal)
    late = case("Please cancel order AB12.", '{"id": "AB12", "purchased_at": "2030-05-01", "insured": false}', refusal)
    assert (authority(early, rules) or 0) < -0.5 < 0.4 < (authority(late, rules) or 0)


def test_what_was_not_shown_does_not_count() -> None:
    refusal = "[4] assistant: I am sorry, order AB12 cannot be cancelled."
    rules = policy("Orders can be cancelled if they are insured.")
    shown = case("Please cancel order AB12.", '{"id": "AB12", "insured": true}', refusal)
    cut = case("Please cancel order AB12.", '{"id": "AB12"}', refusal)
    assert (authority(shown, rules) or 0) < -0.5 < -0.3 < (authority(cut, rules) or 0)


@pytest.mark.parametrize(("fee", "due"), [(30, True), (10, False), (0, False)])
def test_an_amount_is_held_against_the_price_for_each_member_of_the_party(fee: int, due: bool) -> None:
    record = '{"id": "AB12", "class": "basic", "guests": ["A B", "C D", "E F"]}'
    call = f'[4] assistant calls change_visit {{"id": "AB12", "fee": {fee}}}'
    change = f'{call}\n\n[5] result of change_visit: {{"ok": true}}'
    episode = case("Please change visit AB12 to Friday.", record, change)
    rules = policy("Basic visits can be changed, EUR 10 for each guest.", "Changes")
    assert amount_is_due(episode, rules, episode.done[0]) is due
