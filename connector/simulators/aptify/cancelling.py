"""Cancelling: an order that was taken becomes Cancelled; one that has shipped is turned back by a cancellation order.

A cancellation order has negative lines that name lines of the original, at most what these shipped less what was
cancelled before; positive lines are exchanges. It takes effect when it ships.
"""

from decimal import Decimal

from connector.simulators.aptify import effects, inventory
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ORDER_LINES, ORDERS, PAYMENTS
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site


def cancel(site: Site, order: Record) -> None:
    """Cancel an order that has not shipped: what it reserved is free again. Raises Refused."""
    field = site.shown(ORDERS, "OrderStatusID")
    if site.status(order) not in ("Taken", "Back-Ordered"):
        raise Refused(f"Order {order.id} is {site.status(order)} and cannot be cancelled.", field)
    if order["Locked"]:
        raise Refused(f"Order {order.id} is locked: the warehouse cancels it.", field)
    if site.book.of_order(PAYMENTS, order):
        raise Refused(f"Order {order.id} has payments and cannot just be cancelled.", field)
    for line in site.book.of_order(ORDER_LINES, order):
        inventory.release(site, line)
    site.book.set(order, OrderStatusID=site.options.status_ids["Cancelled"])


def check(site: Site, order: Record) -> None:
    """Whether a cancellation order may be. Raises Refused."""
    original = site.book.find(ORDERS, order["OriginalOrderID"])
    if original is None or site.status(original) != "Shipped":
        name = site.shown(ORDERS, "OriginalOrderID")
        raise Refused(f"The field '{name}' of a cancellation order names an order that has shipped.", name)
    for line in site.book.of_order(ORDER_LINES, order):
        if line.amount("Quantity") < 0:
            _check_line(site, original, line)


def _check_line(site: Site, original: Record, line: Record) -> None:
    turned_back = site.book.find(ORDER_LINES, line["OriginalOrderDetailID"])
    if turned_back is None or turned_back["OrderID"] != original.id:
        name = site.shown(ORDER_LINES, "OriginalOrderDetailID")
        raise Refused(f"The field '{name}' names no order line of {original.label}.", name)
    if left(site, turned_back) < 0:
        name = site.shown(ORDER_LINES, "Quantity")
        raise Refused(
            f"The field '{name}' is more than is left of {turned_back.label} to be cancelled.", name
        )


def left(site: Site, line: Record) -> Decimal:
    """How many units of a shipped line were not cancelled yet."""
    turned_back = site.book.where(ORDER_LINES, OriginalOrderDetailID=line.id)
    counted = (
        one.amount("Quantity")
        for one in turned_back
        if one.amount("Quantity") < 0 and site.status(site.book.get(ORDERS, one["OrderID"])) != "Cancelled"
    )
    return line.amount("Quantity") + sum(counted, Decimal(0))


def end_cancelled(site: Site, order: Record) -> None:
    """Once a cancellation order ships, subscriptions and deferred income of what is cancelled altogether end."""
    for line in site.book.of_order(ORDER_LINES, order):
        original = site.book.find(ORDER_LINES, line["OriginalOrderDetailID"])
        if original is not None and line.amount("Quantity") < 0 and left(site, original) == 0:
            effects.end(site, original)
