"""Process flows of the simulated site: HTTP errors for what cannot be executed, 200 for a flow that fails."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.aptify_site import LAMP, MUG, Site, line, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _execute(site: Site, name: str, **parameters: Any) -> httpx.Response:
    """Execute a flow with a form; lists stand in it as JSON."""
    form = {
        key: json.dumps(value) if isinstance(value, list) else str(value) for key, value in parameters.items()
    }
    return site.call("POST", f"ProcessFlowsController/{name}", data=form)


def _result(site: Site, name: str, **parameters: Any) -> dict[str, Any]:
    reply = _execute(site, name, **parameters)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_a_flow_ships_an_order_with_its_tracking_number_and_date(site: Site) -> None:
    number = site.take()
    told = {"TrackingNumber": "1Z1", "DateShipped": "2026-11-26T12:00:00", "ShippedBy": 2}
    assert _result(site, "Ship Order", OrderID=number, **told) == {
        "ResultCode": "SUCCESS",
        "Message": "",
        "OrderID": number,
    }
    order = site.order_state(number)
    assert (order["OrderStatus"], order["TrackingNumber"], order["ShippedBy"]) == ("Shipped", "1Z1", 2)
    assert order["DateShipped"] == "2026-11-26T12:00:00"


def test_a_flow_ships_a_part_from_a_location(site: Site) -> None:
    number = site.take(line(MUG, 5), line(LAMP, 5))
    mug, lamp = site.lines(number)
    rows = [
        {"OrderLineID": mug["ID"], "Quantity": 2},
        {"OrderLineID": lamp["ID"], "Quantity": "4", "InventoryLocationID": 2},
    ]
    result = _result(site, "ship order partially", OrderID=number, Lines=rows)
    assert [[one["Quantity"] for one in site.lines(back)] for back in result["BackOrderIDs"]] == [[3], [1]]
    assert site.stock(LAMP, 2) == (46, 0, 4, 46)


def test_a_flow_takes_json_too(site: Site) -> None:
    number = site.take(line(MUG, 5))
    rows = [{"orderLineId": site.lines(number)[0]["ID"], "quantity": 5}]
    body = {"orderId": number, "lines": rows}
    reply = site.call("POST", "ProcessFlowsController/Ship Order Partially", json=body)
    assert (reply.json()["ResultCode"], reply.json()["BackOrderIDs"]) == ("SUCCESS", [])


def test_flows_cancel_and_turn_back(site: Site) -> None:
    taken, shipped = site.take(), site.take(line(MUG, 4))
    assert _result(site, "Cancel Order", OrderID=taken)["ResultCode"] == "SUCCESS"
    assert site.order_state(taken)["OrderStatus"] == "Cancelled"
    site.ship(shipped)
    rows = [{"OrderLineID": site.lines(shipped)[0]["ID"], "Quantity": 1, "NotReturnedToStock": True}]
    told = {"OrderID": shipped, "Reason": "Broken", "Lines": rows}
    made = site.order_state(_result(site, "Create Cancellation Order", **told)["CancellationOrderID"])
    assert (made["CancellationReason"], made["lines"][0]["NotReturnedToStock"]) == ("Broken", True)
    assert site.stock(MUG) == (496, 0, 3, 496)
    rest = _result(site, "Create Cancellation Order", OrderID=shipped, Reason="All")["CancellationOrderID"]
    assert site.lines(rest)[0]["Quantity"] == -3


def test_a_flow_that_fails_is_answered_with_200_and_leaves_nothing(site: Site) -> None:
    number = site.take(line(LAMP, 60))
    shipped = site.take()
    site.ship(shipped)
    before = site.order_state(number)
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("Ship Order", {"OrderID": number, "TrackingNumber": "1Z1"}, "not enough inventory"),
        ("Ship Order", {"OrderID": shipped}, "shipped already"),
        ("Ship Order", {"OrderID": 4711}, "4711"),
        ("Ship Order", {"OrderID": "x"}, "OrderID"),
        ("Ship Order Partially", {"OrderID": number, "Lines": [{"Quantity": 1}]}, "no order line"),
        ("Cancel Order", {"OrderID": shipped}, "cannot be cancelled"),
        ("Create Cancellation Order", {"OrderID": number, "Reason": "x"}, "Taken"),
    ]
    for name, told, word in calls:
        result = _result(site, name, **told)
        assert (result["ResultCode"], word in result["Message"]) == ("FAILED", True)
    assert site.order_state(number) == before


def test_a_flow_that_is_unknown_forbidden_or_lacks_a_parameter_is_an_http_error(site: Site) -> None:
    number = site.take()
    assert _execute(site, "Ship Everything", OrderID=number).status_code == 404
    assert _execute(site, "Ship Order").status_code == 400
    assert _execute(site, "Create Cancellation Order", OrderID=number).status_code == 400
    site.sim("POST", "options", {"forbidden_flows": ["Ship Order"]})
    assert _execute(site, "Ship Order", OrderID=number).status_code == 403
    site.sim("POST", "options", {"flow_statuses": {"unknown": 500, "forbidden": 500, "missing": 500}})
    assert _execute(site, "Ship Everything", OrderID=number).status_code == 500
    assert site.order_state(number)["OrderStatus"] == "Taken"


def test_the_names_of_flows_are_the_sites() -> None:
    with running_site(flows={"WH Ship": "ship"}) as site:
        number = site.take()
        assert _execute(site, "Ship Order", OrderID=number).status_code == 404
        assert _result(site, "WH Ship", OrderID=number)["ResultCode"] == "SUCCESS"


def test_a_flow_can_be_made_to_fail(site: Site) -> None:
    number = site.take()
    site.sim("POST", "faults", {"kind": "flow_failed", "when": {"once": True}})
    assert _result(site, "Ship Order", OrderID=number)["ResultCode"] == "FAILED"
    assert _result(site, "Ship Order", OrderID=number)["ResultCode"] == "SUCCESS"


def test_a_flow_still_ships_where_saving_does_not(site: Site) -> None:
    site.sim("POST", "options", {"saving_ships": False})
    number = site.take()
    assert _result(site, "Ship Order", OrderID=number)["ResultCode"] == "SUCCESS"
