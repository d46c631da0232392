"""Did it come out right? Compares our log with what the simulators themselves hold; decides nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.demo.cases import CASES, REPLY_LOST, TWICE, Case
from connector.status import Status
from connector.store.browse import Record
from connector.store.intake import NoticeRow


@dataclass(frozen=True)
class Point:
    """One thing that must be so, and whether it is."""

    holds: bool
    text: str


@dataclass(frozen=True)
class Facts:
    """What is judged: our entries by shipment number, our notices, and what the simulators hold.

    `shop_orders` is the shop's id of each order by its number; `lost` how many replies were lost on purpose.
    """

    records: Mapping[str, Sequence[Record]]
    open_notices: Sequence[NoticeRow]
    shop: Mapping[str, Any]
    shop_orders: Mapping[str, int]
    pushes: Sequence[Mapping[str, Any]]
    lost: int


def judge(facts: Facts) -> Iterator[Point]:
    """Every point, in the order of the cases."""
    for case in CASES:
        yield _case(case, facts)
    yield _reply_lost(facts)
    yield _twice(facts)
    expected = sum(case.status == Status.PUBLISHED for case in CASES)
    found = len(facts.shop["shipments"])
    yield Point(found == expected, f"the shop holds {found} shipments in all; {expected} were due")
    yield Point(not facts.open_notices, f"{len(facts.open_notices)} notices are left unfinished")


def _case(case: Case, facts: Facts) -> Point:
    """One entry with the right status; in the shop once, with these goods and tracking numbers, or not at all."""
    records = facts.records.get(case.shipment, ())
    statuses = " and ".join(record.entry.status for record in records) or "no entry"
    right = len(records) == 1 and records[0].entry.status == case.status
    order_id = facts.shop_orders[case.store_order]
    shipments = [one for one in facts.shop["shipments"] if one["order_id"] == order_id]
    if case.status == Status.PUBLISHED:
        fits = (
            len(shipments) == 1
            and _goods(shipments) == _asked(case)
            and _tracking(shipments) == case.tracking
        )
    else:
        fits = not shipments
    why = f" ({records[0].entry.reason})" if records and case.status == Status.FILTERED else ""
    return Point(right and fits, f"{case.shipment}, {case.way}: {statuses}{why}; {_in_words(shipments)}")


def _goods(shipments: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    return {item["sku"]: Decimal(str(item["qty"])) for one in shipments for item in one["items"]}


def _asked(case: Case) -> dict[str, Decimal]:
    return {item.sku: Decimal(item.shipped) for item in case.items}


def _tracking(shipments: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(track["track_number"] for one in shipments for track in one.get("tracks", ())))


def _in_words(shipments: Sequence[Mapping[str, Any]]) -> str:
    if not shipments:
        return "nothing was sent to the shop"
    times = "once" if len(shipments) == 1 else f"{len(shipments)} times"
    goods = ", ".join(f"{quantity:f} × {sku}" for sku, quantity in _goods(shipments).items())
    return f"in the shop {times}: {goods}, tracking {', '.join(_tracking(shipments)) or 'none'}"


def _reply_lost(facts: Facts) -> Point:
    """The shop did it and its answer was lost: what stood there must have been found, not made again."""
    records = facts.records.get(REPLY_LOST.shipment, ())
    adopted = any(step.adopted for record in records for step in record.steps)
    text = (
        f"{REPLY_LOST.shipment}: {facts.lost} reply was lost after the shop had committed, and it was adopted"
    )
    return Point(facts.lost == 1 and adopted, text)


def _twice(facts: Facts) -> Point:
    of_case = [one for one in facts.pushes if TWICE.shipment in str(one["body"])]
    times = sum(len(one["attempts"]) for one in of_case)
    notices = [notice for record in facts.records.get(TWICE.shipment, ()) for notice in record.notices]
    kept = "once" if len(notices) == 1 else f"{len(notices)} times"
    text = f"{TWICE.shipment}: pushed {times} times, stored {kept}"
    return Point(times == 2 and len(notices) == 1, text)
