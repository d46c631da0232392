"""Did the member's order come out right? Taken once, shipped once with all that this starts, and told to the shop once.

It compares what was done with what the simulators hold; it decides nothing else.
"""

from collections.abc import Iterator
from decimal import Decimal

from connector.demo.books import Wire, quantities, tracking
from connector.demo.membership import JOURNAL, MUGS, STOCK, TOTAL, TRACKING
from connector.demo.stage import DISPATCH, MEMBERS
from connector.demo.verdict import Facts, Point, cents, times
from schemas.events import OrderCreated, ShipmentConfirmed


def judge_association(facts: Facts) -> Iterator[Point]:
    """Every point: the order, its shipping in Aptify, and the shipment in the shop."""
    yield _taken(facts)
    yield _shipped(facts)
    yield _proved(facts)
    yield _told(facts)


def _taken(facts: Facts) -> Point:
    """In Aptify once, with the shop's number and for the same amount."""
    joined, books = facts.joined, facts.books
    there = [one for one in books.aptify if one["PONumber"] == joined.ordered]
    amounts = [cents(one["GrandTotal"]) for one in there]
    right = [str(one["ID"]) for one in there] == [joined.taken] and amounts == [TOTAL]
    made = len(facts.log.of(OrderCreated.type, MEMBERS, joined.ordered))
    said = " and ".join(map(str, amounts)) or "nothing"
    return Point(
        right and made == 1,
        f"{joined.ordered} is {joined.taken} in Aptify {times(len(there))}, for {said} USD",
    )


def _shipped(facts: Facts) -> Point:
    """Shipped, with tracking number and date; stock, ledger, deferred income and subscription each once."""
    order = facts.books.aptify_order(facts.joined.taken)
    (stock,) = (one for one in facts.books.stock if one["QuantityShipped"])
    left, gone = Decimal(stock["QuantityOnHand"]), Decimal(stock["QuantityShipped"])
    debit, credit = (sum((cents(one[side]) for one in order["gl_entries"]), Decimal(0)) for side in _SIDES)
    counts = (len(order["schedules"]), len(order["subscriptions"]))
    right = (
        order["OrderStatus"] == "Shipped"
        and order["TrackingNumber"] == TRACKING
        and bool(order["DateShipped"])
        and gone == MUGS.quantity == STOCK - left
        and debit == credit > 0
        and counts == (1, 1)
    )
    text = f"{facts.joined.taken} is {order['OrderStatus']} in Aptify: {gone:f} × {MUGS.sku} left the stock, "
    text += f"the ledger has {debit:f} and {credit:f} USD, {counts[0]} schedule of deferred income, "
    return Point(right, f"{text}{counts[1]} subscription to {JOURNAL.sku}")


_SIDES = ("DebitAmount", "CreditAmount")


def _proved(facts: Facts) -> Point:
    """What was read back is told on the entry."""
    records = facts.log.of(ShipmentConfirmed.type, DISPATCH, facts.joined.packed)
    told = {name for record in records for step in record.steps for name in step.seen or {}}
    wanted = {"inventory", "general ledger", "deferred income", "subscriptions"}
    shown = ", ".join(sorted(told & wanted)) or "nothing"
    return Point(
        len(records) == 1 and wanted <= told, f"{facts.joined.packed} tells what shipping set off: {shown}"
    )


def _told(facts: Facts) -> Point:
    """One shipment of the shop, with the goods and the tracking number."""
    shipments = facts.books.members_shipments(facts.joined.ordered)
    goods = _goods(shipments)
    right = (
        len(shipments) == 1
        and goods == {MUGS.sku: Decimal(MUGS.quantity)}
        and tracking(shipments) == (TRACKING,)
    )
    said = ", ".join(f"{quantity:f} × {sku}" for sku, quantity in goods.items()) or "nothing"
    text = f"{facts.joined.ordered} was shipped in the members' shop {times(len(shipments))}: {said}"
    return Point(right, f"{text}, tracking {', '.join(tracking(shipments)) or 'none'}")


def _goods(shipments: list[Wire]) -> dict[str, Decimal]:
    return quantities([item for one in shipments for item in one["items"]])
