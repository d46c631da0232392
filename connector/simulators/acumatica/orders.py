"""Rules of sales orders: their lines, the rows about shipments and payments, and the status.

An order is computed anew whenever something it depends on changes; it starts no change of other documents.
Its money is in totals.py.
"""

from collections.abc import Callable
from decimal import Decimal

from connector.simulators.acumatica import totals
from connector.simulators.acumatica.contract import (
    ORDER_PAYMENT,
    ORDER_SHIPMENT,
    PAYMENT,
    SALES_ORDER,
    SHIPMENT,
)
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.crediting import RETURNS
from connector.simulators.acumatica.erp import Erp, derived_id
from connector.simulators.acumatica.errors import status_invalid
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE
from connector.simulators.acumatica.values import midnight

POSTED = frozenset({"Confirmed", "Invoiced", "Completed"})
"""The statuses of a shipment that has left the building."""

_CANCELABLE = frozenset({"On Hold", "Open", "Awaiting Payment", "Credit Hold"})


def shipments_of(erp: Erp, order: Record) -> list[Record]:
    """The shipments with a line of this order."""
    return erp.about(SHIPMENT, order.key)


def _is_line_of(line: Record, order: Record) -> bool:
    return (line.text("OrderType"), line.text("OrderNbr")) == order.key


def lines_in(shipment: Record, order: Record) -> list[Record]:
    """The lines of a shipment that ship this order."""
    return [line for line in shipment.rows("Details") if _is_line_of(line, order)]


def payments_of(erp: Erp, order: Record) -> list[Record]:
    """The payments that count and are, or were, applied to an order."""
    return [one for one in erp.about(PAYMENT, order.key) if totals.counts(one)]


def recompute(erp: Erp, order: Record) -> None:
    """Bring an order's lines, totals, rows and status up to date with its shipments, invoices and payments."""
    shipments, payments = shipments_of(erp, order), payments_of(erp, order)
    for line in order.rows("Details"):
        _recompute_line(line, order, shipments)
    order.details["Shipments"] = [_shipment_row(erp, order, shipment) for shipment in shipments]
    order.details["Payments"] = [_payment_row(order, payment) for payment in payments]
    totals.recompute(erp, order, payments)
    for row in order.rows("TaxDetails"):
        row.put(OrderType=order.text("OrderType"), OrderNbr=order.text("OrderNbr"))
        row.default(TaxableAmount=order.link("Totals").number("LineTotalAmount"))
    order.put(Status=_status(order, shipments))


def complete(erp: Erp, order: Record) -> None:
    """Fill in what an order has by default, as recorded for a PUT with a customer only."""
    today = midnight(erp.clock.now())
    order.default(
        OrderType="SO",
        Approved=False,
        BaseCurrencyID="USD",
        CurrencyID="USD",
        CurrencyRate=Decimal("1.0"),
        ReciprocalRate=Decimal("1.0"),
        ControlTotal=NONE,
        TaxTotal=NONE,
        CreditHold=False,
        Hold=True,
        Date=today,
        EffectiveDate=today,
        RequestedOn=today,
        CreatedDate=erp.clock.now(),
        LocationID="MAIN",
        BillToAddressOverride=False,
        ShipToAddressOverride=False,
        DisableAutomaticDiscountUpdate=False,
        DisableAutomaticTaxCalculation=False,
        IsTaxValid=False,
    )
    number_lines(order, "Details")
    for line in order.rows("Details"):
        if order.text("OrderType") in RETURNS:
            line.default(Operation="Receipt")
        _complete_line(erp, line)


def number_lines(record: Record, detail: str) -> None:
    """Give each row without a LineNbr the next one."""
    rows = record.rows(detail)
    last = max((int(row.number("LineNbr")) for row in rows), default=0)
    for row in rows:
        if row.fields.get("LineNbr") is None:
            last += 1
            row.put(LineNbr=last)


def _complete_line(erp: Erp, line: Record) -> None:
    line.default(
        OrderQty=NONE,
        UnitPrice=NONE,
        DiscountAmount=NONE,
        UOM="EA",
        WarehouseID="MAIN",
        Operation="Issue",
        LineType="Goods for Inventory",
        ShippingRule="Back Order Allowed",
        FreeItem=False,
        NoteID=line.id,
    )
    line.put(LastModifiedDate=f"{erp.clock.now():%m/%d/%Y %H:%M:%S}")


def _recompute_line(line: Record, order: Record, shipments: list[Record]) -> None:
    shipping = shipped = NONE
    for shipment in shipments:
        for row in lines_in(shipment, order):
            if row.fields.get("OrderLineNbr") == line.fields.get("LineNbr"):
                shipping += row.number("ShippedQty")
                shipped += row.number("ShippedQty") if shipment.text("Status") in POSTED else 0
    ordered = line.number("OrderQty")
    price = ordered * line.number("UnitPrice")
    line.put(
        QtyOnShipments=shipping,
        OpenQty=max(ordered - shipped, NONE),
        Completed=shipped >= ordered > 0,
        ExtendedPrice=price,
        Amount=price - line.number("DiscountAmount"),
    )


def _shipment_row(erp: Erp, order: Record, shipment: Record) -> Record:
    invoice = next(iter(erp.about(SALES_INVOICE, shipment.key)), None)
    quantity = sum((line.number("ShippedQty") for line in lines_in(shipment, order)), NONE)
    row = Record(ORDER_SHIPMENT, derived_id(order.id, shipment.id))
    row.put(
        ShipmentNbr=shipment.text("ShipmentNbr"),
        ShipmentType=shipment.text("Type"),
        ShipmentDate=shipment.moment("ShipmentDate"),
        Status=shipment.text("Status"),
        ShippedQty=quantity,
        ShippedWeight=shipment.number("ShippedWeight"),
        LastModifiedDateTime=shipment.moment("LastModifiedDateTime"),
        OrderNoteID=order.id,
        ShippingNoteID=shipment.id,
    )
    if invoice is not None:
        row.put(InvoiceType=invoice.text("Type"), InvoiceNbr=invoice.text("ReferenceNbr"))
    return row


def _payment_row(order: Record, payment: Record) -> Record:
    row = Record(ORDER_PAYMENT, derived_id(order.id, payment.id))
    row.put(
        DocType=payment.text("Type"),
        ReferenceNbr=payment.text("ReferenceNbr"),
        AppliedToOrder=totals.applied_to_order(payment, order.key),
        TransferredtoInvoice=totals.transferred(payment, order.key),
        Currency=payment.fields.get("CurrencyID"),
        LastModifiedDateTime=payment.moment("LastModifiedDateTime"),
        Hold=payment.flag("Hold"),
        PaymentAmount=payment.number("PaymentAmount"),
        Balance=payment.number("AvailableBalance"),
        Status=payment.text("Status"),
        NoteID=payment.id,
    )
    for name in ("PaymentMethod", "PaymentRef", "CashAccount", "ExternalRef", "ApplicationDate"):
        row.fields[name] = payment.fields.get(name)
    return row


def _status(order: Record, shipments: list[Record]) -> str:
    pinned = order.facts.get("pinned_status")
    if isinstance(pinned, str):
        return pinned
    return next(name for name, holds in _STATUSES if holds(order, shipments))


def _awaits_payment(order: Record, shipments: list[Record]) -> bool:
    unpaid = order.link("Totals").number("UnpaidBalance")
    return order.facts.get("prepayment_required") is True and unpaid > 0


def _all_shipped(order: Record, shipments: list[Record]) -> bool:
    lines = order.rows("Details")
    return bool(lines) and all(line.flag("Completed") for line in lines)


_STATUSES: list[tuple[str, Callable[[Record, list[Record]], bool]]] = [
    ("Canceled", lambda order, shipments: order.facts.get("canceled") is True),
    ("On Hold", lambda order, shipments: order.flag("Hold")),
    ("Credit Hold", lambda order, shipments: order.flag("CreditHold")),
    ("Invoiced", lambda order, shipments: order.facts.get("billed") == "prepared"),
    ("Completed", lambda order, shipments: order.facts.get("billed") == "released"),
    ("Shipping", lambda order, shipments: any(one.text("Status") not in POSTED for one in shipments)),
    ("Completed", _all_shipped),
    ("Back Order", lambda order, shipments: bool(shipments)),
    ("Awaiting Payment", _awaits_payment),
    ("Open", lambda order, shipments: True),
]
"""The first that holds is the order's status."""


def refresh(erp: Erp, keys: set[tuple[str, ...]]) -> None:
    """Recompute and save the orders with these keys after a shipment or payment of theirs changed."""
    for key in sorted(keys):
        order = erp.find(SALES_ORDER, key)
        if order is not None:
            recompute(erp, order)
            erp.save(order)


def unpin(erp: Erp, keys: set[tuple[str, ...]]) -> None:
    """Let the status of these orders follow the rules again, where a seed had fixed it."""
    for key in keys:
        order = erp.find(SALES_ORDER, key)
        if order is not None:
            order.facts.pop("pinned_status", None)


def cancel(erp: Erp, order: Record) -> None:
    """Cancel: only from four statuses, without shipment or applied payment. Raises VendorError."""
    if order.text("Status") not in _CANCELABLE or order.rows("Shipments") or order.rows("Payments"):
        raise status_invalid()
    order.facts["canceled"] = True
    refresh(erp, {order.key})


def reopen(erp: Erp, order: Record) -> None:
    """Reopen a canceled order. Raises VendorError."""
    if order.text("Status") != "Canceled":
        raise status_invalid()
    order.facts.pop("canceled", None)
    unpin(erp, {order.key})
    refresh(erp, {order.key})


def leave_credit_hold(erp: Erp, order: Record) -> None:
    """Release an order from Credit Hold. Raises VendorError."""
    if order.text("Status") != "Credit Hold":
        raise status_invalid()
    order.put(CreditHold=False)
    unpin(erp, {order.key})
    refresh(erp, {order.key})


def delete(erp: Erp, order: Record) -> None:
    """Delete an order that has neither shipment nor payment. Raises VendorError."""
    if order.rows("Shipments") or order.rows("Payments"):
        raise status_invalid()
    erp.delete(order)
