"""The ship order process: an entire order, or nothing of it.

Not enough stock at a line's location, or at another that may fulfil directly, and the order does not ship: a message
is shown. Parts of orders are shipped in partial.py.
"""

from collections import defaultdict
from decimal import Decimal

from connector.simulators.aptify import cancelling, effects, inventory
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ORDER_LINES, ORDERS, PRODUCTS
from connector.simulators.aptify.errors import Refused, Shortage
from connector.simulators.aptify.site import Site


def ship(site: Site, order: Record) -> None:
    """Ship an entire order. Raises Refused, and Shortage with the message that people are shown."""
    check(site, order)
    lines = site.book.of_order(ORDER_LINES, order)
    with site.book.transaction():
        for line in lines:
            inventory.relocate(site, line)
        check_stock(site, order, lines)
        complete(site, order)


def check(site: Site, order: Record) -> None:
    """Whether an order may ship at all. Raises Refused."""
    field = site.shown(order.entity, "OrderStatusID")
    if site.status(order) == "Shipped":
        raise Refused(f"Order {order.id} has shipped already.", field)
    if site.status(order) not in ("Taken", "Back-Ordered"):
        raise Refused(f"Order {order.id} is {site.status(order)} and cannot ship.", field)
    if site.type(order) == "Quotation":
        raise Refused(f"Order {order.id} is a quotation and cannot ship.", field)
    if not site.book.of_order(ORDER_LINES, order):
        raise Refused(f"Order {order.id} has no order lines and cannot ship.", field)


def check_stock(site: Site, order: Record, lines: list[Record]) -> None:
    """Raises Shortage, with the message that people are shown, where there is too little of a product."""
    short = _short(site, lines)
    if short:
        text = f"Order {order.id} was not shipped: there is not enough inventory of {', '.join(short)}."
        site.messages.append(text)
        raise Shortage(text, site.shown(order.entity, "OrderStatusID"))


def _short(site: Site, lines: list[Record]) -> list[str]:
    """The products of which less is on hand than what the lines hold at their locations."""
    wanted: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line["_held"] is not None:
            product, location, quantity = line["_held"]
            wanted[product, location] += quantity
    return [
        str(site.book.get(PRODUCTS, product)["Name"])
        for (product, location), quantity in wanted.items()
        if inventory.stock(site, product, location).amount("QuantityOnHand") < quantity
    ]


def complete(site: Site, order: Record) -> None:
    """All that shipping starts, and the status; what `ship_without` names is left out."""
    left_out = site.options.ship_without
    if "inventory" not in left_out:
        for line in site.book.of_order(ORDER_LINES, order):
            if line.amount("Quantity") < 0:
                inventory.take_back(site, line)
            else:
                inventory.ship(site, line)
    if "ledger" not in left_out:
        effects.post(site, order)
    if "schedules" not in left_out:
        effects.schedule(site, order)
    if "subscriptions" not in left_out:
        effects.subscribe(site, order)
    if order["DateShipped"] is None and "date" not in left_out:
        site.book.set(order, DateShipped=site.clock.now())
    site.book.set(order, OrderStatusID=site.options.status_ids["Shipped"])
    cancelling.end_cancelled(site, order)


def settle(site: Site, everything: bool = False) -> list[int]:
    """Ship what was saved as Shipped a while ago and is due; what cannot ship leaves its message. Gives the orders."""
    shipped = []
    for number in sorted(site.pending):
        order = site.book.find(ORDERS, number)
        if order is not None and order["_ship_at"] is not None:
            if order["_ship_at"] > site.clock.now() and not everything:
                continue
            site.book.set(order, _ship_at=None)
            if _shipped_late(site, order):
                shipped.append(number)
        site.pending.discard(number)
    return shipped


def _shipped_late(site: Site, order: Record) -> bool:
    try:
        ship(site, order)
    except Shortage:
        return False
    except Refused as refused:
        site.messages.append(refused.message)
        return False
    return True
