"""The Ship Partial wizard: a quantity and an inventory location per line; what is left becomes back orders.

The original's quantities are reduced to what ships and it ships; one back order is made per product that is left, of
the type Regular and the status Back-Ordered, with the original's number. Units left stay reserved where they were,
charges are computed anew, and payments beyond the original's new total move by Credit Memo payments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.simulators.aptify import inventory, ordering, shipping, totals
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import INVENTORY_LOCATIONS, LOOKUPS, ORDER_LINES, ORDERS
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site


@dataclass(frozen=True)
class Part:
    """What ships of a line, and from where; no location is the line's own."""

    line: int
    quantity: Decimal
    location: int | None = None


def ship_partially(site: Site, order: Record, parts: Sequence[Part]) -> list[Record]:
    """Ship parts of an order; lines that are not named do not ship. Gives the back orders. Raises Refused."""
    shipping.check(site, order)
    with site.book.transaction():
        lines = site.book.of_order(ORDER_LINES, order)
        shipped = _shipped(order, lines, parts)
        left = {line.id: line.amount("Quantity") - shipped[line.id].quantity for line in lines}
        rows = {line.id: _row(line, left[line.id]) for line in lines if left[line.id] > 0}
        for line in lines:
            _reduce(site, line, shipped[line.id])
        back_orders = _back_orders(site, order, list(rows.values()))
        shipping.check_stock(site, order, lines)
        totals.refresh(site, order)
        _move_payments(site, order, back_orders)
        shipping.complete(site, order)
        return back_orders


def _shipped(order: Record, lines: list[Record], parts: Sequence[Part]) -> dict[int, Part]:
    """What ships of each line. Raises Refused."""
    found = {line.id: Part(line.id, Decimal(0)) for line in lines}
    for part in parts:
        line = next((one for one in lines if one.id == part.line), None)
        if line is None:
            raise Refused(f"There is no order line {part.line} in {order.label}.", "OrderLineID")
        if not 0 <= part.quantity <= line.amount("Quantity"):
            raise Refused(f"Of {line.label}, between 0 and {line.amount('Quantity')} units ship.", "Quantity")
        found[line.id] = part
    if not any(part.quantity for part in found.values()):
        raise Refused(f"Nothing of {order.label} is to ship.", "Quantity")
    return found


def _row(line: Record, quantity: Decimal) -> dict[str, Any]:
    """The line of a back order, which goes on holding the units where they are."""
    copied = {name: value for name, value in line.values.items() if name in ORDER_LINES.fields}
    own = {"Quantity": quantity, "OriginalOrderDetailID": line.id, "_chosen": line["_chosen"]}
    return {**copied, **own}


def _reduce(site: Site, line: Record, part: Part) -> None:
    if part.location is not None:
        site.book.get(INVENTORY_LOCATIONS, part.location)
        site.book.set(line, InventoryLocationID=part.location, _chosen=True)
    site.book.set(line, Quantity=part.quantity)
    inventory.hold(site, line, part.quantity)
    inventory.relocate(site, line)


def _back_orders(site: Site, order: Record, rows: list[dict[str, Any]]) -> list[Record]:
    """One order per product that is left."""
    kind = "Regular" if site.options.back_order_ar else "Back-Order"
    status = next(one for one in site.book.all(LOOKUPS["Order Statuses"]) if one["Name"] == "Back-Ordered")
    values = {
        **ordering.copied(order),
        "OrderTypeID": site.options.type_ids[kind],
        "OrderStatusID": status.id,
        "OriginalOrderID": order.id,
    }
    products = dict.fromkeys(row["ProductID"] for row in rows)
    return [
        ordering.save(
            site,
            Sent(
                ORDERS,
                -1,
                dict(values),
                [Sent(ORDER_LINES, -1, row) for row in rows if row["ProductID"] == product],
            ),
        )
        for product in products
    ]


def _move_payments(site: Site, order: Record, back_orders: list[Record]) -> None:
    excess = totals.paid(site, order) - order.amount("GrandTotal")
    kind = next(one for one in site.book.all(LOOKUPS["Payment Types"]) if one["Name"] == "Credit Memo").id
    for back_order in back_orders:
        moved = min(excess, back_order.amount("Balance"))
        if moved > 0:
            ordering.pay(site, order, -moved, f"Credit memo to order {back_order.id}", kind)
            ordering.pay(site, back_order, moved, f"Credit memo of order {order.id}", kind)
            excess -= moved
