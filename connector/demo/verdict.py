"""Did it come out right? Compares our log with what the simulators themselves hold; decides nothing else.

Here stand the parcels of orders that both sides knew, and what holds for everything; `trade_verdict.py` has what was
traded, `station_verdict.py` what was packed at the stations, `refunds_verdict.py` what was given back,
`association_verdict.py` what a member ordered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.demo.association import MADE as JOINED
from connector.demo.association import Joined
from connector.demo.books import Books, Log, Wire, quantities, tracking
from connector.demo.cases import CASES, REPLY_LOST, STREAM, TWICE, Case
from connector.demo.refunds import MADE as REFUNDED
from connector.demo.refunds import Refunded
from connector.demo.stage import ERP
from connector.demo.station import MADE as PACKED
from connector.demo.station import Packed
from connector.demo.trade import MADE as TRADED
from connector.demo.trade import Traded
from connector.status import FINISHED, Status
from connector.store.browse import Record
from schemas.events import ShipmentConfirmed

_PUBLISHED = sum(case.status == Status.PUBLISHED for case in CASES)
_BEFORE = {
    "Customer": 1,
    "SalesOrder": len(CASES),
    "Shipment": len(CASES),
    "orders": len(CASES),
    "shipments": _PUBLISHED,
}
"""Documents of the orders that both sides knew, when all of their parcels are gone."""

_ALL = (_BEFORE, TRADED, PACKED, REFUNDED, JOINED)

_NAMES = {
    "Customer": "customers",
    "SalesOrder": "orders",
    "Shipment": "shipments",
    "SalesInvoice": "invoices",
    "Payment": "payments in the ERP",
    "orders": "orders",
    "shipments": "shipments",
    "invoices": "invoices",
    "creditmemos": "credit memos in the shop",
    "Sage orders": "orders",
    "Sage invoices": "invoices in Sage 100",
    "NetSuite salesOrder": "orders",
    "NetSuite invoice": "invoices",
    "NetSuite creditMemo": "credit memos",
    "NetSuite cashRefund": "cash refunds",
    "NetSuite customerRefund": "customer refunds in NetSuite",
    "members' orders": "orders",
    "members' shipments": "shipments in the members' shop",
    "Aptify orders": "orders in Aptify",
}


@dataclass(frozen=True)
class Point:
    """One thing that must be so, and whether it is."""

    holds: bool
    text: str


@dataclass(frozen=True)
class Facts:
    """What is judged: our log, what the other systems hold, and what was done.

    `twice` are the ERP's notifications of the shipment that is pushed twice; `lost` how many replies were lost.
    """

    log: Log
    books: Books
    traded: Traded
    packed: Packed
    refunded: Refunded
    joined: Joined
    twice: Sequence[Mapping[str, Any]]
    lost: int


def times(count: int) -> str:
    """`once`, or how many times."""
    return "once" if count == 1 else f"{count} times"


def cents(amount: object) -> Decimal:
    """Exact, and shown with two places where it has no more."""
    exact = Decimal(str(amount))
    rounded = exact.quantize(Decimal("0.01"))
    return rounded if rounded == exact else exact


def judge_parcels(facts: Facts) -> Iterator[Point]:
    """Every point, in the order of the cases."""
    for case in CASES:
        yield _case(case, facts)
    yield _reply_lost(facts)
    yield _twice(facts)


def judge_whole(facts: Facts) -> Iterator[Point]:
    """Echoes, counts, and that nothing is left."""
    yield _echoes(facts)
    yield _counts(facts)
    open_entries = [record.entry for record in facts.log.records if record.entry.status not in FINISHED]
    left = len(open_entries) + len(facts.log.open_notices)
    yield Point(not left, f"{left} entries and notices are left unfinished or errored")


def _case(case: Case, facts: Facts) -> Point:
    """One entry with the right status; in the shop once, with these goods and tracking numbers, or not at all."""
    records = _of(case, facts)
    statuses = " and ".join(record.entry.status for record in records) or "no entry"
    right = len(records) == 1 and records[0].entry.status == case.status
    shipments = facts.books.of_shop_order("shipments", case.store_order)
    if case.status == Status.PUBLISHED:
        fits = (
            len(shipments) == 1 and _goods(shipments) == _asked(case) and tracking(shipments) == case.tracking
        )
    else:
        fits = not shipments
    if case is STREAM:
        fits = fits and [record.event.via for record in records] == ["stream"]
    why = f" ({records[0].entry.reason})" if records and case.status == Status.FILTERED else ""
    return Point(right and fits, f"{case.shipment}, {case.way}: {statuses}{why}; {_in_words(shipments)}")


def _of(case: Case, facts: Facts) -> list[Record]:
    return facts.log.of(ShipmentConfirmed.type, ERP, case.shipment)


def _goods(shipments: Sequence[Wire]) -> dict[str, Decimal]:
    return quantities([item for one in shipments for item in one["items"]])


def _asked(case: Case) -> dict[str, Decimal]:
    return {item.sku: Decimal(item.shipped) for item in case.items}


def _in_words(shipments: Sequence[Wire]) -> str:
    if not shipments:
        return "nothing was sent to the shop"
    goods = ", ".join(f"{quantity:f} × {sku}" for sku, quantity in _goods(shipments).items())
    return (
        f"in the shop {times(len(shipments))}: {goods}, tracking {', '.join(tracking(shipments)) or 'none'}"
    )


def _reply_lost(facts: Facts) -> Point:
    """The shop did it and its answer was lost: what stood there must have been found, not made again."""
    adopted = any(step.adopted for record in _of(REPLY_LOST, facts) for step in record.steps)
    text = (
        f"{REPLY_LOST.shipment}: {facts.lost} reply was lost after the shop had committed, and it was adopted"
    )
    return Point(facts.lost == 1 and adopted, text)


def _twice(facts: Facts) -> Point:
    """The same notification is stored once; polling may have told of the shipment besides."""
    pushed = sum(len(one["attempts"]) for one in facts.twice)
    notices = [notice for record in _of(TWICE, facts) for notice in record.notices if notice.via == "webhook"]
    text = f"{TWICE.shipment}: pushed {times(pushed)}, stored {times(len(notices))}"
    return Point(pushed == 2 and len(notices) == 1, text)


def _echoes(facts: Facts) -> Point:
    """Whatever we made was heard again, and nothing of it went back."""
    own = facts.log.own
    deaf = ", ".join(str(one) for one in own if one not in facts.log.echoes)
    makers = {record.entry.id: record.entry.source for record in facts.log.records}
    carried = ", ".join(str(one.entry.id) for one in facts.log.records if _goes_back(one, makers))
    text = f"{len(own)} documents that we made were heard again, and none went back"
    text += f"; not heard: {deaf}" if deaf else ""
    text += f"; carried by entry {carried}" if carried else ""
    return Point(bool(own) and not deaf and not carried, text)


def _goes_back(record: Record, makers: Mapping[int, str]) -> bool:
    """Was it carried to where the entry that brought it about had come from? To a third system it may go on."""
    maker = record.event.echo_of
    carried = maker is not None and record.entry.status != Status.FILTERED
    return carried and makers.get(maker or 0) in (None, record.entry.target)


def _counts(facts: Facts) -> Point:
    """All hold what they held before, what people made, and each effect of ours once."""
    held = facts.books.counts
    due = {name: sum(made.get(name, 0) for made in _ALL) for name in held}
    said = ", ".join(
        f"{count} {_NAMES[name]}" + (f" instead of {due[name]}" if count != due[name] else "")
        for name, count in held.items()
    )
    return Point(held == due, f"after more rounds of polling there are as many documents as are due: {said}")
