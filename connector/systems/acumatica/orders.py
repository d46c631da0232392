"""Acumatica's sales orders in our words, and what they say: made, changed, cancelled. Pure."""

from decimal import Decimal

from connector.errors import Missing
from connector.reference import references_in
from connector.systems.acumatica.numbers import number_of, order_number
from connector.systems.acumatica.parts import (
    address_of,
    changed_at,
    currency_of,
    first_of,
    money,
    total_of,
    utc,
)
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import WireOrder, WireOrderLine
from connector.systems.base import Fact
from schemas.documents import ZERO, Order, OrderLine, OrderState
from schemas.events import OrderCancelled, OrderCreated, OrderUpdated

_ORDER_STATES: dict[str, OrderState] = {
    "On Hold": "held",
    "Credit Hold": "held",
    "Risk Hold": "held",
    "Pending Approval": "held",
    "Awaiting Payment": "held",
    "Rejected": "held",
    "Completed": "complete",
    "Invoiced": "complete",
    "Expired": "closed",
}
"""Display strings of the user guide, form SO301000; every other status is an open order."""

_NEVER_SHIPPED = frozenset({"Misc. Charge"})
"""Line types that bill something which is not goods; the word is as in English (unconfirmed)."""


def order_facts(
    wire: WireOrder, order: Order, connection: str, settings: AcumaticaSettings
) -> tuple[Fact, ...]:
    """That the order is there, whether it is cancelled, and its status, each new one of which is a change.

    An order on hold is there too: whether it goes on is for preferences to say. One that is cancelled when it is
    seen says nothing of having been made. Types that the connection leaves out say nothing at all.
    """
    if settings.order_types is not None and wire.OrderType not in settings.order_types:
        return ()
    asked = Missing("order", order.number, connection)
    time = changed_at(order.updated_at, asked, settings.modified.order)
    cancelled = order.state == "cancelled"
    created = () if cancelled else (Fact(OrderCreated.type, True, time, OrderCreated(order=order)),)
    return (
        *created,
        Fact(OrderCancelled.type, cancelled, time, OrderCancelled(order=order)),
        Fact(OrderUpdated.type, True, time, OrderUpdated(order=order), mark=wire.Status),
    )


def order_references(wire: WireOrder) -> tuple[str, ...]:
    """The references that our own making of the order left: its note bears them."""
    return references_in(wire.note)


def numbers_of(kind: str, wire: WireOrder) -> tuple[str, ...]:
    """The shipments of an order, or the invoices of its shipments, each once.

    What a direct invoice bills has a row without a shipment's number (`<NEW>`, unconfirmed).
    """
    keys = [
        (row.InvoiceType, row.InvoiceNbr) if kind == "invoice" else (row.ShipmentNbr,)
        for row in wire.Shipments
    ]
    numbers = [number_of(kind, key) for key in keys if not key[-1].startswith("<")]
    return tuple(dict.fromkeys(filter(None, numbers)))


def read_order(wire: WireOrder, connection: str, settings: AcumaticaSettings) -> Order:
    """A SalesOrder in our words; raises ValidationError, and Rejected where no currency is known.

    `unpaid_balance` is `Totals.UnpaidBalance`, None where the endpoint gives none, and `paid` what of the total it
    leaves; `confirmed_shipments` counts the rows of `Shipments[]` by status; `shipped` of a line holds what is in
    preparation too. The subtotal holds goods and charges, so that with discount, shipping and tax it is the total.
    """
    number = order_number(wire.OrderType, wire.OrderNbr)
    asked = Missing("order", number, connection)
    currency = currency_of(wire.CurrencyID, asked, settings, "CurrencyID")
    totals = wire.Totals
    return Order(
        number=number,
        key=wire.NoteID or None,
        type=wire.OrderType,
        state=_state(wire.Status, settings),
        status=wire.Status,
        external_number=_external_number(wire, settings),
        placed_at=utc(wire.Date, settings.zone),
        updated_at=utc(wire.LastModified, settings.zone),
        currency=currency,
        customer=wire.CustomerID,
        email=wire.ShipToContact.Email or wire.BillToContact.Email,
        bill_to=address_of(wire.BillToAddress, wire.BillToContact),
        ship_to=address_of(wire.ShipToAddress, wire.ShipToContact),
        ship_via=wire.ShipVia,
        payment_method=wire.PaymentMethod,
        lines=tuple(_order_line(line, currency) for line in wire.Details),
        subtotal=money(total_of(totals.LineTotalAmount, totals.MiscTotalAmount), currency),
        discount=money(totals.DiscountTotal, currency),
        shipping=money(total_of(totals.Freight, totals.PremiumFreight), currency),
        tax=money(first_of(totals.TaxTotal, wire.TaxTotal), currency),
        total=money(wire.OrderTotal, currency),
        paid=money(_paid(wire), currency),
        unpaid_balance=money(totals.UnpaidBalance, currency),
        confirmed_shipments=_confirmed_shipments(wire, settings),
        notes=wire.note,
    )


def _external_number(wire: WireOrder, settings: AcumaticaSettings) -> str | None:
    custom = settings.custom_reference
    found: str = wire.custom_text(*custom) if custom else getattr(wire, settings.order_reference)
    return found or None


def _confirmed_shipments(wire: WireOrder, settings: AcumaticaSettings) -> int:
    """How many different shipments of the order are confirmed; one may stand in several rows."""
    confirmed = settings.confirmed_statuses
    return len({row.ShipmentNbr for row in wire.Shipments if row.ShipmentNbr and row.Status in confirmed})


def _order_line(line: WireOrderLine, currency: str) -> OrderLine:
    return OrderLine(
        reference=line.LineNbr,
        sku=line.InventoryID,
        name=line.LineDescription,
        quantity=line.OrderQty or ZERO,
        shipped=line.QtyOnShipments or ZERO,
        unit=line.UOM,
        price=money(line.UnitPrice, currency),
        discount=money(line.DiscountAmount, currency),
        total=money(line.Amount, currency),
        ships="never" if line.LineType in _NEVER_SHIPPED else "itself",
        warehouse=line.WarehouseID,
    )


def _state(status: str, settings: AcumaticaSettings) -> OrderState:
    return "cancelled" if status in settings.cancelled_statuses else _ORDER_STATES.get(status, "open")


def _paid(wire: WireOrder) -> Decimal | None:
    total, unpaid = wire.OrderTotal, wire.Totals.UnpaidBalance
    return None if total is None or unpaid is None else total - unpaid
