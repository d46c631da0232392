"""What people do in the simulated account, what seeds it takes, and the catalogue of its fields."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.netsuite_site import Site, order, running_site

NEW: dict[str, Any] = {"entity": {"id": "110"}, "item": {"items": [{"item": {"id": "98"}}]}}


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_the_catalogue_names_the_fields_and_a_blank_in_the_selection_is_refused(site: Site) -> None:
    reply = site.call(
        "GET", "metadata-catalog?select=salesOrder,cashRefund", Accept="application/swagger+json"
    )
    schemas = reply.json()["components"]["schemas"]
    assert "orderStatus" in schemas["salesOrder"]["properties"]
    assert "status" not in schemas["cashRefund"]["properties"]
    one = site.call("GET", "metadata-catalog/creditMemo", Accept="application/schema+json").json()
    assert "apply" in one["properties"]
    assert site.refused("GET", "metadata-catalog?select=salesOrder, cashRefund")[0] == 400


def test_people_and_seeds_that_do_not_fit_are_told_why(site: Site) -> None:
    for path, body, word in [
        ("seed", {"orders": []}, "orders"),
        ("seed", {"salesOrders": [order("unbilled", entity="4711")]}, "4711"),
        ("seed", {"salesOrders": [order("unbilled", currency="ZZZ")]}, "ZZZ"),
        ("seed", {"items": [{"itemId": "X", "type": "thing"}]}, "thing"),
        ("orders/4711/approve", {}, "4711"),
        ("options", {"nothing": 1}, "nothing"),
        ("edit/customer/4711", {"email": "x"}, "4711"),
    ]:
        reply = site.client.post(f"/_sim/{path}", json=body)
        assert reply.status_code == 400, path
        assert word in reply.json()["error"]
    assert site.client.post("/_sim/nothing").status_code == 404


def test_people_edit_and_delete(site: Site) -> None:
    number = site.make("salesOrder", NEW)
    assert site.sim("POST", f"edit/salesOrder/{number}", {"memo": "by hand"})["id"] == number
    assert site.read(f"salesOrder/{number}")["memo"] == "by hand"
    site.sim("POST", f"delete/salesOrder/{number}")
    assert site.refused("GET", f"salesOrder/{number}")[0] == 404
