"""From Acumatica's words to ours: pushes -> what was heard of; shipments and orders -> ours, and facts.

Pure: what is read over HTTP is asked for in `adapter.py`, by way of `client.py`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connector.errors import Missing, NotUnderstood, Rejected
from connector.systems.acumatica.settings import ANY_COMPANY, AcumaticaSettings, WatchedInquiry, Webhook
from connector.systems.acumatica.wire import (
    LONGEST_IDENTIFIER,
    WireAddress,
    WireContact,
    WireOrder,
    WireOrderLine,
    WirePackage,
    WirePush,
    WireShipment,
    WireShipmentLine,
    cell,
)
from connector.systems.base import Fact, Heard, NotReadable
from schemas.base import Money
from schemas.documents import ZERO, Address, Order, OrderLine, Package, PackageLine, Shipment, ShipmentLine
from schemas.events import ShipmentConfirmed

_OrderState = Literal["open", "held", "complete", "closed", "cancelled"]

_ORDER_STATES: dict[str, _OrderState] = {
    "On Hold": "held",
    "Credit Hold": "held",
    "Risk Hold": "held",
    "Pending Approval": "held",
    "Awaiting Payment": "held",
    "Rejected": "held",
    "Completed": "complete",
    "Invoiced": "complete",
    "Expired": "closed",
    "Canceled": "cancelled",
}
"""Display strings of the user guide, form SO301000; every other status is an open order."""

_NO_GOODS_LEAVE = {"Operation": "Receipt", "Type": "Transfer"}
"""Shipments which bring goods back, or move them between our own warehouses."""


# -- push notifications --------------------------------------------------------------------------------------


def hear(body: bytes, webhook: Webhook, tenant: str) -> tuple[Heard, ...]:
    """The documents a push notification speaks of, each once; raises NotReadable, saying what would be right.

    Rows that were only deleted are heard too: the document changed. Keys are trimmed, since Inserted and
    Deleted pad them differently (documentation example `inventory_example`).
    """
    push = _push(body)
    _of_company(push, webhook.company or tenant)
    inquiry = webhook.queries.get(push.Query)
    if inquiry is None:
        declared = ", ".join(sorted(webhook.queries))
        raise NotReadable(
            f"The inquiry {push.Query!r} is not declared under webhook.queries; declared are: {declared}"
        )
    transport_id = f"{push.Id}:{push.Query}"
    numbers = dict.fromkeys(_number(row, inquiry, push.Query) for row in (*push.Inserted, *push.Deleted))
    return tuple(Heard(transport_id, inquiry.document, number, push.TimeStamp) for number in numbers)


def _push(body: bytes) -> WirePush:
    try:
        return WirePush.model_validate(json.loads(body, parse_float=Decimal))
    except ValidationError as error:
        raise NotReadable(f"This is no push notification: {_first_fault(error)}") from error
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"A push notification is JSON, but this body is not: {error}") from error


def _of_company(push: WirePush, expected: str) -> None:
    if expected == ANY_COMPANY or not push.CompanyId or push.CompanyId.casefold() == expected.casefold():
        return
    raise NotReadable(
        f"CompanyId is {push.CompanyId!r}, but this connection hears {expected!r}: point that tenant's "
        "notifications to a connection of its own, or set webhook.company"
    )


def _number(row: Mapping[str, Any], inquiry: WatchedInquiry, name: str) -> str:
    parts = [_key(row, column, name) for column in inquiry.key]
    number = order_number(*parts) if inquiry.document == "order" else parts[0]
    if len(number) > LONGEST_IDENTIFIER or not number.isprintable():
        raise NotReadable(f"{number!r:.80} of inquiry {name!r} is no number of a document")
    return number


def _key(row: Mapping[str, Any], column: str, name: str) -> str:
    if text := cell(row, column):
        return text
    have = ", ".join(sorted(row)) or "none"
    raise NotReadable(
        f"A row of inquiry {name!r} has no value in its key column {column!r}; its columns are: {have}. "
        "Add the column to the inquiry, or name the right one under webhook.queries"
    )


# -- numbers -------------------------------------------------------------------------------------------------


def order_number(order_type: str, order_nbr: str) -> str:
    """Our form of an order's two keys: `SO-000123`; a type has no hyphen, a number may (`SO-S20-100001`)."""
    return f"{order_type}-{order_nbr}"


def order_keys(number: str, asked: Missing) -> tuple[str, str]:
    """Type and number of an order from our form; raises Rejected where it is another form."""
    order_type, _, order_nbr = number.partition("-")
    if not order_type or not order_nbr:
        raise Rejected(
            f"{asked}: an order of Acumatica is named by type and number, such as SO-000123", code="key"
        )
    return order_type, order_nbr


# -- fetched documents --------------------------------------------------------------------------------------


@contextmanager
def understood(asked: Missing) -> Iterator[None]:
    """A document which is not of its shape is NotUnderstood, naming the first member that is wrong."""
    try:
        yield
    except ValidationError as error:
        raise NotUnderstood(f"{asked} as Acumatica gives it cannot be read: {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    """The first member that is wrong, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    return f"{where}: {first['msg']}"


# -- shipments -----------------------------------------------------------------------------------------------


def shipment_facts(wire: WireShipment, connection: str, settings: AcumaticaSettings) -> tuple[Fact, ...]:
    """Whether the shipment is confirmed. No fact for returns and transfers, nor while it has no lines.

    Raises Rejected for a status that is in neither list of the settings: taking it for unconfirmed would make
    the next confirmation a new event, and ship twice.
    """
    if any(getattr(wire, member) == value for member, value in _NO_GOODS_LEAVE.items()) or not wire.Details:
        return ()
    shipment = read_shipment(wire, connection, settings)
    if shipment.updated_at is None:
        raise NotUnderstood(f"{Missing('shipment', shipment.number, connection)} has no LastModifiedDateTime")
    data = ShipmentConfirmed(shipment=shipment)
    return (Fact(ShipmentConfirmed.type, shipment.state == "confirmed", shipment.updated_at, data),)


def read_shipment(wire: WireShipment, connection: str, settings: AcumaticaSettings) -> Shipment:
    """A Shipment in our words; raises ValidationError, and Rejected for an unknown status."""
    currency = wire.FreightCurrencyID or settings.currency
    changed = wire.LastModifiedDateTime or wire.CreatedDateTime
    ship_to = wire.ShippingSettings
    return Shipment(
        number=wire.ShipmentNbr,
        key=wire.NoteID or None,
        state="confirmed" if _is_confirmed(wire, connection, settings) else "open",
        status=wire.Status,
        ship_date=wire.ShipmentDate.date() if wire.ShipmentDate else None,
        updated_at=_utc(changed, settings.zone),
        ship_via=wire.ShipVia,
        ship_to=_address(ship_to.ShipToAddress, ship_to.ShipToContact),
        warehouse=wire.WarehouseID,
        lines=tuple(_shipment_line(line, wire) for line in _shipping_lines(wire)),
        packages=tuple(_package(package) for package in wire.Packages),
        freight=_money(_first(wire.FreightPrice, wire.FreightAmount), currency),
        freight_cost=_money(wire.FreightCost, currency),
        notes=wire.note,
    )


def _is_confirmed(wire: WireShipment, connection: str, settings: AcumaticaSettings) -> bool:
    if wire.Status in settings.confirmed_statuses:
        return True
    if wire.Status in settings.unconfirmed_statuses:
        return False
    raise Rejected(
        f"{Missing('shipment', wire.ShipmentNbr, connection)} has the status {wire.Status!r}, which is "
        "neither in confirmed_statuses nor in unconfirmed_statuses of the connection: add it to one of them",
        code="status",
        field="Status",
    )


def _shipping_lines(wire: WireShipment) -> tuple[WireShipmentLine, ...]:
    """The lines with a quantity; all of them where none has one yet."""
    return tuple(line for line in wire.Details if line.ShippedQty) or wire.Details


def _shipment_line(line: WireShipmentLine, wire: WireShipment) -> ShipmentLine:
    return ShipmentLine(
        reference=line.LineNbr,
        order=_line_order(line, wire),
        order_line=line.OrderLineNbr,
        sku=line.InventoryID,
        name=line.Description,
        quantity=line.ShippedQty or ZERO,
        unit=line.UOM,
    )


def shipment_orders(wire: WireShipment) -> tuple[str, ...]:
    """The numbers of the orders that a shipment ships, each once; raises NotUnderstood."""
    return tuple(dict.fromkeys(_line_order(line, wire) for line in _shipping_lines(wire)))


def _line_order(line: WireShipmentLine, wire: WireShipment) -> str:
    """The order a line belongs to: its own keys, else those of the shipment's only order."""
    if line.OrderType and line.OrderNbr:
        return order_number(line.OrderType, line.OrderNbr)
    numbers = {order_number(order.OrderType, order.OrderNbr) for order in wire.Orders if order.OrderNbr}
    if len(numbers) != 1:
        raise NotUnderstood(
            f"Line {line.LineNbr} of shipment {wire.ShipmentNbr} does not say which order it ships"
        )
    return numbers.pop()


def _package(package: WirePackage) -> Package:
    return Package(
        reference=package.LineNbr,
        tracking_number=package.TrackingNbr,
        box=package.BoxID,
        weight=package.Weight,
        weight_unit=package.UOM,
        contents=tuple(
            PackageLine(sku=content.InventoryID, quantity=content.Quantity or ZERO)
            for content in package.PackageContents
        ),
    )


# -- orders --------------------------------------------------------------------------------------------------


def read_order(wire: WireOrder, connection: str, settings: AcumaticaSettings) -> Order:
    """A SalesOrder in our words; raises ValidationError, and Rejected where no currency is known.

    `unpaid_balance` is `Totals.UnpaidBalance`, None where the endpoint gives none; `confirmed_shipments`
    counts the rows of `Shipments[]` by status; `shipped` of a line holds what is in preparation too.
    """
    number = order_number(wire.OrderType, wire.OrderNbr)
    currency = wire.CurrencyID or settings.currency
    if currency is None:
        asked = Missing("order", number, connection)
        raise Rejected(
            f"{asked} names no currency: set `currency` of the connection",
            code="currency",
            field="CurrencyID",
        )
    totals = wire.Totals
    return Order(
        number=number if wire.OrderType and wire.OrderNbr else "",
        key=wire.NoteID or None,
        type=wire.OrderType,
        state=_ORDER_STATES.get(wire.Status, "open"),
        status=wire.Status,
        external_number=_external_number(wire, settings),
        placed_at=_utc(wire.Date, settings.zone),
        updated_at=_utc(wire.LastModified, settings.zone),
        currency=currency,
        customer=wire.CustomerID,
        email=wire.ShipToContact.Email or wire.BillToContact.Email,
        bill_to=_address(wire.BillToAddress, wire.BillToContact),
        ship_to=_address(wire.ShipToAddress, wire.ShipToContact),
        ship_via=wire.ShipVia,
        payment_method=wire.PaymentMethod,
        lines=tuple(_order_line(line, currency) for line in wire.Details),
        subtotal=_money(totals.LineTotalAmount, currency),
        discount=_money(totals.DiscountTotal, currency),
        shipping=_money(_sum(totals.Freight, totals.PremiumFreight), currency),
        tax=_money(totals.TaxTotal, currency),
        total=_money(wire.OrderTotal, currency),
        unpaid_balance=_money(totals.UnpaidBalance, currency),
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
        price=_money(line.UnitPrice, currency),
        discount=_money(line.DiscountAmount, currency),
        total=_money(line.Amount, currency),
        warehouse=line.WarehouseID,
    )


# -- parts ---------------------------------------------------------------------------------------------------


def _address(address: WireAddress, contact: WireContact) -> Address | None:
    """Address and contact as one; None where neither says anything."""
    found = Address(
        name=contact.Attention,
        company=contact.BusinessName,
        lines=tuple(line for line in (address.AddressLine1, address.AddressLine2) if line),
        city=address.City,
        region=address.State,
        postal_code=address.PostalCode,
        country=address.Country,
        phone=contact.Phone1,
        email=contact.Email,
    )
    return None if found == Address() else found


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(amount=amount, currency=currency)


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)


def _sum(*amounts: Decimal | None) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _utc(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """In UTC; a moment without a zone is meant in the site's."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
