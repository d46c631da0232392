"""Orders that are fulfilled and billed: which lines a transform takes, and the status that follows."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.netsuite_site import Site, order, running_site


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def lines_of(site: Site, path: str) -> list[tuple[Any, ...]]:
    """Order line, item and quantity of each line."""
    rows = site.whole(path)["item"]["items"]
    return [(row.get("orderLine"), row["item"]["refName"], row["quantity"]) for row in rows]


def status_of(site: Site, number: str) -> str:
    letter: str = site.read(f"salesOrder/{number}")["status"]["id"]
    return letter


def test_order_lines_are_numbered_with_gaps_and_a_transform_names_them_so(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    path = f"salesOrder/{number}/!transform/itemFulfillment"
    wrong = {"item": {"items": [{"orderLine": 2, "quantity": 1}]}}
    status, code, text = site.refused("POST", path, wrong)
    assert (status, code) == (400, "INVALID_CONTENT")
    assert "orderLine" in text
    made = site.make(path, {"shipStatus": {"id": "C"}})
    assert lines_of(site, f"itemFulfillment/{made}") == [(1, "MUG", 2), (4, "LAMP", 1)]
    assert status_of(site, number) == "F"


def test_unmentioned_lines_are_shipped_in_full_unless_item_receive_says_no(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    path = f"salesorder/{number}/!transform/itemfulfillment"
    some = {"shipStatus": "C", "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    made = site.make(path, some)
    assert lines_of(site, f"itemFulfillment/{made}") == [(1, "MUG", 1), (4, "LAMP", 1)]
    other = site.seed(order("unbilled"))[0]["id"]
    rows = [
        {"orderLine": 1, "location": 6, "quantity": 1},
        {"orderLine": 4, "location": 6, "itemreceive": False},
    ]
    made = site.make(
        f"salesorder/{other}/!transform/itemfulfillment", {"shipStatus": "C", "item": {"items": rows}}
    )
    assert lines_of(site, f"itemFulfillment/{made}") == [(1, "MUG", 1)]
    assert status_of(site, other) == "E"


def test_no_more_is_shipped_than_is_left(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    path = f"salesOrder/{number}/!transform/itemFulfillment?replace=item"
    assert "exceeds" in site.refused("POST", path, {"item": {"items": [{"orderLine": 1, "quantity": 3}]}})[2]
    site.make(path, {"shipStatus": "C", "item": {"items": [{"orderLine": 1, "quantity": 2}]}})
    assert (
        "orderLine" in site.refused("POST", path, {"item": {"items": [{"orderLine": 1, "quantity": 1}]}})[2]
    )
    site.make(path, {"shipStatus": "C", "item": {"items": [{"orderLine": 4}]}})
    assert "cannot be fulfilled" in site.refused("POST", path, {})[2]


def test_what_is_only_picked_leaves_the_order_pending(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    made = site.make(f"salesOrder/{number}/!transform/itemFulfillment")
    assert site.read(f"itemFulfillment/{made}")["shipStatus"] == {"id": "A", "refName": "Picked"}
    assert status_of(site, number) == "B"
    assert site.call("PATCH", f"itemFulfillment/{made}", {"shipStatus": {"id": "C"}}).status_code == 204
    assert status_of(site, number) == "F"


def test_packages_of_every_kind_are_kept(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    body = {
        "shipStatus": {"id": "C"},
        "package": {"items": [{"packageTrackingNumber": "1Z1", "packageWeight": 1.5}]},
        "packageUps": {"items": [{"packageTrackingNumberUps": "1Z2"}]},
    }
    made = site.whole(f"itemFulfillment/{site.make(f'salesOrder/{number}/!transform/itemFulfillment', body)}")
    parcel = made["package"]["items"][0]
    assert (parcel["packageTrackingNumber"], parcel["packageWeight"]) == ("1Z1", Decimal("1.5"))
    assert made["packageUps"]["items"][0]["packageTrackingNumberUps"] == "1Z2"


@pytest.mark.parametrize("target", ["invoice", "cashSale"])
def test_an_order_is_billed_in_parts_and_the_shipping_is_taken_over(site: Site, target: str) -> None:
    number = site.seed(order("fulfilled"))[0]["id"]
    rows = [{"orderLine": 1, "quantity": 0}, {"orderLine": 4, "quantity": 1}]
    first = site.read(
        f"{target}/{site.make(f'salesOrder/{number}/!transform/{target}', {'item': {'items': rows}})}"
    )
    assert (first["subtotal"], first["shippingCost"], first["total"]) == (20, 5, 25)
    assert first["createdFrom"]["id"] == number
    assert status_of(site, number) == "F"
    rest = site.make(f"salesOrder/{number}/!transform/{target}", {"shippingCost": 0})
    assert lines_of(site, f"{target}/{rest}") == [(1, "MUG", 2)]
    assert site.read(f"{target}/{rest}")["total"] == 25
    assert status_of(site, number) == "G"
    assert "cannot be billed" in site.refused("POST", f"salesOrder/{number}/!transform/{target}")[2]


def test_a_line_without_order_line_is_added_to_all_of_the_sources(site: Site) -> None:
    number = site.seed(order("fulfilled"))[0]["id"]
    body = {"item": {"items": [{"item": {"id": "55"}, "amount": 1}]}}
    added = site.make(f"salesOrder/{number}/!transform/invoice", body)
    assert lines_of(site, f"invoice/{added}") == [(1, "MUG", 2), (4, "LAMP", 1), (None, "FEE", 1)]
    alone = site.seed(order("fulfilled"))[0]["id"]
    made = site.make(f"salesOrder/{alone}/!transform/invoice?replace=item", body)
    assert lines_of(site, f"invoice/{made}") == [(None, "FEE", 1)]


def test_charges_are_billed_but_not_shipped(site: Site) -> None:
    lines = [{"item": "MUG"}, {"item": "FEE", "amount": "3.00"}]
    made = site.seed(order("cash_sale", lines=lines))[0]
    assert lines_of(site, f"itemFulfillment/{made['itemFulfillment']}") == [(1, "MUG", 1)]
    assert lines_of(site, f"cashSale/{made['cashSale']}") == [(1, "MUG", 1), (4, "FEE", 1)]
    assert status_of(site, made["id"]) == "G"


def test_the_status_of_an_order_goes_its_way(site: Site) -> None:
    number = site.seed(order("pending_approval"))[0]["id"]
    assert "Pending Approval" in site.refused("POST", f"salesOrder/{number}/!transform/itemFulfillment")[2]
    assert "Pending Approval" in site.refused("POST", f"salesOrder/{number}/!transform/invoice")[2]
    assert site.call("PATCH", f"salesOrder/{number}", {"orderStatus": "B"}).status_code == 204
    seen = [status_of(site, number)]
    for work, body in [
        ("fulfil", {"lines": [{"orderLine": 1, "quantity": "1"}]}),
        ("invoice", {"lines": [{"orderLine": 1, "quantity": "1"}]}),
        ("fulfil", {}),
        ("invoice", {}),
    ]:
        site.sim("POST", f"orders/{number}/{work}", body)
        seen.append(status_of(site, number))
    assert seen == ["B", "E", "D", "F", "G"]


def test_an_order_is_closed_line_by_line_and_cancelled_only_untouched(site: Site) -> None:
    first, second = (one["id"] for one in site.seed(order("unbilled"), order("fulfilled")))
    rows = [{"line": 1, "isclosed": True}, {"line": 4, "isclosed": True}]
    assert site.call("PATCH", f"salesOrder/{first}", {"item": {"items": rows}}).status_code == 204
    assert status_of(site, first) == "H"
    assert "cancelled" in site.refused("PATCH", f"salesOrder/{second}", {"orderStatus": {"id": "C"}})[2]
    third = site.seed(order("deposit"))[0]["id"]
    site.sim("POST", f"orders/{third}/cancel")
    assert status_of(site, third) == "C"


def test_a_transform_takes_numbers_only_and_known_pairs_only(site: Site) -> None:
    made = site.seed(order("unbilled", externalId="shop-9"))[0]
    assert site.refused("POST", "salesOrder/eid:shop-9/!transform/invoice")[1] == "INVALID_ID"
    assert site.refused("POST", "salesOrder/4711/!transform/invoice")[:2] == (404, "NONEXISTENT_ID")
    assert site.refused("POST", f"salesOrder/{made['id']}/!transform/creditMemo")[1] == "INVALID_REQUEST"
    assert site.refused("POST", "itemFulfillment", {"entity": {"id": "110"}})[1] == "USER_ERROR"


def test_an_external_id_makes_a_transform_happen_once(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    some = {"externalId": "ship-1", "item": {"items": [{"orderLine": 1, "quantity": 1}]}}
    path = f"salesOrder/{number}/!transform/itemFulfillment?replace=item"
    site.sim("POST", "faults", {"kind": "reply_lost", "path": "!transform", "when": {"once": True}})
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        site.call("POST", path, some)
    assert lines_of(site, "itemFulfillment/eid:ship-1") == [(1, "MUG", 1)]
    assert "already exists" in site.refused("POST", path, some)[2]


def test_what_is_made_from_a_record_changes_when_it_was_modified(site: Site) -> None:
    number = site.seed(order("unbilled"))[0]["id"]
    before = site.read(f"salesOrder/{number}")["lastModifiedDate"]
    site.sim("POST", "clock/advance", {"seconds": 60})
    site.sim("POST", f"orders/{number}/fulfil", {"packages": [{"packageTrackingNumber": "1Z9"}]})
    assert site.read(f"salesOrder/{number}")["lastModifiedDate"] > before
