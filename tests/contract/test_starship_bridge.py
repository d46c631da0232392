"""The bridge of the StarShip simulator: signatures, attempts, retry and ignore, repetition and disorder.

Signatures are computed here anew, from the specification of Standard Webhooks.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.contract.starship_site import (
    SECRET,
    Receiver,
    Site,
    Stage,
    eventually,
    running_receiver,
    running_stage,
)

OTHER = "whsec_YW5vdGhlci1zZWNyZXQtZW50aXJlbHk="


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as one:
        yield one


@pytest.fixture
def site(stage: Stage) -> Iterator[Site]:
    with stage.site() as one:
        yield one


def _signature(receiver: Receiver, secret: str, index: int = 0) -> str:
    headers = receiver.headers[index]
    text = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), receiver.raw[index]]
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def test_a_delivery_is_signed_by_standard_webhooks(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver)
        site.act(site.new(), "process")
        site.settled(1)
    (headers,), (event,) = receiver.headers, receiver.events
    assert headers["webhook-signature"] == _signature(receiver, SECRET)
    assert headers["webhook-id"] == event["event_id"]
    assert headers["content-type"].startswith("application/json")


def test_the_time_stamp_is_in_seconds_of_the_bridges_clock(stage: Stage) -> None:
    clock = datetime(2026, 1, 31, 12, tzinfo=UTC)
    with stage.site(clock=lambda: clock) as site, running_receiver() as receiver:
        site.listen(receiver)
        number = site.new()
        site.act(number, "process")
        site.settled(1)
        site.listen(receiver, skew_seconds=-600)
        site.act(number, "void")
        site.settled(2)
    stamps = [int(one["webhook-timestamp"]) for one in receiver.headers]
    assert stamps == [int(clock.timestamp()), int(clock.timestamp()) - 600]
    assert receiver.headers[1]["webhook-signature"] == _signature(receiver, SECRET, 1)


def test_while_a_secret_is_rotated_there_is_a_signature_by_each(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver, further_secrets=[OTHER])
        site.act(site.new(), "process")
        site.settled(1)
    signatures = receiver.headers[0]["webhook-signature"].split(" ")
    assert signatures == [_signature(receiver, SECRET), _signature(receiver, OTHER)]


def test_a_signature_can_be_spoilt(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver, bad_signature=True)
        site.act(site.new(), "process")
        site.settled(1)
    assert receiver.headers[0]["webhook-signature"] != _signature(receiver, SECRET)


def test_what_is_not_taken_is_tried_again_under_the_same_id(site: Site) -> None:
    with running_receiver(503, 401, 202) as receiver:
        site.listen(receiver)
        site.act(site.new(), "process")
        (delivery,) = site.settled(1)
    assert (delivery["status"], delivery["attempts"]) == ("delivered", ["503", "401", "202"])
    assert len(set(receiver.raw)) == 1
    assert len({one["webhook-id"] for one in receiver.headers}) == 1


@pytest.mark.parametrize("attempts", [1, 3])
def test_after_so_many_attempts_a_delivery_has_failed(site: Site, attempts: int) -> None:
    site.sim("POST", "options", {"attempts": attempts})
    with running_receiver(500) as receiver:
        site.listen(receiver)
        number = site.new()
        site.act(number, "process")
        (delivery,) = site.settled(1)
    assert (delivery["status"], delivery["attempts"]) == ("failed", ["500"] * attempts)
    assert site.shipment(number)["write_back"] == "failed"
    assert site.shipment(number)["status"] == "Processed"


def test_a_target_that_is_not_there_fails_with_its_error(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver)
    site.act(site.new(), "process")
    (delivery,) = site.settled(1)
    assert delivery["status"] == "failed"
    assert all(one.startswith("ConnectError") for one in delivery["attempts"])


def test_a_retry_sends_what_failed_with_the_same_id(site: Site) -> None:
    with running_receiver(500, 500, 500, 202) as receiver:
        site.listen(receiver)
        number = site.new()
        site.act(number, "process")
        site.settled(1)
        site.act(number, "retry")
        (delivery,) = site.settled(1)
        assert site.shipment(number)["write_back"] == "delivered"
    assert delivery["attempts"] == ["500", "500", "500", "202"]
    assert len({one["webhook-id"] for one in receiver.headers}) == 1
    assert site.refused("POST", f"shipments/{number}/retry") == (
        f"No write-back of shipment {number} has failed"
    )


def test_a_retry_uses_the_secret_as_it_is_now(site: Site) -> None:
    with running_receiver(401, 202) as receiver:
        site.sim("POST", "options", {"attempts": 1})
        site.listen(receiver, secret=OTHER)
        number = site.new()
        site.act(number, "process")
        site.settled(1)
        site.listen(receiver)
        site.act(number, "retry")
        site.settled(1)
    assert receiver.headers[0]["webhook-signature"] == _signature(receiver, OTHER, 0)
    assert receiver.headers[1]["webhook-signature"] == _signature(receiver, SECRET, 1)


def test_after_ignore_the_ship_result_lists_what_failed_and_the_values_to_enter(site: Site) -> None:
    with running_receiver(422) as receiver:
        site.listen(receiver)
        packages = [{"weight": "4.5", "tracking": "1ZHAND"}]
        number = site.new(packages=packages, charges={"contract": "8.10"}, ship_date="2026-01-31")
        site.act(number, "process")
        site.settled(1)
        result = site.act(number, "ignore")
    (failed,) = result["failed"]
    assert (result["write_back"], failed["status"], failed["answer"]) == ("ignored", "ignored", "422")
    assert failed["fields"] == {
        "Ship Date": "2026-01-31",
        "Tracking Number": "1ZHAND",
        "Total Weight": "4.5",
        "Freight Amt.": "8.10",
    }
    assert [one["status"] for one in site.deliveries()] == ["ignored"]
    for what in ("retry", "ignore"):
        assert "has failed" in site.refused("POST", f"shipments/{number}/{what}")


def test_after_ignore_a_write_back_tells_it_anew(site: Site) -> None:
    site.sim("POST", "options", {"attempts": 1})
    with running_receiver(500, 202) as receiver:
        site.listen(receiver)
        number = site.new()
        site.act(number, "process")
        site.settled(1)
        site.act(number, "ignore")
        site.act(number, "write-back")
        site.settled(2)
    first, again = receiver.events
    assert (first["again"], again["again"]) == (False, True)
    assert [one["webhook-id"] for one in receiver.headers] == [first["event_id"], again["event_id"]]
    shown = site.shipment(number)
    assert (shown["write_back"], [one["event_id"] for one in shown["failed"]]) == (
        "delivered",
        [first["event_id"]],
    )


def test_what_failed_of_one_shipment_is_not_retried_with_another(site: Site) -> None:
    site.sim("POST", "options", {"attempts": 1})
    with running_receiver(500, 500, 202) as receiver:
        site.listen(receiver)
        numbers = [site.new(), site.new({"document_type": "SO", "key": "SO000036"})]
        for number in numbers:
            site.act(number, "process")
        site.settled(2)
        site.act(numbers[1], "retry")
        eventually(lambda: [one["status"] for one in site.deliveries()] == ["failed", "delivered"])
    assert [one["shipment_id"] for one in receiver.events] == [*numbers, numbers[1]]


def test_deliveries_come_in_the_order_in_which_things_happened(site: Site) -> None:
    """Also where the first is not taken at once."""
    with running_receiver(500, 202) as receiver:
        site.listen(receiver)
        number = site.new()
        for what in ("process", "void", "process"):
            site.act(number, what)
        site.settled(3)
    heard = [(one["type"], one["processing"]) for one in receiver.events]
    assert heard == [("processed", 1), ("processed", 1), ("voided", 1), ("reprocessed", 2)]


@pytest.mark.parametrize(
    ("order", "heard"),
    [("made", ["processed", "voided", "reprocessed"]), ("reversed", ["reprocessed", "voided", "processed"])],
)
def test_held_deliveries_go_in_the_order_asked_for(site: Site, order: str, heard: list[str]) -> None:
    with running_receiver() as receiver:
        site.listen(receiver, held=True)
        number = site.new()
        for what in ("process", "void", "process"):
            site.act(number, what)
        assert [one["status"] for one in site.deliveries()] == ["held"] * 3
        assert (receiver.raw, site.shipment(number)["write_back"]) == ([], "held")
        assert site.sim("POST", "release", {"order": order}) == {"released": 3}
        site.settled(3)
    assert [one["type"] for one in receiver.events] == heard


def test_an_event_can_be_delivered_in_several_copies(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver, copies=3)
        site.act(site.new(), "process")
        site.settled(3)
    assert len(receiver.raw) == 3
    assert len(set(receiver.raw)) == 1
    assert len({one["webhook-id"] for one in receiver.headers}) == 1


def test_a_delivery_that_was_taken_can_come_once_more(site: Site) -> None:
    with running_receiver() as receiver:
        site.listen(receiver)
        site.act(site.new(), "process")
        (delivery,) = site.settled(1)
        site.sim("POST", f"deliveries/{delivery['number']}/resend")
        (delivery,) = site.settled(1)
    assert delivery["attempts"] == ["202", "202"]
    assert receiver.raw[0] == receiver.raw[1]
    assert (
        site.refused("POST", "deliveries/99/resend", status=404) == "There is no delivery 99 that has ended"
    )


def test_every_target_is_told_and_none_that_was_taken_away(site: Site) -> None:
    with running_receiver() as one, running_receiver() as two:
        site.listen(one)
        site.listen(two)
        number = site.new()
        site.act(number, "process")
        site.settled(2)
        site.sim("DELETE", "targets")
        assert site.act(number, "void")["write_back"] == "none"
    assert [len(one.raw), len(two.raw)] == [1, 1]
    assert one.raw == two.raw
