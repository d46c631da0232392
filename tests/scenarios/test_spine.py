"""The whole way of a confirmed shipment, over HTTP and through the stream, on each pair of database and broker.

One fleet of real processes per pair; each scenario has documents of its own in it.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from connector import publish
from connector.status import Status
from connector.stream import STREAM
from tests.scenarios.fleet import Fleet, control, no_secret_in, running, shipped_once
from tests.scenarios.pairs import PAIRS
from tests.scenarios.parcels import Parcel
from tests.servers import PostgresServer, RedisServer


@pytest.fixture(scope="module", params=PAIRS)
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Web, a worker and beat, with the ERP pushing to us."""
    home, pair = tmp_path_factory.mktemp("fleet") / "home", PAIRS[request.param]
    if pair is None:
        with running(home, None, None) as fleet:
            yield working(fleet)
        return
    postgres: PostgresServer = request.getfixturevalue(pair[0])
    redis: RedisServer = request.getfixturevalue(pair[1])
    redis.ensure_running()
    with postgres.database() as url, running(home, url, redis.url) as fleet:
        yield working(fleet)


def working(fleet: Fleet) -> Fleet:
    fleet.start_worker()
    fleet.start("beat")
    fleet.start_web()
    fleet.listen_to_erp()
    return fleet


def shown(fleet: Fleet, parcel: Parcel) -> tuple[dict[str, Any], str]:
    """What `connector log show` says of a parcel's entry, as JSON and in words."""
    entry_id = str(fleet.record(parcel).entry.id)
    as_json, in_words = fleet.run("log", "show", entry_id, "--json"), fleet.run("log", "show", entry_id)
    assert (as_json.returncode, in_words.returncode) == (0, 0), as_json.stderr + in_words.stderr
    return json.loads(as_json.stdout), in_words.stdout


def test_a_pushed_shipment_reaches_the_shop_with_its_tracking_number(fleet: Fleet) -> None:
    # Given a confirmed shipment of a paid order
    parcel = Parcel(101)
    fleet.seed(parcel)
    # When its push notification is posted
    reply = fleet.push(parcel)
    # Then it is accepted, and stands in the shop exactly once
    assert (reply.status_code, reply.json()["duplicate"]) == (202, False)
    shipped_once(fleet, [parcel])


def test_what_is_confirmed_in_the_erp_is_shipped_without_further_ado(fleet: Fleet) -> None:
    # Given a shipment that is packed and not confirmed
    parcel = Parcel(102)
    fleet.seed(parcel, status="Open")
    # When somebody confirms it in the ERP, which pushes by itself
    control(fleet.erp, "POST", f"shipments/{parcel.shipment}/confirm")
    # Then it stands in the shop
    shipped_once(fleet, [parcel])


def test_the_log_explains_what_was_done_and_why(fleet: Fleet) -> None:
    # Given a shipment that was delivered
    parcel = Parcel(103)
    fleet.seed(parcel)
    fleet.push(parcel)
    shipped_once(fleet, [parcel])
    # When its entry is shown
    whole, words = shown(fleet, parcel)
    # Then it says what happened, with both numbers
    assert (whole["event"]["type"], whole["event"]["document"]) == ("shipment.confirmed", parcel.shipment)
    number = fleet.shipments(parcel)[0]["increment_id"]
    assert (whole["entry"]["source_number"], whole["entry"]["target_number"]) == (parcel.shipment, number)
    # and which condition saw what
    condition = next(one for one in conditions(whole) if one["name"] == "nothing left to pay")
    assert condition["passed"] is True
    assert "0.00" in json.dumps(condition)
    # and what the shipping method became, by which rule
    assert "UPSGROUND" in json.dumps(whole["entry"]["plan"])
    assert "UPS Ground" in json.dumps(whole["entry"]["plan"])
    # and the one step, with the calls it took
    (step,) = whole["steps"]
    assert step["done_at"] is not None
    assert step["document"]["number"] == number
    sent = [call for attempt in whole["attempts"] for call in attempt["exchanges"]]
    assert any(call["method"] == "POST" and call["url"].endswith("/ship") for call in sent)
    # and the same in words for people
    for said in (parcel.shipment, number, "nothing left to pay", "UPS Ground", parcel.tracking[0]):
        assert said in words


def conditions(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions of an entry's stored decision, wherever in it they stand."""
    found: list[dict[str, Any]] = []
    left: list[Any] = [whole["entry"]["plan"]]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            found += [value] if {"name", "passed"} <= value.keys() else []
            left += value.values()
        elif isinstance(value, list):
            left += value
    return found


def test_an_event_published_from_python_is_shipped(fleet: Fleet) -> None:
    # Given a confirmed shipment
    parcel = Parcel(104)
    fleet.seed(parcel)
    # When a publisher beside the fleet hands it in
    publish(parcel.cloud_event(), broker_url=fleet.environ.get("CONNECTOR_BROKER_URL") or embedded_url(fleet))
    # Then it stands in the shop, and nothing is left on the stream
    shipped_once(fleet, [parcel])
    fleet.until(lambda: fleet.runtime.redis.xlen(STREAM) == 0, "the stream is empty")


def embedded_url(fleet: Fleet) -> str:
    """The embedded broker's address, in redis-py's words."""
    return fleet.runtime.broker_url.replace("redis+socket://", "unix://")


def test_an_event_added_by_any_language_is_shipped(fleet: Fleet) -> None:
    # Given a confirmed shipment
    parcel = Parcel(105)
    fleet.seed(parcel)
    # When some program appends it to the stream by itself
    fleet.runtime.redis.xadd(STREAM, {"event": json.dumps(parcel.cloud_event())})
    # Then it stands in the shop
    shipped_once(fleet, [parcel])


def test_what_cannot_be_read_on_the_stream_is_set_aside_with_the_reason(fleet: Fleet) -> None:
    # Given a shipment behind a message that is no event
    parcel = Parcel(106)
    fleet.seed(parcel)
    # When both are appended
    before = fleet.runtime.redis.xlen("connector:events:refused")
    fleet.runtime.redis.xadd(STREAM, {"event": '{"specversion": "1.0"}'})
    fleet.runtime.redis.xadd(STREAM, {"event": json.dumps(parcel.cloud_event())})
    # Then the shipment is not held up, and the other is kept with what is wrong
    shipped_once(fleet, [parcel])
    fleet.until(lambda: fleet.runtime.redis.xlen("connector:events:refused") == before + 1, "it is set aside")
    newest = fleet.runtime.redis.xrevrange("connector:events:refused", count=1)
    assert "source" in str(newest)


def test_a_duplicate_push_is_answered_with_the_first_id_and_ships_once(fleet: Fleet) -> None:
    # Given a shipment that was pushed
    parcel, notification = Parcel(107), str(uuid.uuid4())
    fleet.seed(parcel)
    first = fleet.push(parcel, notification=notification)
    # When the same notification comes twice more, once before and once after it was shipped
    again = fleet.push(parcel, notification=notification)
    shipped_once(fleet, [parcel])
    late = fleet.push(parcel, notification=notification)
    # Then both are answered with the first id, and it was shipped once
    assert [reply.status_code for reply in (first, again, late)] == [202, 200, 200]
    assert {reply.json()["id"] for reply in (first, again, late)} == {first.json()["id"]}
    shipped_once(fleet, [parcel])


def test_the_same_fact_heard_in_several_ways_is_one_event(fleet: Fleet) -> None:
    # Given a shipment
    parcel = Parcel(108)
    fleet.seed(parcel)
    # When it is pushed by two notifications and published on the stream
    fleet.push(parcel)
    fleet.push(parcel)
    fleet.runtime.redis.xadd(STREAM, {"event": json.dumps(parcel.cloud_event())})
    # Then it is one entry and one shipment
    shipped_once(fleet, [parcel])
    fleet.until(lambda: fleet.runtime.redis.xlen(STREAM) == 0, "the stream is empty")
    assert len(fleet.records(parcel)) == 1
    assert len(fleet.shipments(parcel)) == 1


def test_a_part_of_an_order_is_shipped_as_that_part(fleet: Fleet) -> None:
    # Given an order of five with two in the parcel
    parcel = Parcel(109, ordered=5, shipped=2)
    fleet.seed(parcel)
    # When it is pushed
    fleet.push(parcel)
    # Then two are shipped, and three can still be
    shipped_once(fleet, [parcel])
    orders = control(fleet.shop, "GET", "state")["orders"]
    (order,) = [one for one in orders if one["increment_id"] == parcel.store_order]
    assert [int(item["qty_shipped"]) for item in order["items"]] == [2]


def test_each_package_brings_its_own_tracking_number(fleet: Fleet) -> None:
    # Given a shipment of two packages
    parcel = Parcel(110, ordered=2, shipped=2, packages=2)
    fleet.seed(parcel)
    # When it is pushed
    fleet.push(parcel)
    # Then it is one shipment with two tracking numbers
    assert len(parcel.tracking) == 2
    shipped_once(fleet, [parcel])


def test_an_unpaid_order_is_filtered_and_shipped_once_it_was_paid_and_retried(fleet: Fleet) -> None:
    # Given a shipment of an order with an unpaid balance
    parcel = Parcel(111, unpaid="42.50")
    fleet.seed(parcel)
    fleet.push(parcel)
    fleet.until_status(Status.FILTERED, parcel)
    # and the log says which condition failed, on which value
    entry = fleet.record(parcel).entry
    assert "nothing left to pay" in entry.reason
    assert "42.50" in entry.reason
    assert fleet.shipments(parcel) == []
    # When it is paid in the ERP and somebody retries the entry
    control(fleet.erp, "POST", f"orders/SO/{parcel.order}/pay")
    retried = fleet.run("log", "retry", str(entry.id), "--as", "ada")
    # Then it is shipped
    assert retried.returncode == 0, retried.stderr
    shipped_once(fleet, [parcel])


def test_no_secret_stands_in_the_database_or_in_anything_printed(fleet: Fleet) -> None:
    # Given a shipment that was delivered after a wrong secret had been refused
    parcel = Parcel(112)
    fleet.seed(parcel)
    wrong = {"X-Connector-Secret": "wrong"}
    assert fleet.web.post("/webhooks/acumatica-main", json={}, headers=wrong).status_code == 401
    fleet.push(parcel)
    shipped_once(fleet, [parcel])
    # When everything that is kept and printed is read
    dump, (whole, words) = fleet.dump(), shown(fleet, parcel)
    # Then the shipment is there, and not one secret of the configuration
    assert parcel.tracking[0] in dump
    no_secret_in(dump, "the database")
    no_secret_in(fleet.printed(), "the logs")
    no_secret_in(json.dumps(whole) + words, "what is shown")
