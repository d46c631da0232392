"""The demo's judgement: what came out right passes, and whatever is spoilt is named by the point that it concerns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from connector.demo.books import Books, Log
from connector.demo.cases import CASES, REPLY_LOST, STREAM, Case
from connector.demo.orders import EDITED_TOTAL, ENTERED, PLACED, Line
from connector.demo.stage import ERP, SHOP
from connector.demo.trade import ENTERED_TRACKING, PLACED_TRACKING, Traded
from connector.demo.trade_verdict import judge_trade
from connector.demo.verdict import Facts, judge_parcels, judge_whole
from connector.status import Status
from connector.store.browse import JournalRow, Record
from schemas.base import DocumentRef
from tests.unit import timeline_given as given

TRADED = Traded(
    entered="SO-000209",
    entered_at_shop="A-SO-000209",
    placed="000005001",
    placed_at_erp="SO-000210",
    regretted="000005002",
    regretted_at_erp="SO-000211",
    edited="000005003",
    edited_at_erp="SO-000212",
    successor="000005003-1",
    successor_at_erp="SO-000213",
    shop_invoice="000000001",
    payment="PMT-000002",
    invoices={"SO-000209": "INV-INV000001", "SO-000210": "INV-INV000002"},
    refund="000000001",
)
OURS = DocumentRef(connection=SHOP, kind="order", number=TRADED.entered_at_shop)


def _record(entry_id: int, type_: str, source: str, number: str, status: Status, **more: Any) -> Record:
    told = {"via": more.pop("via", "webhook"), "echo_of": more.pop("echo_of", None)}
    row = given.entry(
        entry_id, status, type=type_, source=source, source_number=number, code=more.pop("code", "")
    )
    kind = type_.partition(".")[0]
    event = given.event(entry_id, type_, {kind: {"number": number}}, source, **told)
    step = given.step(entry_id, kind, (SHOP, number), {}, adopted=more.pop("adopted", False))
    steps = (replace(step, reference=f"ref{entry_id}"),)
    journal: tuple[JournalRow, ...] = more.pop("journal", ())
    notice = given.notice()
    assert not more
    return Record(given.NOON, row, event, (), {}, steps, (), journal, (), (notice,))


def _records() -> Iterator[Record]:
    for position, case in enumerate(CASES, start=1):
        via = "stream" if case is STREAM else "webhook"
        adopted = case is REPLY_LOST
        yield _record(
            position, "shipment.confirmed", ERP, case.shipment, case.status, via=via, adopted=adopted
        )
    moves = (
        given.moved(1, "queued", "filtered", "preference", "nothing left to pay: it is 82.42"),
        given.moved(2, "delivering", "published"),
    )
    yield _record(20, "order.created", ERP, TRADED.entered, Status.PUBLISHED, journal=moves)
    yield _record(21, "order.created", SHOP, TRADED.entered_at_shop, Status.FILTERED, code="echo", echo_of=20)


@dataclass
class World:
    """Everything that is judged, as plain values that a test can spoil."""

    erp: dict[str, list[dict[str, Any]]]
    shop: dict[str, list[dict[str, Any]]]
    log: Log
    pushes: int = 2
    lost: int = 1

    def failed(self) -> list[str]:
        """The points that do not hold."""
        twice = [{"attempts": ["202"] * self.pushes}]
        facts = Facts(self.log, Books(self.erp, self.shop), TRADED, twice, self.lost)
        points = (*judge_parcels(facts), *judge_trade(facts), *judge_whole(facts))
        return [point.text for point in points if not point.holds]

    def order(self, number: str) -> dict[str, Any]:
        return next(one for one in self.shop["orders"] if one["increment_id"] == number)

    def erp_order(self, number: str) -> dict[str, Any]:
        return next(one for one in self.erp["SalesOrder"] if one["OrderNbr"] == number[3:])


def _shipment(order_id: int, goods: dict[str, int], tracking: tuple[str, ...]) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "items": [{"sku": sku, "qty": Decimal(quantity)} for sku, quantity in goods.items()],
        "tracks": [{"track_number": number} for number in tracking],
    }


def _goods(lines: tuple[Line, ...]) -> dict[str, int]:
    return {line.sku: line.quantity for line in lines}


def _shop_order(order_id: int, number: str, total: Decimal, state: str = "complete") -> dict[str, Any]:
    comments = (
        [{"comment": "Invoice INV-INV000002 was released: 77.74 USD"}] if number == TRADED.placed else []
    )
    return {
        "entity_id": order_id,
        "increment_id": number,
        "grand_total": total,
        "state": state,
        "ext_order_id": "ref20",
        "status_histories": comments,
    }


def _erp_order(number: str, total: Decimal, status: str, reference: str = "") -> dict[str, Any]:
    return {
        "OrderNbr": number.removeprefix("SO-"),
        "OrderTotal": total,
        "Status": status,
        "ExternalRef": reference,
        "CustomerID": "C2002",
        "Totals": {"UnpaidBalance": Decimal("0.00")},
    }


def _shop() -> dict[str, list[dict[str, Any]]]:
    known = [_shop_order(number, case.store_order, Decimal(1)) for number, case in enumerate(CASES, start=1)]
    sent = [
        _shipment(number, {item.sku: item.shipped for item in case.items}, case.tracking)
        for number, case in enumerate(CASES, start=1)
        if case.status == Status.PUBLISHED
    ]
    return {
        "orders": [
            *known,
            _shop_order(101, TRADED.entered_at_shop, ENTERED.total),
            _shop_order(102, TRADED.placed, PLACED.total),
            _shop_order(103, TRADED.regretted, Decimal("12.50"), "canceled"),
            _shop_order(104, TRADED.edited, Decimal("44.98"), "canceled"),
            _shop_order(105, TRADED.successor, EDITED_TOTAL, "new"),
        ],
        "shipments": [
            *sent,
            _shipment(101, _goods(ENTERED.lines), (ENTERED_TRACKING,)),
            _shipment(102, _goods(PLACED.lines), (PLACED_TRACKING,)),
        ],
        "invoices": [
            {"order_id": 101, "grand_total": ENTERED.total},
            {"order_id": 102, "grand_total": PLACED.total},
        ],
        "creditmemos": [{"order_id": 102, "grand_total": Decimal("7.16")}],
    }


def _erp() -> dict[str, list[dict[str, Any]]]:
    return {
        "Customer": [{}] * 3,
        "SalesOrder": [
            *(_erp_order(case.order, Decimal(1), "Completed") for case in CASES),
            _erp_order(TRADED.entered, ENTERED.total, "Completed"),
            _erp_order(TRADED.placed_at_erp, PLACED.total, "Completed", TRADED.placed),
            _erp_order(TRADED.regretted_at_erp, Decimal("12.50"), "Canceled"),
            _erp_order(TRADED.edited_at_erp, Decimal("44.98"), "Canceled"),
            _erp_order(TRADED.successor_at_erp, EDITED_TOTAL, "Open"),
        ],
        "Shipment": [{}] * (len(CASES) + 2),
        "SalesInvoice": [
            {"ReferenceNbr": "INV000001", "Amount": ENTERED.total},
            {"ReferenceNbr": "INV000002", "Amount": PLACED.total},
        ],
        "Payment": [
            {"ReferenceNbr": "000001", "PaymentAmount": ENTERED.total, "Status": "Closed"},
            {"ReferenceNbr": "000002", "PaymentAmount": PLACED.total, "Status": "Closed"},
        ],
    }


@pytest.fixture(name="world")
def fixture_world() -> World:
    """A demo that came out right."""
    refund = given.event(90, "refund.issued", {"refund": {"number": TRADED.refund}}, SHOP, state="unrouted")
    return World(_erp(), _shop(), Log(list(_records()), [refund], [], {OURS: 20}))


def test_a_demo_that_came_out_right_passes(world: World) -> None:
    assert world.failed() == []


def _without(world: World, **source: Any) -> Log:
    """The log without the entries that have these values."""
    kept = [
        one
        for one in world.log.records
        if any(getattr(one.entry, name) != value for name, value in source.items())
    ]
    return replace(world.log, records=kept)


def _with_status(world: World, case: Case, status: Status) -> Log:
    records = [
        replace(one, entry=replace(one.entry, status=status))
        if one.entry.source_number == case.shipment
        else one
        for one in world.log.records
    ]
    return replace(world.log, records=records)


def _set(world: World, **values: Any) -> None:
    for name, value in values.items():
        setattr(world, name, value)


SPOILT: list[tuple[str, Callable[[World], Any], list[str]]] = [
    (
        "a parcel arrives twice",
        lambda w: w.shop["shipments"].append(w.shop["shipments"][0]),
        ["SH000301, plain", "as many documents"],
    ),
    (
        "a parcel lacks a piece",
        lambda w: w.shop["shipments"][0]["items"][0].update(qty=Decimal(1)),
        ["SH000301, plain"],
    ),
    (
        "an entry is errored",
        lambda w: _set(w, log=_with_status(w, CASES[1], Status.ERRORED)),
        ["SH000302, part of the order", "1 entries and notices"],
    ),
    ("no reply was lost", lambda w: _set(w, lost=0), ["SH000306: 0 reply"]),
    ("nothing was pushed twice", lambda w: _set(w, pushes=1), ["SH000305: pushed once"]),
    (
        "the pushed order is a cent less",
        lambda w: w.order("A-SO-000209").update(grand_total=Decimal("82.41")),
        ["SO-000209 is A-SO-000209"],
    ),
    (
        "the pushed order is a stranger's",
        lambda w: w.order("A-SO-000209").update(ext_order_id="other"),
        ["SO-000209 is A-SO-000209"],
    ),
    (
        "the order did not wait for its money",
        lambda w: _set(w, log=_without(w, type="order.created", source=ERP)),
        ["SO-000209 was filtered", "SO-000209 is A-SO-000209"],
    ),
    (
        "the booked order is a cent more",
        lambda w: w.erp_order("SO-000210").update(OrderTotal=Decimal("77.75")),
        ["000005001 is SO-000210"],
    ),
    (
        "the payment is a cent less",
        lambda w: w.erp["Payment"][1].update(PaymentAmount=Decimal("77.73")),
        ["invoice 000000001 of the shop"],
    ),
    (
        "something is left to pay",
        lambda w: w.erp_order("SO-000210")["Totals"].update(UnpaidBalance=Decimal("0.01")),
        ["invoice 000000001 of the shop"],
    ),
    (
        "the shop invoices another amount",
        lambda w: w.shop["invoices"][0].update(grand_total=Decimal("72.47")),
        ["INV-INV000001 over"],
    ),
    (
        "the invoice is not told",
        lambda w: w.order("000005001").update(status_histories=[]),
        ["INV-INV000002 is told"],
    ),
    (
        "the tracking number is another",
        lambda w: w.shop["shipments"][-1]["tracks"][0].update(track_number="1Z"),
        ["000005001 was shipped"],
    ),
    (
        "the ERP has not cancelled",
        lambda w: w.erp_order("SO-000211").update(Status="Open"),
        ["000005002 is canceled"],
    ),
    (
        "the successor was not carried whole",
        lambda w: w.erp_order("SO-000213").update(OrderTotal=Decimal("44.98")),
        ["000005003 was edited"],
    ),
    (
        "one guest became two customers",
        lambda w: w.erp_order("SO-000213").update(CustomerID="C2003"),
        ["SO-000210, SO-000212, SO-000213"],
    ),
    (
        "the credit memo was not heard",
        lambda w: _set(w, log=replace(w.log, unrouted=[])),
        ["credit memo 000000001"],
    ),
    (
        "our order was not heard again",
        lambda w: _set(w, log=_without(w, code="echo")),
        ["1 documents that we made"],
    ),
    (
        "an echo went back",
        lambda w: _set(
            w,
            log=replace(
                w.log,
                records=[
                    *w.log.records,
                    _record(30, "order.created", SHOP, "A", Status.PUBLISHED, echo_of=20),
                ],
            ),
        ),
        ["1 documents that we made"],
    ),
    (
        "an order stands twice",
        lambda w: w.erp["SalesOrder"].append(_erp_order("SO-9", Decimal(1), "Open")),
        ["as many documents"],
    ),
]


@pytest.mark.parametrize(
    ("spoil", "named"), [row[1:] for row in SPOILT], ids=[row[0].replace(" ", "-") for row in SPOILT]
)
def test_whatever_is_spoilt_fails_the_points_that_it_concerns(
    world: World, spoil: Callable[[World], Any], named: list[str]
) -> None:
    """Those points and no others."""
    spoil(world)
    failed = world.failed()
    assert [any(part in text for text in failed) for part in named] == [True] * len(named), failed
    assert len(failed) == len(named), failed
