"""What people do in the simulated shop: placing orders, working on them, and editing them into successors."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.simulators.base import to_json
from connector.simulators.magento import build
from connector.simulators.magento.checkout import PlainOrder
from connector.simulators.magento.placing import place
from connector.simulators.magento.store import shown_order
from tests.contract.magento_compare import compare, masked
from tests.contract.magento_recording import recorded
from tests.contract.magento_site import Site, running_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as one:
        yield one


WIDGET_B = {"sku": "WIDGET-B", "qty": 3, "price": 10, "product_id": 5}
AS_RECORDED: dict[str, dict[str, Any]] = {
    "order.get.new": {
        "shipping_amount": 20,
        "lines": [{"sku": "WIDGET-A", "qty": 1, "price": 25, "item_id": 3, "product_id": 4}, WIDGET_B],
    },
    "order.get.discount_tax": {
        "shipping_amount": 30,
        "coupon": {"code": "SAVE10", "percent": 10},
        "lines": [
            {
                "sku": "LAMP-TAX",
                "qty": 3,
                "price": "19.99",
                "tax_percent": "8.25",
                "item_id": 24,
                "product_id": 6,
            },
            WIDGET_B,
        ],
    },
    "order.get.configurable": {
        "shipping_amount": 10,
        "lines": [
            {
                "sku": "SHIRT-M",
                "qty": 2,
                "price": 30,
                "name": "Example SHIRT",
                "item_id": 21,
                "product_id": 10,
                "type": "configurable",
            }
        ],
    },
    "order.get.virtual": {
        "lines": [
            {"sku": "GIFTCARD-V", "qty": 1, "price": 50, "item_id": 23, "product_id": 7, "type": "virtual"}
        ]
    },
}
NO_CATALOGUE = ("product_option", "product_id 22")
"""A configurable's options and its child's product number: there is no catalogue to take them from."""


@pytest.mark.parametrize("name", AS_RECORDED)
def test_an_order_placed_in_the_shop_reads_as_the_recorded_one(name: str) -> None:
    """Guest, coupon and tax, configurable, virtual: member for member what a real shop answered."""
    (exchange,) = [one for one in recorded() if one.name == name]
    numbers = {one: exchange.reply[one] for one in ("entity_id", "increment_id")}
    order = place(build().store, PlainOrder.model_validate({**AS_RECORDED[name], **numbers}))
    got = json.loads(to_json(shown_order(order)))
    differences = list(compare(masked(exchange.reply), masked(got)))
    assert [one for one in differences if not any(word in one for word in NO_CATALOGUE)] == []


def test_orders_of_guests_and_customers_differ_by_account_payment_and_shipping(site: Site) -> None:
    guest = site.place()
    customer = site.place(
        customer_id=7,
        customer_email="grace@example.com",
        payment={"method": "purchaseorder", "po_number": "PO-9"},
        shipping_method="ups_GND",
        shipping_description="UPS Ground",
        shipping={"firstname": "Grace", "street": ["2 Sample Street", "Floor 3"], "city": "Dallas"},
    )
    assert (guest["customer_is_guest"], "customer_id" in guest, guest["payment"]["method"]) == (
        1,
        False,
        "checkmo",
    )
    assert (customer["customer_is_guest"], customer["customer_id"]) == (0, 7)
    assert (customer["payment"]["method"], customer["payment"]["po_number"]) == ("purchaseorder", "PO-9")
    shipping = customer["extension_attributes"]["shipping_assignments"][0]["shipping"]
    assert (shipping["method"], shipping["address"]["street"]) == ("ups_GND", ["2 Sample Street", "Floor 3"])
    assert customer["billing_address"]["city"] == "Austin"
    assert customer["shipping_description"] == "UPS Ground"


def test_an_order_is_invoiced_shipped_and_refunded_in_the_shop(site: Site) -> None:
    """Each document is read back over REST by its order, and the order moves as by REST calls."""
    order = site.place(shipping_amount="4.00", tax_percent="10")
    number = ("order_id", "eq", str(order["entity_id"]))
    site.shop(order, "invoice", skus={"A": 1}, transaction_id="ch_1")
    site.shop(order, "invoice")
    invoices = site.found("invoices", number)["items"]
    assert [(one["total_qty"], one["grand_total"]) for one in invoices] == [(1, 15), (4, 33)]
    assert invoices[0]["transaction_id"] == "ch_1"
    assert "transaction_id" not in invoices[1]

    track = {"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}
    site.shop(order, "ship", skus={"B": 2}, tracks=[track], comment="by hand")
    (shipment,) = site.found("shipments", number)["items"]
    assert (shipment["tracks"][0]["track_number"], shipment["comments"][0]["comment"]) == ("1Z1", "by hand")
    assert site.order(order["entity_id"])["state"] == "processing"
    site.shop(order, "ship")
    assert site.order(order["entity_id"])["state"] == "complete"

    site.shop(order, "refund", skus={"A": 1}, shipping_amount="0", adjustment_positive="0.50")
    (memo,) = site.found("creditmemos", number)["items"]
    assert (memo["grand_total"], memo["adjustment"]) == (Decimal("11.5"), Decimal("0.5"))
    site.shop(order, "refund", adjustment_negative="0.50")
    closed = site.order(order["entity_id"])
    assert (closed["state"], closed["total_refunded"], closed["total_paid"]) == ("closed", 48, 48)


def test_an_order_is_canceled_held_and_commented_on_in_the_shop(site: Site) -> None:
    order = site.place()
    assert site.shop(order, "hold") == {"done": True}
    assert site.shop(order, "cancel") == {"done": False}
    assert site.shop(order, "unhold") == {"done": True}
    site.shop(order, "comment", comment="call first")
    assert site.shop(order, "cancel") == {"done": True}
    canceled = site.order(order["entity_id"])
    assert (canceled["state"], canceled["status_histories"][0]["comment"]) == ("canceled", "call first")


def test_editing_cancels_an_order_and_makes_a_successor_that_names_it(site: Site) -> None:
    """The chain stays on the first number; quantities change, our reference is not carried over."""
    first = site.place(
        increment_id="000000913",
        ext_order_id="SO-1",
        shipping_amount="4",
        coupon={"code": "TEN", "percent": "10"},
        payment={"method": "banktransfer"},
    )
    made = site.shop(first, "edit", skus={"A": 1})
    assert made["increment_id"] == "000000913-1"
    second = site.order(made["entity_id"])
    first = site.order(first["entity_id"])

    assert {name: value for name, value in second.items() if name.startswith(("rel", "orig", "edit"))} == {
        "relation_parent_id": str(first["entity_id"]),
        "relation_parent_real_id": "000000913",
        "original_increment_id": "000000913",
        "edit_increment": 1,
    }
    assert (first["state"], first["relation_child_id"], first["relation_child_real_id"]) == (
        "canceled",
        str(second["entity_id"]),
        "000000913-1",
    )
    assert [(item["sku"], item["qty_ordered"]) for item in second["items"]] == [("A", 1), ("B", 2)]
    assert (second["grand_total"], second["coupon_code"], second["payment"]["method"]) == (
        22,
        "TEN",
        "banktransfer",
    )
    assert (second["state"], "ext_order_id" in second) == ("new", False)

    third = site.order(site.shop(second, "edit", skus={"B": 0})["entity_id"])
    assert (third["increment_id"], third["original_increment_id"], third["edit_increment"]) == (
        "000000913-2",
        "000000913",
        2,
    )
    assert third["relation_parent_real_id"] == "000000913-1"
    assert [item["sku"] for item in third["items"]] == ["A"]


def test_an_edited_configurable_keeps_its_child(site: Site) -> None:
    order = site.place(lines=[{"sku": "SHIRT-M", "qty": 2, "price": 30, "type": "configurable"}])
    items = site.order(site.shop(order, "edit", skus={"SHIRT-M": 5})["entity_id"])["items"]
    assert [(item["product_type"], item["qty_ordered"]) for item in items] == [
        ("configurable", 5),
        ("simple", 5),
    ]
    assert items[1]["parent_item_id"] == items[0]["item_id"]


@pytest.mark.parametrize("before", ["invoice", "hold", "cancel", "edit"])
def test_an_order_that_is_invoiced_held_or_finished_can_not_be_edited(site: Site, before: str) -> None:
    order = site.place()
    site.shop(order, before)
    reply = site.client.post(f"/_sim/orders/{order['increment_id']}/edit", json={})
    assert (reply.status_code, "can not be edited" in reply.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("orders", {"lines": []}, "lines"),
        ("orders", {"lines": [{"sku": "A", "qty": 1}], "increment_id": "TAKEN"}, "already"),
        ("orders/NONE/ship", {}, "no order NONE"),
        ("orders/TAKEN/ship", {"skus": {"Z": 1}}, "no line of Z"),
        ("orders/TAKEN/ship", {"sku": {"A": 1}}, "sku"),
        ("orders/TAKEN/edit", {"skus": {"Z": 1}}, "no line of Z"),
        ("orders/TAKEN/edit", {"skus": {"A": 0, "B": 0}}, "nothing would be left"),
    ],
)
def test_what_makes_no_sense_in_the_shop_is_refused_in_words(
    site: Site, path: str, body: dict[str, Any], said: str
) -> None:
    if not site.found("orders", ("increment_id", "eq", "TAKEN"))["items"]:
        site.place(increment_id="TAKEN")
    reply = site.client.post(f"/_sim/{path}", json=body)
    assert (reply.status_code, said in reply.json()["error"]) == (400, True), reply.text


def test_what_the_shop_refuses_is_said_in_its_own_words(site: Site) -> None:
    order = site.place()
    site.shop(order, "cancel")
    reply = site.client.post(f"/_sim/orders/{order['increment_id']}/ship", json={})
    assert (reply.status_code, "Shipment Document Validation" in reply.json()["message"]) == (400, True)


def test_an_unknown_action_in_the_shop_is_no_path(site: Site) -> None:
    assert site.client.post("/_sim/orders/1/explode", json={}).status_code == 404
    assert site.client.get("/_sim/orders").status_code == 404
