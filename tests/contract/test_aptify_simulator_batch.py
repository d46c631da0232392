"""Batches at the simulated site: one transaction, once per GUID, and a 200 that does not say it was applied."""

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.contract.aptify_site import MUG, PERSON, SHIPPED, Site, line, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def _submit(site: Site, *requests: dict[str, Any], guid: str = "", method: str = "POST") -> httpx.Response:
    address = f"BatchCreateUpdateDelete/{guid or uuid.uuid4()}"
    return site.call(method, address, json={"Requests": list(requests)})


def _new_order(**fields: Any) -> dict[str, Any]:
    return {"Action": "Create", "EntityName": "Orders", "ID": -1, "ShipToID": PERSON, **fields}


def test_a_batch_makes_changes_and_deletes_in_one_go(site: Site) -> None:
    number = site.take(line(MUG, 2), line(MUG, 3))
    row = site.lines(number)[1]
    reply = _submit(
        site,
        _new_order(PONumber="P-1", SubTypes=[line()]),
        {"Action": "Update", "EntityName": "Orders", "ID": number, "TrackingNumber": "1Z1"},
        {"Action": "Delete", "EntityName": "OrderLines", "ID": row["ID"]},
        {"Action": "Update", "EntityName": "Orders", "ID": number, "OrderStatusID": SHIPPED},
        method="PUT",
    )
    body = reply.json()
    assert (reply.status_code, body["Success"], len(body["Results"])) == (200, True, 4)
    made = site.order_state(body["Results"][0]["ID"])
    assert (made["PONumber"], len(made["lines"])) == ("P-1", 1)
    order = site.order_state(number)
    assert (order["OrderStatus"], order["TrackingNumber"], len(order["lines"])) == ("Shipped", "1Z1", 1)
    assert site.stock(MUG) == (498, 2, 2, 496)


def test_a_batch_that_fails_is_answered_with_200_and_leaves_nothing(site: Site) -> None:
    guid = str(uuid.uuid4())
    bad = {"Action": "Update", "EntityName": "Orders", "ID": 4711, "PONumber": "P"}
    reply = _submit(site, _new_order(SubTypes=[line()]), bad, _new_order(), guid=guid)
    body = reply.json()
    assert (reply.status_code, body["Success"]) == (200, False)
    assert [one["Error"] for one in body["Results"]] == [
        "Rolled back.",
        "There is no record 4711 in Orders.",
        "Not tried.",
    ]
    state = site.state()
    assert (state["orders"], state["batches"]) == ([], {guid: False})
    assert site.stock(MUG) == (500, 0, 0, 500)


def test_a_guid_sent_again_is_a_conflict_whether_the_batch_was_applied_or_not(site: Site) -> None:
    applied, failed = str(uuid.uuid4()), str(uuid.uuid4())
    _submit(site, _new_order(), guid=applied)
    _submit(site, {"Action": "Delete", "EntityName": "Orders", "ID": 1}, guid=failed)
    for guid in (applied, applied.upper(), failed):
        assert _submit(site, _new_order(), guid=guid).status_code == 409
    assert len(site.state()["orders"]) == 1


def test_a_batch_whose_reply_is_lost_was_made(site: Site) -> None:
    guid = str(uuid.uuid4())
    site.sim("POST", "faults", {"kind": "reply_lost", "path": "Batch", "when": {"once": True}})
    with pytest.raises(httpx.TransportError):
        _submit(site, _new_order(PONumber="P-1"), guid=guid)
    assert _submit(site, _new_order(PONumber="P-1"), guid=guid).status_code == 409
    assert [one["PONumber"] for one in site.state()["orders"]] == ["P-1"]


def test_what_does_not_fit_fails_in_the_reply_or_is_a_bad_request(site: Site) -> None:
    number = site.take()
    for request, word in [
        ({"Action": "Merge", "EntityName": "Orders", "ID": number}, "merge"),
        ({"Action": "Create", "EntityName": "Orders", "ID": number}, "create"),
        ({"Action": "Update", "EntityName": "Orders", "ID": -1}, "update"),
        ({"Action": "Delete", "EntityName": "Orders", "ID": number}, "cannot be deleted"),
    ]:
        assert word in _submit(site, request).json()["Results"][0]["Error"]
    assert _submit(site, guid="not-a-guid").status_code == 400
    assert site.call("POST", f"BatchCreateUpdateDelete/{uuid.uuid4()}", content=b"{").status_code == 400


def test_records_that_nothing_depends_on_can_be_deleted(site: Site) -> None:
    made = site.save("Companies", Name="Short-lived")["id"]
    assert (
        _submit(site, {"Action": "Delete", "EntityName": "Companies", "ID": made}).json()["Success"] is True
    )
    assert site.call("GET", f"GetRecord/Companies/{made}").status_code == 404


def test_a_late_shipping_of_a_batch_that_fails_is_forgotten(site: Site) -> None:
    site.sim("POST", "options", {"ship_seconds": 30})
    number = site.take()
    ship = {"Action": "Update", "EntityName": "Orders", "ID": number, "OrderStatusID": SHIPPED}
    _submit(site, ship, {"Action": "Delete", "EntityName": "Orders", "ID": number})
    site.clock.tick(60)
    assert site.record("Orders", number)["OrderStatus"] == "Taken"
