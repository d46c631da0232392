"""The readers of Magento's documents, over every order and shipment that was recorded from 2.4.7."""

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import NotUnderstood
from connector.systems.magento import wire
from connector.systems.magento.settings import BundleForm
from connector.systems.magento.source import read_order, read_shipment
from schemas.base import Money
from schemas.documents import Order
from tests.systems import magento_data as data

ORDERS = dict(data.orders())
WITH_CURRENCY = {name: body for name, body in ORDERS.items() if body.get("order_currency_code")}
SHIPMENTS = dict(data.shipments())


def read(name: str, bundles: BundleForm = "together") -> Order:
    return read_order(data.order(name), "shop", bundles)


def amount(money: Money | None) -> Decimal:
    return money.amount if money else Decimal(0)


def test_the_recording_holds_orders_and_shipments() -> None:
    """The parametrised tests below have something to run over."""
    assert len(WITH_CURRENCY) >= 34
    assert len(SHIPMENTS) >= 23


@pytest.mark.parametrize("body", WITH_CURRENCY.values(), ids=WITH_CURRENCY.keys())
def test_totals_add_up(body: dict[str, Any]) -> None:
    """Lines without a parent, shipping and tax, less the discount, make the grand total."""
    order = read_order(wire.Order.model_validate(body), "shop")
    lines = sum((amount(line.total) for line in order.lines if line.parent_reference is None), Decimal(0))
    assert lines + amount(order.shipping) + amount(order.tax) - amount(order.discount) == amount(order.total)


@pytest.mark.parametrize("body", WITH_CURRENCY.values(), ids=WITH_CURRENCY.keys())
def test_every_order_keeps_its_numbers_and_lines(body: dict[str, Any]) -> None:
    """Number, key, moment and each line's quantities are those of the reply, ids as text."""
    order = read_order(wire.Order.model_validate(body), "shop")
    assert (order.number, order.key) == (body["increment_id"], str(body["entity_id"]))
    assert order.placed_at is not None
    assert order.placed_at.strftime("%Y-%m-%d %H:%M:%S %Z") == f"{body['created_at']} UTC"
    assert [(line.reference, line.quantity, line.shipped) for line in order.lines] == [
        (str(item["item_id"]), item["qty_ordered"], item["qty_shipped"]) for item in body["items"]
    ]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("order.get.new", "new"),
        ("create.no_shipping_get", "new"),
        ("order.get.processing_invoiced", "open"),
        ("order.get.processing_part_shipped", "part_shipped"),
        ("order.get.configurable_part_shipped", "part_shipped"),
        ("order.get.all_shipped_not_invoiced", "shipped"),
        ("order.get.complete", "complete"),
        ("order.get.virtual_complete", "complete"),
        ("order.get.closed", "closed"),
        ("order.get.canceled", "cancelled"),
        ("order.get.holded", "held"),
        ("order.get.payment_review", "held"),
    ],
)
def test_states(name: str, state: str) -> None:
    """Each of Magento's states, and `processing` by what has shipped, becomes one of ours."""
    assert read(name).state == state


@pytest.mark.parametrize(
    ("name", "unpaid"),
    [
        ("order.get.new", "75"),
        ("order.get.processing_part_invoiced", "70"),
        ("order.get.complete", "0"),
        ("order.get.canceled", "0"),
        ("order.get.after_cancel_part_shipped", "0"),
    ],
)
def test_unpaid_balance_leaves_out_what_was_cancelled(name: str, unpaid: str) -> None:
    """A cancelled order keeps its total_due in Magento, but nobody owes it."""
    assert read(name).unpaid_balance == Money(amount=Decimal(unpaid), currency="USD")


@pytest.mark.parametrize(
    ("name", "bundles", "ships"),
    [
        ("order.get.new", "together", ["itself", "itself"]),
        ("order.get.configurable", "together", ["itself", "with_parent"]),
        ("order.get.configurable", "separately", ["itself", "with_parent"]),
        ("order.get.bundle_together", "together", ["itself", "with_parent", "with_parent"]),
        ("order.get.bundle_separately", "separately", ["never", "itself", "itself"]),
        ("order.get.virtual", "together", ["never"]),
    ],
)
def test_how_lines_travel(name: str, bundles: BundleForm, ships: list[str]) -> None:
    """Configurables and whole bundles ship as parents, split bundles as components, virtual goods never."""
    assert [line.ships for line in read(name, bundles).lines] == ships


def test_components_name_their_parent_and_have_no_total() -> None:
    """A component's price is part of its parent's total."""
    parent, *parts = read("order.get.bundle_together").lines
    assert parent.total == Money(amount=Decimal(90), currency="USD")
    assert [(part.parent_reference, part.total) for part in parts] == [(parent.reference, None)] * 2


def test_discounts_are_positive() -> None:
    """Magento gives the order's discount negative and the lines' positive."""
    order = read("order.get.discount_tax")
    assert amount(order.discount) == 9
    assert [amount(line.discount) for line in order.lines] == [6, 3]


def test_line_totals_are_before_discount_either_way() -> None:
    """The recording has row_total after the coupon, other releases before it; both read the same."""
    recorded = data.body("order.get.discount_tax")
    assert [item["row_total"] for item in recorded["items"]] == [Decimal("53.97"), 27]
    before = recorded | {
        "items": [
            item | {"row_total": item["row_total"] + item["discount_amount"]} for item in recorded["items"]
        ]
    }
    for body in (recorded, before):
        order = read_order(wire.Order.model_validate(body), "shop")
        assert [amount(line.total) for line in order.lines] == [Decimal("59.97"), 30]


def test_addresses_shipping_and_payment_are_read() -> None:
    """The shipping address stands in the shipping assignment only."""
    order = read("order.get.new")
    assert order.ship_to is not None
    assert (order.ship_to.name, order.ship_to.region, order.ship_to.country) == ("Ada Example", "TX", "US")
    assert (order.ship_via, order.payment_method) == ("flatrate_flatrate", "checkmo")
    assert order.bill_to is not None
    assert order.bill_to.postal_code == "78701"


def test_an_order_without_shipping_assignment_has_no_address() -> None:
    """Pushed orders may lack one (recording create.no_shipping_get)."""
    order = read("create.no_shipping_get")
    assert (order.ship_to, order.ship_via, order.external_number) == (None, "", "SO-2004")


def test_an_order_without_currency_is_not_understood() -> None:
    """A pushed order may lack all totals; it is named in the error."""
    with pytest.raises(NotUnderstood, match="000000035 @ shop has no currency"):
        read_order(data.order("create.minimal_get"), "shop")


@pytest.mark.parametrize("body", SHIPMENTS.values(), ids=SHIPMENTS.keys())
def test_every_shipment_keeps_lines_tracks_and_comments(body: dict[str, Any]) -> None:
    """Number, lines by order item, tracking numbers and the comments with the marker are read."""
    order = data.order("order.get.new")
    shipment = read_shipment(wire.Shipment.model_validate(body), order)
    assert (shipment.number, shipment.key, shipment.orders) == (
        body["increment_id"],
        str(body["entity_id"]),
        (order.increment_id,),
    )
    assert [(line.order_line, line.sku, line.quantity) for line in shipment.lines] == [
        (str(item["order_item_id"]), item["sku"], item["qty"]) for item in body["items"]
    ]
    assert [package.tracking_number for package in shipment.packages] == [
        track["track_number"] for track in body["tracks"]
    ]
    assert shipment.notes == "\n".join(comment["comment"] for comment in body["comments"])
    assert shipment.warehouse == "default"


def test_null_lists_and_text_ids_are_borne() -> None:
    """With `fields=` empty lists are null; writes may answer ids as text."""
    shipment = wire.Shipment.model_validate(
        {
            "entity_id": "7",
            "increment_id": "000000007",
            "order_id": 4,
            "items": [{"order_item_id": "5", "qty": "2.0000"}],
            "tracks": None,
            "comments": None,
            "extension_attributes": [],
        }
    )
    assert (shipment.entity_id, shipment.order_id, shipment.tracks) == ("7", "4", ())
    assert shipment.items[0].qty == 2
