"""Holds the Magento simulator against what a real Magento 2.4.7 answered, and tries its own switches."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connector.simulators import build
from connector.simulators.base import Served, serve
from tests.contract.magento_recording import Exchange, recorded
from tests.contract.magento_replay import Outcome, replaying
from tests.contract.openapi import VALIDATED, NotInDocument, validate_magento_request

COVERED = frozenset(
    """
    auth cancel create creditmemo creditmemos error full hold invoice invoices limits mixed order order_items
    orders refund save ship shipment shipments source_items stock track transactions unhold updated_at
    """.split()
)
"""The groups of exchanges that are replayed."""

NOT_COVERED = {
    "async": "the asynchronous API is not simulated",
    "cart": "carts are not simulated: orders are placed over a control path",
    "products": "the catalogue is not simulated",
}
"""The groups that are not, and why."""

_OLDER = "the older call for stock is not simulated, since nobody writes by it"
_RESERVED = "reservations, and so what may still be sold, are not simulated"

DISAGREEING = {
    "auth.admin_token_2fa_provider_forced": "the providers of a second factor are not simulated",
    "auth.tfa_google": "the providers of a second factor are not simulated",
    "auth.tfa_google_not_set_up": "the providers of a second factor are not simulated",
    "error.product_unknown": "the catalogue is not simulated",
    "stock.is_salable": _RESERVED,
    "stock.item_get_after": _OLDER,
    "stock.item_put": _OLDER,
    "stock.item_put_wrong_id": _OLDER,
    "stock.salable": _RESERVED,
    "stock.salable_unknown": _RESERVED,
    "stock.source_after_item_put": _OLDER,
    "stock.statuses": _RESERVED,
    "stock.stocks": "stocks, which join sources with sales channels, are not simulated",
    "orders.or_group": "no order was asked for: the database took its index by state, we go by id",
}
"""The replayed exchanges that differ, each with the reason."""


LEAST_AGREEING = 374
"""So many agree; fewer is a step back."""


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    with replaying() as replay:
        return replay.run(lambda exchange: exchange.group in COVERED)


def test_recorded_exchanges_agree_unless_a_reason_is_stated(
    outcomes: list[Outcome], contract_summary: list[str]
) -> None:
    """Each replayed exchange gives the recorded status and body, or stands in the table of reasons."""
    differing = {one.name: one.difference for one in outcomes if one.difference is not None}
    every = recorded()
    agreeing = len(outcomes) - len(differing)
    contract_summary.append(f"magento: {agreeing} of {len(every)} recorded exchanges agree")
    left_out = Counter(exchange.group for exchange in every if exchange.group not in COVERED)
    contract_summary += [
        f"  {group}.* ({count}, not asked): {NOT_COVERED[group]}" for group, count in left_out.items()
    ]
    contract_summary += [f"  {name}: {DISAGREEING.get(name, 'NO REASON STATED')}" for name in differing]
    assert agreeing + len(differing) + left_out.total() == len(every)
    assert agreeing >= LEAST_AGREEING
    unexplained = {name: difference for name, difference in differing.items() if name not in DISAGREEING}
    assert not unexplained


def test_no_reason_is_stated_for_an_exchange_that_agrees(outcomes: list[Outcome]) -> None:
    """The table of reasons holds nothing but exchanges which do differ."""
    differing = {one.name for one in outcomes if one.difference is not None}
    assert set(DISAGREEING) == differing


def test_each_recorded_group_is_replayed_or_named_as_left_out() -> None:
    """No group of exchanges is forgotten."""
    assert {exchange.group for exchange in recorded()} - COVERED == set(NOT_COVERED)


def test_updated_at_moves_as_recorded() -> None:
    """An order's `updated_at` moves with its state, not for a partial shipment or a track; its lines' do."""
    with replaying() as replay:
        stamps = _stamps_along(replay.exchanges, replay.run, replay.send)
    assert stamps["before_ship"][0] == stamps["after_first_partial_ship"][0]
    assert stamps["before_ship"][1] < stamps["after_first_partial_ship"][1]
    assert stamps["after_first_partial_ship"][0] < stamps["after_last_ship"][0]
    assert stamps["after_last_ship"] == stamps["order_after_track"]


def _stamps_along(exchanges: Any, run: Any, send: Any) -> dict[str, tuple[str, str]]:
    stamps: dict[str, tuple[str, str]] = {}

    def watch(exchange: Exchange) -> bool:
        if exchange.group == "updated_at" and exchange.path == "/rest/V1/orders/47":
            body = send(exchange).json()
            stamps[exchange.name.split(".")[1]] = (body["updated_at"], body["items"][0]["updated_at"])
        return exchange.group == "updated_at"

    run(watch)
    return stamps


def _judged(exchange: Exchange) -> bool:
    """Whether a recorded request should meet the document: it succeeded, by a spelling the document knows."""
    unspelt = {"ship.camel_case", "ship.misspelt_items_ships_all", "error.unknown_top_property"}
    missing = {"stock.item_put", "stock.item_put_wrong_id"}  # a path that was trimmed from the document
    silent = {"orders.updated_gt_bad_date", "orders.page_zero", "orders.fields_broken"}
    left_out = exchange.group in ("cart", "async", "products") or "/async/" in exchange.path
    return exchange.status == 200 and not left_out and exchange.name not in unspelt | silent | missing


def test_recorded_requests_meet_the_vendors_document(contract_summary: list[str]) -> None:
    """What a real shop accepted is judged good, so the judge may be trusted with what we send."""
    refused = {}
    judged = [exchange for exchange in recorded() if _judged(exchange)]
    for exchange in judged:
        try:
            validate_magento_request(exchange.method, exchange.path, exchange.query, exchange.body)
        except NotInDocument as error:
            refused[exchange.name] = str(error)
    contract_summary.append(
        f"magento: {len(judged) - len(refused)} of {len(judged)} accepted requests meet the document, "
        f"{len(VALIDATED)} calls"
    )
    assert refused == {}


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", "/rest/V1/order/1/ship", {}, {"items": [{"order_item_id": 1, "qty": 1, "colour": "red"}]}),
        ("POST", "/rest/V1/order/1/ship", {}, {"item": []}),
        ("POST", "/rest/V1/order/1/ship", {}, {"items": [{"order_item_id": "1", "qty": 1}]}),
        ("POST", "/rest/V1/orders", {}, {}),
        ("POST", "/rest/V1/orders", {}, {"entity": {"items": [{"sku": "A", "quantity": 1}]}}),
        ("GET", "/rest/V1/orders", {"searchCriteria[pagesize]": "2"}, None),
        ("GET", "/rest/V1/orders/abc", {}, None),
        ("PUT", "/rest/V1/order/1/ship", {}, {"items": []}),
        ("POST", "/rest/V1/orders/1/cancel", {}, {"reason": "none"}),
    ],
)
def test_a_request_outside_the_vendors_document_is_refused(
    method: str, path: str, query: dict[str, str], body: Any
) -> None:
    """Unknown members, wrong types, missing top members, unknown parameters and paths do not pass."""
    with pytest.raises(NotInDocument):
        validate_magento_request(method, path, query, body)


@pytest.fixture
def shop() -> Iterator[Served]:
    with serve(build("magento").app) as served:
        yield served


@pytest.fixture
def client(shop: Served) -> Iterator[httpx.Client]:
    """A client with an admin token."""
    with httpx.Client(base_url=shop.url, timeout=10) as client:
        admin = {"username": "admin", "password": "admin-password"}
        token = client.post("/rest/V1/integration/admin/token", json=admin).json()
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _seed_order(client: httpx.Client, **more: Any) -> tuple[int, list[int]]:
    order = {"lines": [{"sku": "A", "qty": 3, "price": "9.99"}, {"sku": "B", "qty": "2", "price": 5}], **more}
    made = client.post("/_sim/seed", json={"order": order}).raise_for_status().json()
    return made["order"]["entity_id"], [item["item_id"] for item in made["items"]]


def test_a_plain_order_goes_from_new_to_closed(client: httpx.Client) -> None:
    """A seeded order is shipped, invoiced and refunded as any other, with exact amounts."""
    order, _ = _seed_order(client, increment_id="WEB-1", ext_order_id="SO-1", shipping_amount="4.50")

    assert client.post(f"/rest/V1/order/{order}/ship", json={}).json() == "1"
    assert client.post(f"/rest/V1/order/{order}/invoice", json={"capture": True}).json() == "1"
    complete = client.get(f"/rest/V1/orders/{order}").json()
    assert (complete["state"], complete["total_paid"], complete["total_due"]) == ("complete", 44.47, 0)

    assert client.post(f"/rest/V1/order/{order}/refund", json={}).json() == "1"
    closed = client.get("/_sim/state").json()["orders"][0]
    assert (closed["state"], closed["total_refunded"]) == ("closed", 44.47)
    assert [item["qty_shipped"] for item in closed["items"]] == [3, 2]


def test_two_equal_partial_shipments_are_two_shipments(client: httpx.Client) -> None:
    """Nothing is deduplicated, and the state shows shipments with their tracks and comments."""
    order, items = _seed_order(client)
    body = {
        "items": [{"order_item_id": items[0], "qty": 1}],
        "tracks": [{"track_number": "1Z", "title": "UPS", "carrier_code": "ups"}],
        "comment": {"comment": "[ref:1]", "is_visible_on_front": 0},
    }
    for _ in range(2):
        client.post(f"/rest/default/V1/order/{order}/ship", json=body).raise_for_status()
    shipments = client.get("/_sim/state").json()["shipments"]
    assert [one["tracks"][0]["track_number"] for one in shipments] == ["1Z", "1Z"]
    assert [one["comments"][0]["comment"] for one in shipments] == ["[ref:1]", "[ref:1]"]


def test_older_releases_repeat_the_last_page(client: httpx.Client) -> None:
    """Past the last page the list is empty; with the switch the last page comes again."""
    _seed_order(client)
    asked = {"searchCriteria[pageSize]": 1, "searchCriteria[currentPage]": 7}
    assert client.get("/rest/V1/orders", params=asked).json()["items"] == []
    client.post("/_sim/seed", json={"settings": {"repeat_last_page": True}}).raise_for_status()
    assert len(client.get("/rest/V1/orders", params=asked).json()["items"]) == 1


def test_success_sets_a_session_cookie_and_a_refusal_does_not(client: httpx.Client) -> None:
    """Each success offers `PHPSESSID`, the trap for clients that keep cookies."""
    order, _ = _seed_order(client)
    assert "PHPSESSID" in client.get(f"/rest/V1/orders/{order}").headers["set-cookie"]
    assert "set-cookie" not in client.get("/rest/V1/orders/99").headers


def test_an_expired_token_fault_looks_like_a_missing_permission(client: httpx.Client) -> None:
    """The vendor does not tell expiry from lack of rights."""
    order, _ = _seed_order(client)
    client.post("/_sim/faults", json={"kind": "expired_token"}).raise_for_status()
    reply = client.post(f"/rest/V1/order/{order}/ship", json={})
    assert (reply.status_code, reply.json()["parameters"]) == (401, {"resources": "Magento_Sales::ship"})
    assert client.get("/_sim/state").json()["shipments"] == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"ordres": []},
        {"order": {"lines": []}},
        {"settings": {"slow": True}},
        {"order": {"lines": [{"sku": "A"}]}},
    ],
)
def test_a_misspelt_seed_is_refused(client: httpx.Client, wanted: dict[str, Any]) -> None:
    """What cannot be seeded is answered with 400 and the name of the member."""
    reply = client.post("/_sim/seed", json=wanted)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_a_pushed_order_with_an_unknown_member_is_refused(client: httpx.Client) -> None:
    """Below the top, unknown members are refused, also in a pushed order's lines."""
    entity = {"payment": {"method": "checkmo"}, "items": [{"sku": "A", "qty_ordered": 1, "colour": "red"}]}
    reply = client.post("/rest/V1/orders", json={"entity": entity})
    assert (reply.status_code, reply.json()["parameters"]) == (400, {"fieldName": "Colour"})
    assert client.get("/_sim/state").json()["orders"] == []


def test_a_save_can_fail_after_the_commit(client: httpx.Client) -> None:
    """The generic 400 of a shipment is no proof that nothing was shipped."""
    order, _ = _seed_order(client)
    client.post("/_sim/faults", json={"kind": "save_failed", "path": "/ship$"}).raise_for_status()
    reply = client.post(f"/rest/V1/order/{order}/ship", json={})
    assert (reply.status_code, reply.json()["message"][:26]) == (400, "Could not save a shipment,")
    assert len(client.get("/_sim/state").json()["shipments"]) == 1


def test_requests_are_logged_without_their_credentials(client: httpx.Client) -> None:
    """The log of requests shows what arrived and was answered, not who signed it."""
    client.delete("/_sim/requests")
    client.post("/rest/V1/orders/5/hold")
    (row,) = client.get("/_sim/requests").json()
    assert (row["method"], row["path"], row["status"]) == ("POST", "/rest/V1/orders/5/hold", 404)
    assert client.headers["Authorization"] not in json.dumps(row)
    assert row["headers"]["authorization"] == "Bearer …"


def test_an_unknown_system_has_no_simulator() -> None:
    """The error names the systems there are."""
    with pytest.raises(LookupError, match="magento"):
        build("nosuch")
