"""Every invoice and credit memo that was recorded from 2.4.7 or published by the vendor is read, and adds up."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connector.systems.magento import wire
from connector.systems.magento.billing import read_invoice, read_refund
from connector.systems.magento.billing_wire import CreditMemo, Invoice
from connector.systems.magento.source import read_order
from schemas.base import Money
from tests.systems import magento_data as data

ZERO = Decimal(0)
WHOLE = {"entity_id", "increment_id", "order_id", "grand_total", "items", "state"}
PUBLISHED = (
    "magento-invoice-sample-adobedocs-bundle-configurable",
    "magento-invoice-sample-adobedocs-discounted",
)


def documents(path: str) -> Iterator[tuple[str, Any]]:
    """Every whole document in the replies to reads below this path, with its exchange's name."""
    for name, one in data.exchanges().items():
        reply, asked = one["response"]["body"], one["request"]
        if asked["method"] != "GET" or not isinstance(reply, dict) or path not in asked["path"]:
            continue
        for number, row in enumerate([reply, *(reply.get("items") or [])]):
            if isinstance(row, dict) and row.keys() >= WHOLE:
                yield f"{name}-{number}", row


INVOICES = dict(documents("/invoices"))
MEMOS = dict(documents("/creditmemo"))
INVOICES_AND_PUBLISHED = INVOICES | {name: data.load(f"{name}.json")["invoice"] for name in PUBLISHED}
ORDERS = {body["entity_id"]: body for _, body in data.orders()}


def order_of(body: dict[str, Any]) -> wire.Order:
    """The order as the recording shows it; of one that is only published, as much as a reader needs."""
    bare = {"entity_id": body["order_id"], "increment_id": f"{body['order_id']:09}", "items": []}
    return wire.Order.model_validate(ORDERS.get(body["order_id"], bare))


def amount(money: Money | None) -> Decimal:
    return money.amount if money else ZERO


def test_the_recording_holds_invoices_and_credit_memos() -> None:
    """What runs below runs over all of them, and none is in the recording that it leaves out."""
    assert {body["entity_id"] for body in INVOICES.values()} == {5, 6, 7, 8}
    assert {body["entity_id"] for body in MEMOS.values()} == {3, 4, 5, 6, 7, 13}
    assert {body["order_id"] for body in (*INVOICES.values(), *MEMOS.values())} <= ORDERS.keys()


def test_what_is_left_out_shows_only_some_members() -> None:
    """Other rows of invoices and credit memos were asked for with `fields`, so they hold no whole document."""
    for name, one in data.exchanges().items():
        asked, reply = one["request"], one["response"]["body"]
        of_money = "/invoices" in asked["path"] or "/creditmemos" in asked["path"]
        if (
            of_money
            and asked["method"] == "GET"
            and isinstance(reply, dict)
            and "fields" not in asked["query"]
        ):
            rows = reply.get("items") or [] if "search_criteria" in reply else [reply]
            documents_here = [row for row in rows if "entity_id" in row and "grand_total" in row]
            assert len(documents_here) == sum(key.rpartition("-")[0] == name for key in (*INVOICES, *MEMOS))


@pytest.mark.parametrize("body", INVOICES_AND_PUBLISHED.values(), ids=INVOICES_AND_PUBLISHED.keys())
def test_an_invoice_adds_up_to_the_cent(body: dict[str, Any]) -> None:
    """Lines, shipping and tax less the discount make the grand total; the lines alone make the subtotal."""
    invoice = read_invoice(Invoice.model_validate(body), order_of(body))
    lines = sum((amount(line.total) for line in invoice.lines), ZERO)
    assert (
        lines + amount(invoice.shipping) + amount(invoice.tax) - amount(invoice.discount)
        == invoice.total.amount
    )
    assert lines == amount(invoice.subtotal) == body["subtotal"]
    assert sum((amount(line.tax) for line in invoice.lines), ZERO) == amount(invoice.tax)
    assert (invoice.total.amount, invoice.total.currency) == (
        body["grand_total"],
        body["order_currency_code"],
    )
    assert (invoice.number, invoice.key, invoice.state) == (
        body["increment_id"],
        str(body["entity_id"]),
        "paid",
    )
    assert invoice.balance == Money(amount=ZERO, currency=invoice.currency)


@pytest.mark.parametrize("body", MEMOS.values(), ids=MEMOS.keys())
def test_a_credit_memo_adds_up_to_the_cent(body: dict[str, Any]) -> None:
    """Lines less their discounts, shipping, tax and the adjustments make the grand total."""
    order = order_of(body)
    refund = read_refund(CreditMemo.model_validate(body), order)
    lines = sum((amount(line.total) - amount(line.discount) for line in refund.lines), ZERO)
    adjusted = amount(refund.adjustment_refund) - amount(refund.adjustment_fee)
    assert lines + amount(refund.shipping) + amount(refund.tax) + adjusted == refund.total.amount
    assert adjusted == body.get("adjustment", 0)
    assert refund.total.amount == body["grand_total"]
    assert (refund.number, refund.orders, refund.state) == (
        body["increment_id"],
        (order.increment_id,),
        "refunded",
    )


@pytest.mark.parametrize("body", [*INVOICES.values(), *MEMOS.values()], ids=[*INVOICES, *MEMOS])
def test_lines_name_the_lines_of_their_order(body: dict[str, Any]) -> None:
    """Each line's reference is a line of the order with the same SKU, and what it gives is what was billed."""
    order = order_of(body)
    skus = {item.item_id: item.sku for item in order.items}
    read: Any = read_refund(CreditMemo.model_validate(body), order) if body in MEMOS.values() else None
    document = read or read_invoice(Invoice.model_validate(body), order)
    assert [(line.order_line, line.sku, line.quantity) for line in document.lines] == [
        (str(item["order_item_id"]), skus[str(item["order_item_id"])], item["qty"]) for item in body["items"]
    ]


def test_the_published_bundle_is_billed_by_its_components() -> None:
    """The bundle's head and the configurable's variant accompany others, and are no lines of their own."""
    body = INVOICES_AND_PUBLISHED[PUBLISHED[0]]
    invoice = read_invoice(Invoice.model_validate(body), order_of(body))
    assert len(body["items"]) == 9
    assert [line.sku for line in invoice.lines] == [
        "WS12-M-Orange",
        "240-LV08",
        "24-WG082-blue",
        "24-WG084",
        "24-WG086",
        "24-WG088",
        "MH01-S-Gray",
    ]


def test_the_published_order_of_an_older_release_adds_up() -> None:
    """A custom status and members of foreign modules do not matter."""
    body = json.loads(
        (data.DATA / "magento-order-sample-configurable-refunded-closed.json").read_text(),
        parse_float=Decimal,
    )["order"]
    order = read_order(wire.Order.model_validate(body), "shop")
    tops = sum((amount(line.total) for line in order.lines if line.parent_reference is None), ZERO)
    assert tops + amount(order.shipping) + amount(order.tax) - amount(order.discount) == amount(order.total)
    assert (order.state, order.status, order.currency) == ("closed", "closed_exchange_success", "HKD")
