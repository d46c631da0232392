"""The Order Cancellation wizard: an order that has shipped, a reason, lines, quantities, and what becomes of the goods.

It makes a cancellation order of negative lines and ships it. One with exchanges, positive lines, is saved by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.simulators.aptify import cancelling, ordering, shipping
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ORDER_LINES, ORDERS
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

_COPIED = (
    "ProductID",
    "Description",
    "Price",
    "ShipToID",
    "ShipToCompanyID",
    "ShipToAddressID",
    "ShipTypeID",
)


@dataclass(frozen=True)
class Returned:
    """What comes back of a line, and whether it goes back to stock."""

    line: int
    quantity: Decimal
    not_returned_to_stock: bool = False


def turn_back(site: Site, order: Record, reason: str, parts: Sequence[Returned] | None) -> Record:
    """Make the cancellation order and ship it; without parts, of all that is left. Raises Refused."""
    if site.status(order) != "Shipped":
        raise Refused(
            f"Order {order.id} is {site.status(order)}: only shipped orders are turned back.", "OrderID"
        )
    if not reason.strip():
        raise Refused("A reason is required.", "Reason")
    wanted = _all_left(site, order) if parts is None else list(parts)
    if not wanted:
        raise Refused(f"Nothing of order {order.id} is left to be cancelled.", "Lines")
    values = {
        **ordering.copied(order),
        "OrderTypeID": site.options.type_ids["Cancellation"],
        "OriginalOrderID": order.id,
        "CancellationReason": reason,
    }
    with site.book.transaction():
        rows = [Sent(ORDER_LINES, -1, _row(site, part)) for part in wanted]
        made = ordering.save(site, Sent(ORDERS, -1, values, rows))
        if site.status(made) != "Shipped":
            shipping.ship(site, made)
        return made


def _all_left(site: Site, order: Record) -> list[Returned]:
    lines = site.book.of_order(ORDER_LINES, order)
    left = {line.id: cancelling.left(site, line) for line in lines if line.amount("Quantity") > 0}
    return [Returned(number, quantity) for number, quantity in left.items() if quantity > 0]


def _row(site: Site, part: Returned) -> dict[str, object]:
    if part.quantity <= 0:
        raise Refused("The quantity that comes back is more than 0.", "Quantity")
    line = site.book.get(ORDER_LINES, part.line)
    return {
        **{name: line[name] for name in _COPIED},
        "InventoryLocationID": line["InventoryLocationID"],
        "Quantity": -part.quantity,
        "NotReturnedToStock": part.not_returned_to_stock,
        "OriginalOrderDetailID": line.id,
    }
