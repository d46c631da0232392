"""Aptify's orders in our words, as they were placed, and what they say: made, changed, cancelled. Pure.

Putting an order and its back orders together is `family.py`; reading them is `reading.py`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal

from connector.systems.aptify.family import Family, Member, in_words
from connector.systems.aptify.records import ZERO, Record
from connector.systems.aptify.settings import AptifySettings
from connector.systems.aptify.site import BACK_ORDERED, CANCELLED, SHIPPED, TAKEN, same
from connector.systems.base import Fact
from schemas.base import Money, minor_unit
from schemas.documents import Address, Order, OrderLine, OrderState
from schemas.events import OrderCancelled, OrderCreated, OrderUpdated

STATES: Mapping[str, OrderState] = {
    TAKEN: "open",
    BACK_ORDERED: "open",
    SHIPPED: "shipped",
    CANCELLED: "cancelled",
}
"""Any other status is a site's own; nothing can be said of such an order but that it is held."""

_ADDRESS_LINES = ("AddrLine1", "AddrLine2", "AddrLine3", "AddrLine4")
_LONGEST_STATUS = 200
_LONGEST_CUSTOM = 4000


def order_facts(family: Family, settings: AptifySettings) -> tuple[Fact, ...]:
    """That the order is there, whether it is cancelled, and its status with what is on back order, each change of which
    is one. One that is cancelled when it is seen says nothing of having been made; a quotation says nothing at all."""
    if not family.root.is_order:
        return ()
    order, changed = read_order(family, settings), family.changed_at(settings.zone)
    created = (Fact(OrderCreated.type, True, changed, OrderCreated(order=order)),)
    return (
        *(() if family.root.cancelled else created),
        Fact(OrderCancelled.type, family.root.cancelled, changed, OrderCancelled(order=order)),
        Fact(OrderUpdated.type, True, changed, OrderUpdated(order=order), mark=_mark(order)),
    )


def read_order(family: Family, settings: AptifySettings) -> Order:
    """An order as it was placed: the lines and amounts of its back orders count in."""
    root, zone = family.root.record, settings.zone
    balances = [one for one in family.members if not (one.cancelled and one is not family.root)]
    ship_to = _address(root, "ShipTo", family.email)
    same = root.flag("BillToSameAsShipTo")
    return Order(
        number=root.id,
        type=family.root.type,
        state=_state(family),
        status=family.root.status,
        external_number=root.text(settings.orders.number_field) or None,
        placed_at=root.moment("OrderDate", zone) or root.moment("DateCreated", zone),
        updated_at=family.changed_at(zone),
        currency=settings.currency,
        customer=root.key("BillToID") or root.key("BillToCompanyID") or root.key("ShipToID"),
        email=family.email,
        bill_to=_address(root, "BillTo", family.email) or (ship_to if same else None),
        ship_to=ship_to,
        ship_via=root.named("ShipTypeID"),
        payment_method=root.named("PayTypeID"),
        lines=tuple(_line(family, key, parts, settings) for key, parts in family.placed_lines().items()),
        subtotal=_sum(family.members, settings, "CALC_SubTotal"),
        shipping=_sum(family.members, settings, "ShippingCharge", "HandlingCharge"),
        tax=_sum(family.members, settings, "CALC_SalesTax"),
        total=_sum(family.members, settings, "GrandTotal"),
        paid=_paid(family, settings),
        unpaid_balance=_sum(balances, settings, "Balance"),
        confirmed_shipments=sum(1 for one in family.members if one.shipped and family.goods_of(one)),
        notes=root.text("Comments"),
        custom={name: text[:_LONGEST_CUSTOM] for name, text in _beside(family).items()},
    )


def _beside(family: Family) -> dict[str, str]:
    """What stands beside the status, for notes: units on back order, the back orders, units whose back order was
    cancelled, units that a cancellation order turned back."""
    return {
        "back_ordered": in_words(family.waiting()),
        "back_orders": ", ".join(one.number for one in family.open_back_orders),
        "cancelled": in_words(family.given_up()),
        "returned": in_words(family.returned()),
    }


def money(record: Record, name: str, settings: AptifySettings) -> Money | None:
    """An amount of a record, in the one currency of the site, without zeros behind its cents (`12.5000`); None where
    the record does not tell."""
    if not record.text(name):
        return None
    amount, unit = record.number(name), minor_unit(settings.currency)
    whole = amount.quantize(unit)
    return Money(amount=whole if whole == amount else amount, currency=settings.currency)


def added(amounts: list[Money]) -> Money | None:
    """Amounts of one currency together; None where there are none."""
    if not amounts:
        return None
    return Money(amount=sum((one.amount for one in amounts), Decimal(0)), currency=amounts[0].currency)


def _state(family: Family) -> OrderState:
    if family.root.shipped and family.open_back_orders:
        return "part_shipped"
    return next((state for name, state in STATES.items() if same(family.root.status, name)), "held")


def _mark(order: Order) -> str:
    """The status, and in short what stands beside it."""
    beside = "; ".join(filter(None, order.custom.values()))
    short = hashlib.sha256(beside.encode()).hexdigest()[:16] if beside else ""
    return f"{order.status[:_LONGEST_STATUS]} {short}".strip()


def _line(
    family: Family, key: str, parts: list[tuple[Member, Record]], settings: AptifySettings
) -> OrderLine:
    first, of = parts[0][1], family.root.record
    shipped = sum((line.number("Quantity") for member, line in parts if member.shipped), ZERO)
    cancelled = sum((line.number("Quantity") for member, line in parts if member.cancelled), ZERO)
    amounts = [found for _, line in parts if (found := money(line, "Extended", settings))]
    return OrderLine(
        reference=key,
        sku=family.sku(first),
        name=first.text("Description") or first.title("ProductID"),
        quantity=sum((line.number("Quantity") for _, line in parts), ZERO),
        shipped=shipped,
        invoiced=shipped,
        cancelled=cancelled,
        price=money(first, "Price", settings),
        total=added(amounts),
        ships="itself" if family.travels(first) else "never",
        drop_ship=of.flag("DropShip"),
        warehouse=first.named("InventoryLocationID"),
    )


def _paid(family: Family, settings: AptifySettings) -> Money | None:
    total, left = (_sum(family.members, settings, name) for name in ("GrandTotal", "Balance"))
    if total is None or left is None:
        return None
    return Money(amount=total.amount - left.amount, currency=total.currency)


def _sum(members: Sequence[Member], settings: AptifySettings, *names: str) -> Money | None:
    amounts = (money(one.record, name, settings) for one in members for name in names)
    return added([one for one in amounts if one is not None])


def _address(record: Record, side: str, email: str) -> Address | None:
    """Of `ShipTo` or `BillTo`; None where the order has none."""
    lines = tuple(filter(None, (record.text(f"{side}{name}") for name in _ADDRESS_LINES)))
    name, company = record.title(f"{side}ID"), record.title(f"{side}CompanyID")
    city, code = record.text(f"{side}City"), record.text(f"{side}ZipCode")
    if not (lines or city or code):
        return None
    return Address(
        name=name or company,
        company=company,
        lines=lines,
        city=city,
        region=record.text(f"{side}State"),
        postal_code=code,
        country=record.text(f"{side}Country"),
        phone=record.text(f"{side}Phone"),
        email=email,
    )
