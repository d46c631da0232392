"""Billing: invoices prepared from confirmed shipments or whole orders, released, and taken back.

Payments applied to an order move on to its invoices. What an invoice bills of an order is in charges.py.
"""

from decimal import Decimal

from connector.simulators.acumatica import invoices, orders, payments, shipments
from connector.simulators.acumatica.charges import bill, names_order
from connector.simulators.acumatica.contract import (
    ADDRESS,
    CONTACT,
    PAYMENT,
    PAYMENT_DOCUMENT,
    SALES_ORDER,
    SHIPMENT,
)
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.crediting import CREDIT_MEMO, RETURNS
from connector.simulators.acumatica.erp import Erp, order_keys
from connector.simulators.acumatica.errors import on_hold, status_invalid
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE, amount_fact, counts, order_name, share

SHIPS_NOTHING = frozenset({"IN", "CS"})
"""Order types that are invoiced without a shipment (user guide: invoice and cash sale orders)."""


def prepare(erp: Erp, shipment: Record) -> Record:
    """Prepare the invoice of a confirmed shipment. Raises VendorError when it is not Confirmed."""
    if shipment.text("Status") != "Confirmed":
        raise status_invalid()
    keys = sorted(order_keys(shipment))
    sources = {key: erp.find(SALES_ORDER, key) for key in keys}
    parts = [
        (order, [(line, shipped) for line, shipped in _shipped(order, shipment)])
        for order in sources.values()
        if order is not None
    ]
    return _make(erp, parts, shipment)


def _shipped(order: Record, shipment: Record) -> list[tuple[Record, Decimal]]:
    found = []
    for row in orders.lines_in(shipment, order):
        line = shipments.order_line(order, row)
        if line is not None and row.number("ShippedQty") > 0:
            found.append((line, row.number("ShippedQty")))
    return found


def nothing_to_bill(erp: Erp, order: Record) -> bool:
    """Whether an order has no confirmed shipment without invoice, and needs one."""
    if order.text("OrderType") in SHIPS_NOTHING:
        return bool(order.facts.get("billed"))
    return not any(one.text("Status") == "Confirmed" for one in orders.shipments_of(erp, order))


def prepare_order(erp: Erp, order: Record) -> None:
    """Prepare invoices for all that an order has shipped, or for all of it where its type ships nothing."""
    if order.text("Status") in {"On Hold", "Credit Hold", "Canceled", "Awaiting Payment"}:
        raise status_invalid()
    if order.text("OrderType") in SHIPS_NOTHING:
        order.facts["billed"] = "prepared"
        _make(erp, [(order, [(line, line.number("OrderQty")) for line in order.rows("Details")])], None)
        return
    for shipment in orders.shipments_of(erp, order):
        if shipment.text("Status") == "Confirmed":
            prepare(erp, shipment)


_Part = tuple[Record, list[tuple[Record, Decimal]]]


def _make(erp: Erp, parts: list[_Part], shipment: Record | None) -> Record:
    first = parts[0][0]
    invoice = Record(SALES_INVOICE)
    invoice.put(
        Type=CREDIT_MEMO if first.text("OrderType") in RETURNS else invoices.INVOICE,
        ReferenceNbr=erp.next_number(SALES_INVOICE),
        Hold=erp.options.invoices_on_hold,
        CustomerID=first.fields.get("CustomerID"),
        CustomerOrder=first.fields.get("CustomerOrder"),
        Currency=first.fields.get("CurrencyID"),
        FreightPrice=NONE,
        TaxTotal=NONE,
        DiscountTotal=NONE,
    )
    _copy_addresses(first, invoice)
    for order, shipped in parts:
        bill(erp, invoice, order, shipped, shipment)
    invoices.complete(erp, invoice)
    invoices.recompute(erp, invoice)
    erp.save(invoice)
    for order, _ in parts:
        _transfer(erp, invoice, order)
    invoices.store(erp, invoice, set())
    return invoice


def _copy_addresses(order: Record, invoice: Record) -> None:
    for name in ("BillToAddress", "BillToContact", "ShipToAddress", "ShipToContact"):
        target, source = invoice.link(name), order.link(name)
        target.fields = {key: value for key, value in source.fields.items() if key in target.entity.fields}
    settings = invoice.link("BillingSettings")
    for name, entity in (("BillToAddress", ADDRESS), ("BillToContact", CONTACT)):
        settings.linked[name] = Record(entity, fields=dict(order.link(name).fields))


def _transfer(erp: Erp, invoice: Record, order: Record) -> None:
    """Move what payments apply to the order on to the invoice, up to the order's share of it."""
    open_amount = share(invoice, order.key) - amount_fact(invoice, f"before {order_name(order.key)}")
    for payment in erp.about(PAYMENT, order.key):
        row = next((one for one in payment.rows("OrdersToApply") if names_order(one, order)), None)
        amount = min(row.number("AppliedToOrder"), open_amount) if row is not None else NONE
        if row is None or amount <= 0 or not counts(payment):
            continue
        row.put(AppliedToOrder=row.number("AppliedToOrder") - amount)
        moved = Record(PAYMENT_DOCUMENT, facts={"order": order_name(order.key)})
        moved.put(
            DocType=invoice.text("Type"),
            ReferenceNbr=invoice.text("ReferenceNbr"),
            AmountPaid=amount,
            CustomerOrder=invoice.fields.get("CustomerOrder"),
        )
        payment.rows("DocumentsToApply").append(moved)
        open_amount -= amount
        payments.store(erp, payment, set())


def release(erp: Erp, invoice: Record) -> None:
    """Release a balanced invoice; payments applied to it become final. Raises VendorError."""
    if invoice.text("Status") == "On Hold":
        raise on_hold()
    if invoice.text("Status") != "Balanced":
        raise status_invalid()
    invoice.facts["released"] = True
    _mark_orders(erp, invoice, "released")
    invoices.store(erp, invoice, set())
    for payment in erp.about(PAYMENT, invoice.key):
        payments.store(erp, payment, set())


def _mark_orders(erp: Erp, invoice: Record, billed: str | None) -> None:
    for key in order_keys(invoice):
        order = erp.find(SALES_ORDER, key)
        if order is not None and "billed" in order.facts:
            order.facts["billed"] = billed


def delete(erp: Erp, invoice: Record) -> None:
    """Delete an invoice that is not released: shipments are Confirmed again, payments return to the orders."""
    if invoice.facts.get("released"):
        raise status_invalid()
    for payment in erp.about(PAYMENT, invoice.key):
        _take_back(payment, invoice)
        payments.store(erp, payment, set())
    erp.delete(invoice)
    _mark_orders(erp, invoice, None)
    for number in {line.text("ShipmentNbr") for line in invoice.rows("Details")} - {""}:
        shipment = erp.find(SHIPMENT, (number,))
        if shipment is not None:
            shipment.put(Status="Confirmed")
    invoices.follow(erp, invoice, set())


def _take_back(payment: Record, invoice: Record) -> None:
    kept = []
    for row in payment.rows("DocumentsToApply"):
        if (row.text("DocType"), row.text("ReferenceNbr")) != invoice.key:
            kept.append(row)
            continue
        for origin in payment.rows("OrdersToApply"):
            if order_name((origin.text("OrderType"), origin.text("OrderNbr"))) == row.facts.get("order"):
                origin.put(AppliedToOrder=origin.number("AppliedToOrder") + row.number("AmountPaid"))
    payment.details["DocumentsToApply"] = kept
