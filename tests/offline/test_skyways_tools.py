import json
import random

import pytest

from meta_reward.offline.skyways import steps
from meta_reward.offline.skyways.database import Record
from meta_reward.offline.skyways.scene import Scene
from meta_reward.offline.skyways.tools import Step, execute


@pytest.fixture
def scene() -> Scene:
    return Scene(random.Random("tools"))


@pytest.fixture
def booking(scene: Scene) -> Record:
    return scene.booking(fare="standard", travellers=2)


def test_a_change_replaces_the_flight_and_charges_the_fee(scene: Scene, booking: Record) -> None:
    flight = scene.flight(like=scene.flight_of(booking))
    result, failed = execute(scene.database, steps.change(booking, flight, 90))
    assert not failed
    assert json.loads(result)["flights"] == booking["flights"] == [flight["flight_number"]]
    assert [(c["item"], c["amount"]) for c in scene.database.charges] == [
        ("fare", booking["total_paid"]),
        ("change fee", 90),
    ]


def test_the_tools_do_what_the_policy_forbids(scene: Scene) -> None:
    booking = scene.booking(fare="light")
    assert not execute(scene.database, steps.cancel(booking))[1]
    assert booking["status"] == "cancelled"


def test_a_booking_is_made_charged_and_listed(scene: Scene, booking: Record) -> None:
    voucher = scene.voucher(200)
    flight = scene.flight()
    arguments = {
        "customer_id": scene.customer_id,
        "flight_number": flight["flight_number"],
        "fare": "light",
        "passengers": ["Ada Byrne"],
        "price": 150,
        "payment_id": voucher,
    }
    made = json.loads(execute(scene.database, Step("book_flight", arguments))[0])
    assert scene.customer["reservations"][-1] == made["reservation_id"]
    assert scene.database.payment_method(scene.customer_id, voucher)["balance"] == 50


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("no_such_tool", {}),
        ("get_customer", {"customer_id": "C-0"}),
        ("get_customer", {}),
        ("get_reservation", {"reservation_id": "NOPE"}),
        ("get_flight", {"flight_number": "SW0"}),
        ("list_charges", {"reservation_id": "NOPE"}),
        ("cancel_reservation", {"reservation_id": "NOPE"}),
        ("transfer_to_specialist", {"customer_id": "C-0", "team": "groups"}),
    ],
)
def test_the_impossible_is_an_error_that_alters_nothing(
    scene: Scene, booking: Record, tool: str, arguments: dict[str, str]
) -> None:
    before = scene.database.copy()
    result, failed = execute(scene.database, Step(tool, arguments))
    assert failed
    assert "error" in json.loads(result)
    assert scene.database == before


def test_impossible_writes_alter_nothing(scene: Scene, booking: Record) -> None:
    small = scene.voucher(10)
    full = scene.flight(like=scene.flight_of(booking), seats={"economy": 0, "business": 0})
    before = scene.database.copy()
    for step in (
        steps.bags(booking, 3, 40, by=small),
        steps.bags(booking, 3, 40, by="card-0"),
        steps.change(booking, full, 0),
        steps.refund(booking, 10, to="card-0"),
        steps.rename(booking, "Nobody", "Somebody"),
        steps.hand_over(scene.customer_id, "kitchen"),
    ):
        assert execute(scene.database, step)[1]
    assert scene.database == before
