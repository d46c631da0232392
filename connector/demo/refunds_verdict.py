"""Did what was given back come out right? Each refund in NetSuite once, to the cent, and no money moved for it.

It compares what was done there with what the simulators hold; it decides nothing else.
"""

from collections.abc import Iterator
from decimal import Decimal

from connector.demo.books import Wire
from connector.demo.refunded import RETRIEVED, WAITED, Refundable
from connector.demo.stage import SHOP
from connector.demo.verdict import Facts, Point, cents, times
from connector.status import Status
from connector.store.browse import Record
from schemas.events import RefundIssued


def judge_refunds(facts: Facts) -> Iterator[Point]:
    """Every point: the refund that was retrieved, the one that waited, and that no money moved."""
    refunded = facts.refunded
    yield _posted(facts)
    yield _credited(facts, RETRIEVED, refunded.retrieved, refunded.retrieved_there)
    yield _went_on(facts)
    yield _credited(facts, WAITED, refunded.waited, refunded.waited_there)
    yield _only_booked(facts)


def _of(facts: Facts, number: str) -> list[Record]:
    return facts.log.of(RefundIssued.type, SHOP, number)


def _posted(facts: Facts) -> Point:
    """Heard of by being retrieved alone, held and counted, and published only after a person had posted it."""
    number, counted = facts.refunded.retrieved, facts.refunded.counted.get("total", "nothing")
    records = _of(facts, number)
    heard = [notice.via for record in records for notice in record.notices]
    moves = [move for record in records for move in record.journal]
    held = [move for move in moves if move.old is None and move.new == Status.HELD]
    by = [move.actor for move in moves if move.old == Status.HELD]
    right = (
        len(records) == len(held) == 1
        and records[0].entry.status == Status.PUBLISHED
        and set(heard) == {"retrieve"}
        and by == ["demo"]
        and counted == f"{RETRIEVED.total}"
    )
    text = f"{number} was retrieved {times(len(heard))}, held, counted as {counted} USD"
    return Point(right, f"{text}, and posted by {' and '.join(by) or 'nobody'}")


def _went_on(facts: Facts) -> Point:
    """It waited for the bill, and nobody but us moved it since."""
    number = facts.refunded.waited
    records = _of(facts, number)
    moves = [move for record in records for move in record.journal]
    waited = [move for move in moves if (move.new, move.code) == (Status.WAITING, "not billed")]
    helped = {move.actor for move in moves} - {"connector"}
    right = len(records) == 1 and records[0].entry.status == Status.PUBLISHED and bool(waited) and not helped
    text = f"{number} waited for {WAITED.there} to be billed"
    text = text if waited else f"{number} did not wait for {WAITED.there} to be billed"
    return Point(right, f"{text}, and {'a person helped it' if helped else 'went on by itself'}")


def _credited(facts: Facts, order: Refundable, number: str, known_as: str) -> Point:
    """One credit memo of the order's invoice, ours and named in our log, over as much as the shop's, for its goods."""
    books = facts.books
    given = [
        cents(one["grand_total"])
        for one in books.of_shop_order("creditmemos", order.number)
        if one["increment_id"] == number
    ]
    there = books.netsuite_credits(order.there)
    amounts, goods = [cents(one["total"]) for one in there], [_goods(one) for one in there]
    ours = {step.reference for record in _of(facts, number) for step in record.steps}
    right = (
        [one["tranId"] for one in there] == [known_as]
        and given == amounts == [order.total]
        and goods == [((order.sku, Decimal(order.quantity)),)]
        and all(one.get("externalId") in ours for one in there)
    )
    names = ", ".join(str(one["tranId"]) for one in there) or "nothing"
    said = ", ".join(f"{quantity:f} × {sku}" for rows in goods for sku, quantity in rows)
    text = f"{number} of {order.number} is credited in NetSuite {times(len(there))} ({names}): {said or 'no goods'}"
    return Point(right, f"{text}; {_sum(amounts)} USD there, {_sum(given)} in the shop")


def _goods(memo: Wire) -> tuple[tuple[str, Decimal], ...]:
    rows = memo["item"]["items"]
    return tuple((str(row["item"]["refName"]), Decimal(str(row["quantity"]))) for row in rows)


def _sum(amounts: list[Decimal]) -> str:
    return " and ".join(map(str, amounts)) or "nothing"


def _only_booked(facts: Facts) -> Point:
    """The shop gave the money back; NetSuite must not do so as well."""
    moved = [one for one in facts.books.netsuite_payments if one["moved"]]
    return Point(not moved, f"money was moved by NetSuite {times(len(moved))}; the shop had given it back")
