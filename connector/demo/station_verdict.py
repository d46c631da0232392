"""Did what was packed at the stations come out right? Freight, notes and tracking numbers in both ERPs, to the cent.

It compares what was done there with what the simulators hold; it decides nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.demo.books import Wire
from connector.demo.orders import Line
from connector.demo.packed import (
    BORN,
    CHARGE,
    COMMENT,
    DROPPED,
    FREIGHT,
    GOODS,
    MENDED,
    SHARED,
    SHARES,
    SHIP_VIA,
    VOIDED,
    SageOrder,
)
from connector.demo.stage import ERP, SAGE_STATION, STATION
from connector.demo.station import NOT_FOR_US, Parcel
from connector.demo.trade_verdict import shipped
from connector.demo.verdict import Facts, Point, cents, times
from connector.status import Status
from schemas.events import ShipmentConfirmed, ShipmentVoided


def judge_stations(facts: Facts) -> Iterator[Point]:
    """Every point: the parcels of the first ERP, then those of the second."""
    packed = facts.packed
    yield _written_back(facts, packed.onward, BORN.lines)
    yield _passed_on(facts)
    yield shipped(facts, packed.born, BORN.lines, packed.onward.tracking[0])
    yield _in_part(facts)
    yield _written_back(facts, packed.mended, MENDED.lines)
    yield _voided(facts)
    yield _written_back(facts, packed.voided, VOIDED.lines)
    yield _told_twice(facts)
    for order, share in zip(SHARED, SHARES, strict=True):
        yield _shared(facts, order, share)
    yield _left_alone(facts)


# -- the first ERP -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Written:
    """What of a parcel stands on a shipment of the ERP: goods by item, packages by tracking number with a reference."""

    freight: Decimal
    ship_via: str
    goods: tuple[tuple[str, Decimal], ...]
    packages: tuple[tuple[str, str], ...]
    noted: tuple[str, ...]
    cartons: object

    @classmethod
    def on(cls, shipment: Wire, cartons: object) -> "_Written":
        """As the shipment holds it."""
        goods = ((str(line["InventoryID"]), Decimal(str(line["ShippedQty"]))) for line in shipment["Details"])
        return cls(
            freight=cents(shipment["FreightPrice"]),
            ship_via=str(shipment["ShipVia"]),
            goods=tuple(sorted(goods)),
            packages=tuple(
                (str(box["TrackingNbr"]), str(box["CustomRefNbr1"])) for box in shipment["Packages"]
            ),
            noted=_noted(str(shipment["note"] or "")),
            cartons=cartons,
        )

    def __str__(self) -> str:
        numbers = " and ".join(number for number, _ in self.packages) or "none"
        return f"freight {self.freight}, {self.ship_via}, tracking {numbers}, noted {times(len(self.noted))}"


def _noted(text: str) -> tuple[str, ...]:
    """The tracking numbers that a note, or a comment line, speaks of."""
    return tuple(re.findall(r"Tracking Number: (\S+)", text))


def _written_back(facts: Facts, parcel: Parcel, lines: Sequence[Line]) -> Point:
    """One shipment of the order stands in the ERP, and each value of the parcel on it once."""
    (order,) = parcel.orders
    found = {
        str(one["ShipmentNbr"]): _Written.on(one, facts.books.cartons.get(one["ShipmentNbr"]))
        for one in facts.books.erp_shipments(order)
    }
    wanted = _Written(
        freight=FREIGHT,
        ship_via=SHIP_VIA,
        goods=tuple(sorted((line.sku, Decimal(line.quantity)) for line in lines)),
        packages=tuple(
            (number, f"{parcel.number}-{place}") for place, number in enumerate(parcel.tracking, start=1)
        ),
        noted=parcel.tracking[:1],
        cartons=len(parcel.tracking),
    )
    said = " and ".join(f"{number} in the ERP: {written}" for number, written in found.items())
    right = list(found.values()) == [wanted]
    return Point(right, f"{parcel.number} of {order} is {said or 'not in the ERP'}")


def _passed_on(facts: Facts) -> Point:
    """The confirmation of the shipment that we made is a person's: it went on to the shop, and is no echo."""
    number, (order,) = facts.packed.confirmed, facts.packed.onward.orders
    statuses = [one.entry.status for one in facts.log.of(ShipmentConfirmed.type, ERP, number)]
    states = {str(one["Status"]) for one in facts.books.erp_shipments(order) if one["ShipmentNbr"] == number}
    text = f"{number}, which came from the station, is {' and '.join(states) or 'gone'} in the ERP"
    right = statuses == [Status.PUBLISHED] and states == {"Confirmed"}
    return Point(right, f"{text}, and went on to the shop {times(len(statuses))}")


def _in_part(facts: Facts) -> Point:
    """What was missing was the packages alone, and nothing but the packages was sent to mend it."""
    packed = facts.packed
    moves = _moves(facts, packed.mended)
    errored = (Status.ERRORED, "partial") in moves and moves[-1][0] == Status.PUBLISHED
    missing = {field["expected"] for field in packed.lacking}
    right = errored and set(packed.mended.tracking) <= missing and list(packed.mending) == ["Packages"]
    text = f"{packed.mended.number} was written in part at first: {len(packed.lacking)} values differed"
    return Point(right, f"{text}; to mend it {' and '.join(packed.mending) or 'nothing'} was sent")


def _moves(facts: Facts, parcel: Parcel) -> list[tuple[str, str]]:
    """The statuses that its entry went through, with the code of each."""
    records = facts.log.of(ShipmentConfirmed.type, STATION, parcel.number)
    return [(move.new, move.code) for one in records for move in one.journal]


def _voided(facts: Facts) -> Point:
    """Two processings and a void, each carried; in between the ERP held nothing of it."""
    number, left = facts.packed.voided.number, facts.packed.left
    confirmed = len(facts.log.of(ShipmentConfirmed.type, STATION, number))
    voids = [one.entry.status for one in facts.log.of(ShipmentVoided.type, STATION, number)]
    text = f"{number} was processed {times(confirmed)} and voided {times(len(voids))}"
    return Point(
        (confirmed, voids, left) == (2, [Status.PUBLISHED], 0),
        f"{text}; after the void {left} shipments of it were in the ERP",
    )


# -- the second ERP ----------------------------------------------------------------------------------------


def _told_twice(facts: Facts) -> Point:
    """The message that came twice made one entry."""
    parcel, told = facts.packed.shared, facts.packed.told
    records = facts.log.of(ShipmentConfirmed.type, SAGE_STATION, parcel.number)
    statuses = [one.entry.status for one in records]
    text = f"{parcel.number} of {', '.join(parcel.orders)} was told {times(told)} and carried {times(len(statuses))}"
    return Point((statuses, told) == ([Status.PUBLISHED], 2), text)


def _shared(facts: Facts, order: SageOrder, share: Decimal) -> Point:
    """One invoice with the order's share of the freight, its goods, charge and comment; what is dropped is open."""
    invoices = facts.books.sage_invoices(order.number)
    parcel = facts.packed.shared
    wanted = (share, order.goods, _lines_due(order), tuple((number, share) for number in parcel.tracking))
    found = [
        (cents(one["FreightAmt"]), cents(one["NonTaxableAmt"]), _lines_of(one), _tracking_of(one))
        for one in invoices
    ]
    comments = [str(line["CommentText"]) for line in facts.books.sage_order(order.number)["lines"]]
    noted = _noted(" ".join(comments))
    numbers = " and ".join(str(one["InvoiceNo"]) for one in invoices) or "none"
    amounts = " and ".join(f"{goods} USD and freight {freight}" for freight, goods, *_ in found)
    text = (
        f"{order.number} is invoiced in Sage 100 {times(len(invoices))} ({numbers}): {amounts or 'nothing'}"
    )
    return Point(
        found == [wanted] and noted == parcel.tracking[:1],
        f"{text}; comment and charge came along, the drop-ship line is back-ordered, noted {times(len(noted))}",
    )


def _lines_due(order: SageOrder) -> list[tuple[str, str, Decimal, Decimal]]:
    """Item, comment, shipped and back-ordered of each line."""
    none, one = Decimal(0), Decimal(1)
    return [
        (GOODS, "", Decimal(order.quantity), none),
        (COMMENT, order.comment, none, none),
        (CHARGE, "", one, none),
        (DROPPED, "", none, one),
    ]


def _lines_of(invoice: Wire) -> list[tuple[str, str, Decimal, Decimal]]:
    return [
        (
            str(line["ItemCode"]),
            str(line["CommentText"]),
            Decimal(line["QuantityShipped"]),
            Decimal(line["QuantityBackordered"]),
        )
        for line in invoice["lines"]
    ]


def _tracking_of(invoice: Wire) -> tuple[tuple[str, Decimal], ...]:
    return tuple((str(row["TrackingID"]), cents(row["FreightAmt"])) for row in invoice["tracking"])


def _left_alone(facts: Facts) -> Point:
    """The invoice that a person entered stands as it was, and the parcel's entry was ignored with a reason."""
    parcel, by_hand = facts.packed.refused, facts.packed.by_hand
    (order,) = parcel.orders
    records = facts.log.of(ShipmentConfirmed.type, SAGE_STATION, parcel.number)
    last = [(one.entry.status, one.entry.reason) for one in records]
    standing = [
        (str(one["InvoiceNo"]), cents(one["FreightAmt"]), len(one["tracking"]))
        for one in facts.books.sage_invoices(order)
    ]
    right = last == [(Status.IGNORED, NOT_FOR_US)] and standing == [(by_hand, Decimal("0.00"), 0)]
    said = " and ".join(f"{status} ({reason})" for status, reason in last) or "nothing"
    return Point(right, f"{parcel.number} of {order} is {said}; invoice {by_hand} stands as it was entered")
