"""Orders as a connector meets them over REST: pushed, polled, commented on, held, canceled, invoiced, tracked."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.magento_recording import recorded
from tests.contract.magento_site import Site, running_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as one:
        yield one


@pytest.fixture(scope="module")
def pushed() -> dict[str, Any]:
    """The whole order that was pushed in the recording."""
    (exchange,) = [one for one in recorded() if one.name == "create.full"]
    body: dict[str, Any] = exchange.body["entity"]
    return body


def test_a_pushed_order_is_found_by_both_numbers_and_lives_as_any_other(
    site: Site, pushed: dict[str, Any]
) -> None:
    """Pushed with our number and reference, invoiced, shipped and refunded to the end."""
    entity = {**pushed, "increment_id": "SO-9001", "ext_order_id": "erp:9001"}
    stub = site.ok("POST", "/orders", {"entity": entity})
    number = stub["entity_id"]
    assert (stub["increment_id"], stub["grand_total"], stub["status_histories"]) == ("SO-9001", 60, [])
    for field, value in (("increment_id", "SO-9001"), ("ext_order_id", "erp:9001")):
        assert [one["entity_id"] for one in site.found("orders", (field, "eq", value))["items"]] == [number]

    site.ok("POST", f"/order/{number}/invoice", {"capture": True})
    site.ok("POST", f"/order/{number}/ship", {})
    assert site.order(number)["state"] == "complete"
    site.ok("POST", f"/order/{number}/refund", {})
    closed = site.order(number)
    assert (closed["state"], closed["total_refunded"], closed["total_due"]) == ("closed", 60, 0)


@pytest.mark.parametrize(("method", "path"), [("POST", "/orders"), ("PUT", "/orders/create")])
def test_a_number_is_taken_once_whoever_asks(
    site: Site, pushed: dict[str, Any], method: str, path: str
) -> None:
    """Our number is the key: pushed again, or moved onto another order, it is refused and nothing is made."""
    entity = {**pushed, "increment_id": f"SO-{method}"}
    site.ok(method, path, {"entity": entity})
    before = len(site.state()["orders"])
    again = site.call(method, path, {"entity": entity})
    assert (again.status_code, again.json()) == (400, {"message": "Unique constraint violation found"})
    assert len(site.state()["orders"]) == before
    other = site.place()
    moved = {"entity_id": other["entity_id"], "increment_id": f"SO-{method}"}
    assert site.call("POST", "/orders", {"entity": moved}).status_code == 400
    assert site.order(other["entity_id"])["increment_id"] == other["increment_id"]


def test_the_reference_is_not_unique_but_can_be_set_later(site: Site) -> None:
    one, other = site.place(), site.place()
    for order in (one, other):
        entity = {"entity_id": order["entity_id"], "ext_order_id": "erp:same"}
        site.ok("POST", "/orders", {"entity": entity})
    found = site.found("orders", ("ext_order_id", "eq", "erp:same"))["items"]
    assert [row["entity_id"] for row in found] == [one["entity_id"], other["entity_id"]]


def test_a_save_that_names_a_foreign_line_changes_nothing(site: Site) -> None:
    order = site.place()
    foreign = {"entity_id": order["entity_id"], "ext_order_id": "x", "items": [{"item_id": 10**6}]}
    assert site.call("POST", "/orders", {"entity": foreign}).status_code == 400
    assert "ext_order_id" not in site.order(order["entity_id"])


def test_cancel_says_true_for_what_it_did_and_false_for_nothing(site: Site) -> None:
    order = site.place()
    path = f"/orders/{order['entity_id']}/cancel"
    assert [site.ok("POST", path), site.ok("POST", path)] == [True, False]
    canceled = site.order(order["entity_id"])
    assert (canceled["state"], canceled["total_due"], canceled["total_canceled"]) == ("canceled", 40, 40)


def test_a_cancel_can_say_true_and_do_nothing(site: Site) -> None:
    """With the fault the answer is as ever and the order as before, to be seen only by reading it again."""
    order = site.place()
    site.sim("POST", "faults", {"kind": "not_kept", "path": "/cancel$", "when": {"once": True}})
    path = f"/orders/{order['entity_id']}/cancel"
    assert site.ok("POST", path) is True
    assert site.order(order["entity_id"]) == order
    assert site.ok("POST", path) is True
    assert site.order(order["entity_id"])["state"] == "canceled"


def _comment(site: Site, order: dict[str, Any], status: str) -> Any:
    body = {"statusHistory": {"comment": "seen", "status": status, "is_customer_notified": 0}}
    return site.call("POST", f"/orders/{order['entity_id']}/comments", body)


def test_a_comment_sets_only_a_status_that_the_shop_has_defined_for_the_state(site: Site) -> None:
    order = site.place()
    refused = _comment(site, order, "in_picking")
    assert (refused.status_code, refused.json()["parameters"]) == (400, ["in_picking"])
    site.sim("POST", "seed", {"statuses": {"new": ["in_picking"]}})
    assert _comment(site, order, "in_picking").json() is True
    assert _comment(site, order, "processing").status_code == 400
    assert _comment(site, order, "pending").json() is True
    histories = site.order(order["entity_id"])["status_histories"]
    assert [one["status"] for one in histories] == ["pending", "in_picking"]


def test_hold_and_unhold_give_back_state_and_status(site: Site) -> None:
    order = site.place()
    path = f"/orders/{order['entity_id']}"
    assert site.ok("POST", f"{path}/hold") is True
    held = site.order(order["entity_id"])
    assert (held["state"], held["hold_before_state"], held["hold_before_status"]) == (
        "holded",
        "new",
        "pending",
    )
    assert site.call("POST", f"/order/{order['entity_id']}/invoice", {}).status_code == 400
    assert site.ok("POST", f"{path}/unhold") is True
    assert site.order(order["entity_id"])["state"] == "new"


def test_partial_invoices_add_up_and_too_much_is_refused(site: Site) -> None:
    """The first takes the shipping, more than is left is refused in full, and all of them are paid."""
    order = site.place(shipping_amount="4")
    path, item = f"/order/{order['entity_id']}/invoice", order["items"][0]["item_id"]
    asked = {"items": [{"order_item_id": item, "qty": 2}]}
    site.ok("POST", path, {"capture": True, **asked})
    refused = site.call("POST", path, {"capture": False, **asked})
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        'We found an invalid quantity to invoice item "%1".',
    )
    site.ok("POST", path, {"capture": False})
    invoices = site.found("invoices", ("order_id", "eq", str(order["entity_id"])))["items"]
    assert [(one["grand_total"], one["state"]) for one in invoices] == [(24, 2), (20, 2)]
    assert (site.order(order["entity_id"])["total_paid"], order["grand_total"]) == (44, 44)


def test_tracks_are_added_to_a_shipment_without_merging(site: Site) -> None:
    order = site.place()
    shipment = int(site.ok("POST", f"/order/{order['entity_id']}/ship", {}))
    track = {
        "order_id": order["entity_id"],
        "parent_id": shipment,
        "track_number": "1Z2",
        "carrier_code": "ups",
    }
    for _ in range(2):
        site.ok("POST", "/shipment/track", {"entity": track})
    tracks = site.ok("GET", f"/shipment/{shipment}")["tracks"]
    assert [one["track_number"] for one in tracks] == ["1Z2", "1Z2"]


@pytest.mark.parametrize(("numeric", "kind"), [(False, str), (True, int)])
def test_ids_of_new_documents_come_as_text_or_as_numbers(site: Site, numeric: bool, kind: type) -> None:
    """2.4.7 quotes them, the vendor's document says they are numbers; a switch gives the latter."""
    order = site.place()
    site.sim("POST", "seed", {"settings": {"numeric_ids": numeric}})
    made = [
        site.ok("POST", f"/order/{order['entity_id']}/{one}", {}) for one in ("invoice", "ship", "refund")
    ]
    site.sim("POST", "seed", {"settings": {"numeric_ids": False}})
    assert [type(one) for one in made] == [kind] * 3


POLLED = ["orders", "shipments", "invoices", "creditmemos"]


@pytest.mark.parametrize("field", ["updated_at", "created_at"])
@pytest.mark.parametrize("table", POLLED)
def test_documents_are_polled_by_time_in_pages(site: Site, table: str, field: str) -> None:
    """Newer than a time, oldest first, page by page to an empty one, with the whole count on each."""
    since = site.clock.tick(60)
    made = []
    for _ in range(3):
        site.clock.tick(60)
        order = site.place()
        for action in ("invoice", "ship", "refund"):
            site.shop(order, action)
        made.append(order["entity_id"])
    pages = [
        site.found(
            table,
            (field, "gt", since),
            **{
                "searchCriteria[sortOrders][0][field]": field,
                "searchCriteria[sortOrders][0][direction]": "ASC",
                "searchCriteria[pageSize]": "2",
                "searchCriteria[currentPage]": str(page),
            },
        )
        for page in (1, 2, 3)
    ]
    key = "entity_id" if table == "orders" else "order_id"
    assert [[row[key] for row in page["items"]] for page in pages] == [made[:2], made[2:], []]
    assert {page["total_count"] for page in pages} == {3}
    stamps = [row[field] for page in pages for row in page["items"]]
    assert stamps == sorted(stamps)
    assert all(one > since for one in stamps)


@pytest.mark.parametrize("table", POLLED)
def test_documents_are_polled_by_id(site: Site, table: str) -> None:
    """What came after an id, whatever the clock says."""
    order = site.place()
    for action in ("invoice", "ship", "refund"):
        site.shop(order, action)
    last = max(row["entity_id"] for row in site.state()[table])
    found = site.found(table, ("entity_id", "gt", str(last - 1)))["items"]
    assert [row["entity_id"] for row in found] == [last]


MOVES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("a first shipment", "ship", {"skus": {"A": 1}}, True),
    ("a further shipment that keeps the state", "ship", {"skus": {"A": 1}}, False),
    ("an invoice", "invoice", {}, True),
    ("a comment that keeps the status", "comment", {"comment": "hello"}, False),
    ("a refund", "refund", {"skus": {"A": 1}, "shipping_amount": 0}, True),
    ("a hold", "hold", {}, True),
    ("the end of a hold", "unhold", {}, True),
]


def test_an_orders_time_moves_only_when_its_own_row_does(site: Site) -> None:
    """As recorded: not for a shipment that keeps the state, nor a comment that keeps the status."""
    order = site.place()
    moved = []
    for _, action, asked, _ in MOVES:
        before = site.order(order["entity_id"])["updated_at"]
        site.clock.tick()
        site.shop(order, action, **asked)
        moved.append(site.order(order["entity_id"])["updated_at"] > before)
    assert moved == [move for *_, move in MOVES]


def test_an_amount_is_kept_to_the_last_digit(site: Site) -> None:
    order = site.place(lines=[{"sku": "A", "qty": 3, "price": "0.07"}], tax_percent="19")
    assert (order["tax_amount"], order["grand_total"]) == (Decimal("0.04"), Decimal("0.25"))
