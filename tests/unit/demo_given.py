"""What the tests of the demo's judgement begin with: a demo that came out right, as values that a test can spoil."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connector.demo.association import Joined
from connector.demo.association_verdict import judge_association
from connector.demo.books import Books, Log
from connector.demo.cases import CASES, REPLY_LOST, STREAM
from connector.demo.orders import EDITED_TOTAL, ENTERED, PLACED, Line
from connector.demo.packed import BORN, MENDED, VOIDED
from connector.demo.refunds import Refunded
from connector.demo.refunds_verdict import judge_refunds
from connector.demo.stage import DISPATCH, ERP, MEMBERS, SAGE_STATION, SHOP, STATION
from connector.demo.station import NOT_FOR_US, Packed
from connector.demo.station_verdict import judge_stations
from connector.demo.trade import ENTERED_TRACKING, PLACED_TRACKING, Traded
from connector.demo.trade_verdict import judge_trade
from connector.demo.verdict import Facts, judge_parcels, judge_whole
from connector.status import Status
from connector.store.browse import JournalRow, Record
from schemas.base import DocumentRef
from tests.unit import timeline_given as given
from tests.unit.demo_joined_given import JOINED, PROVED, aptify, members, stock
from tests.unit.demo_packed_given import PACKED, sage, written_back
from tests.unit.demo_refunded_given import REFUNDED, journals, memos, netsuite, orders

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
    refund="000000002",
)
OURS = DocumentRef(connection=SHOP, kind="order", number=TRADED.entered_at_shop)


def record(entry_id: int, type_: str, source: str, number: str, status: Status, **more: Any) -> Record:
    """An entry with everything about it; what is not given is as it is where all went well."""
    told = {"via": more.pop("via", "webhook"), "echo_of": more.pop("echo_of", None)}
    said = {name: more.pop(name) for name in ("code", "reason", "target") if name in more}
    row = given.entry(entry_id, status, type=type_, source=source, source_number=number, **said)
    kind = type_.partition(".")[0]
    event = given.event(entry_id, type_, {kind: {"number": number}}, source, **told)
    step = given.step(entry_id, kind, (SHOP, number), {}, adopted=more.pop("adopted", False))
    steps = (replace(step, reference=f"ref{entry_id}", seen=more.pop("seen", None)),)
    journal: tuple[JournalRow, ...] = more.pop("journal", ())
    notice = replace(given.notice(), via=told["via"])
    assert not more
    return Record(given.NOON, row, event, (), {}, steps, (), journal, (), (notice,))


def _records() -> Iterator[Record]:
    for position, case in enumerate(CASES, start=1):
        via = "stream" if case is STREAM else "webhook"
        adopted = case is REPLY_LOST
        yield record(
            position, "shipment.confirmed", ERP, case.shipment, case.status, via=via, adopted=adopted
        )
    moves = (
        given.moved(1, "queued", "filtered", "preference", "nothing left to pay: it is 82.42"),
        given.moved(2, "delivering", "published"),
    )
    yield record(20, "order.created", ERP, TRADED.entered, Status.PUBLISHED, journal=moves)
    yield record(21, "order.created", SHOP, TRADED.entered_at_shop, Status.FILTERED, code="echo", echo_of=20)
    yield record(22, "refund.issued", SHOP, TRADED.refund, Status.FILTERED, code="preference")
    yield from _station_records()
    posted, waited = journals()
    retrieved = {"journal": posted, "via": "retrieve"}
    yield record(50, "refund.issued", SHOP, REFUNDED.retrieved, Status.PUBLISHED, **retrieved)
    yield record(51, "refund.issued", SHOP, REFUNDED.waited, Status.PUBLISHED, journal=waited)
    yield record(60, "order.created", MEMBERS, JOINED.ordered, Status.PUBLISHED)
    yield record(61, "shipment.confirmed", DISPATCH, JOINED.packed, Status.PUBLISHED, seen=PROVED)


def _station_records() -> Iterator[Record]:
    confirmed, packed = "shipment.confirmed", PACKED
    yield record(40, confirmed, STATION, packed.onward.number, Status.PUBLISHED)
    yield record(41, confirmed, ERP, packed.confirmed, Status.PUBLISHED, echo_of=40, target=SHOP)
    in_part = (given.moved(1, "delivering", "errored", "partial"), given.moved(2, "delivering", "published"))
    yield record(42, confirmed, STATION, packed.mended.number, Status.PUBLISHED, journal=in_part)
    yield record(43, confirmed, STATION, packed.voided.number, Status.PUBLISHED)
    yield record(44, "shipment.voided", STATION, packed.voided.number, Status.PUBLISHED)
    yield record(45, confirmed, STATION, packed.voided.number, Status.PUBLISHED)
    yield record(46, confirmed, SAGE_STATION, packed.shared.number, Status.PUBLISHED)
    yield record(47, confirmed, SAGE_STATION, packed.refused.number, Status.IGNORED, reason=NOT_FOR_US)


@dataclass
class World:
    """Everything that is judged, as plain values that a test can spoil."""

    erp: dict[str, list[dict[str, Any]]]
    shop: dict[str, list[dict[str, Any]]]
    sage: dict[str, list[dict[str, Any]]]
    log: Log
    netsuite: dict[str, list[dict[str, Any]]] = field(default_factory=netsuite)
    payments: list[dict[str, Any]] = field(default_factory=list)
    packed: Packed = PACKED
    refunded: Refunded = REFUNDED
    joined: Joined = JOINED
    members: dict[str, list[dict[str, Any]]] = field(default_factory=members)
    aptify: list[dict[str, Any]] = field(default_factory=aptify)
    stock: list[dict[str, Any]] = field(default_factory=stock)
    cartons: dict[str, int] = field(default_factory=lambda: {"SH000311": 1, "SH000312": 1, "SH000313": 1})
    pushes: int = 2
    lost: int = 1

    def failed(self) -> list[str]:
        """The points that do not hold."""
        twice = [{"attempts": ["202"] * self.pushes}]
        association = (self.members, self.aptify, self.stock)
        books = Books(
            self.erp, self.shop, self.sage, self.netsuite, self.payments, *association, self.cartons
        )
        facts = Facts(self.log, books, TRADED, self.packed, self.refunded, self.joined, twice, self.lost)
        judges = (
            judge_parcels,
            judge_trade,
            judge_stations,
            judge_refunds,
            judge_association,
            judge_whole,
        )
        points = [point for judge in judges for point in judge(facts)]
        return [point.text for point in points if not point.holds]

    def order(self, number: str) -> dict[str, Any]:
        """An order of the shop."""
        return next(one for one in self.shop["orders"] if one["increment_id"] == number)

    def erp_order(self, number: str) -> dict[str, Any]:
        """An order of the ERP."""
        return next(one for one in self.erp["SalesOrder"] if one["OrderNbr"] == number[3:])

    def erp_shipment(self, number: str) -> dict[str, Any]:
        """A shipment of the ERP."""
        return next(one for one in self.erp["Shipment"] if one.get("ShipmentNbr") == number)

    def sage_invoice(self, order: str) -> dict[str, Any]:
        """The invoice of an order in Sage 100."""
        return next(one for one in self.sage["invoices"] if one["SalesOrderNo"] == order)

    def without(self, **source: Any) -> Log:
        """The log without the entries that have these values."""
        kept = [
            one
            for one in self.log.records
            if any(getattr(one.entry, name) != value for name, value in source.items())
        ]
        return replace(self.log, records=kept)

    def with_status(self, number: str, status: Status) -> Log:
        """The log with the entries of a document in another status."""
        records = [
            replace(one, entry=replace(one.entry, status=status))
            if one.entry.source_number == number
            else one
            for one in self.log.records
        ]
        return replace(self.log, records=records)


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


def erp_order(number: str, total: Decimal, status: str, reference: str = "") -> dict[str, Any]:
    """An order as the ERP holds it."""
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
            _shop_order(106, PACKED.born, BORN.total),
            *orders(),
        ],
        "shipments": [
            *sent,
            _shipment(101, _goods(ENTERED.lines), (ENTERED_TRACKING,)),
            _shipment(102, _goods(PLACED.lines), (PLACED_TRACKING,)),
            _shipment(106, _goods(BORN.lines), PACKED.onward.tracking),
        ],
        "invoices": [
            {"order_id": 101, "grand_total": ENTERED.total},
            {"order_id": 102, "grand_total": PLACED.total},
            {"order_id": 106, "grand_total": BORN.total},
            *({"order_id": one["entity_id"], "grand_total": Decimal("80.67")} for one in orders()),
        ],
        "creditmemos": [{"order_id": 102, "grand_total": Decimal("7.16")}, *memos()],
    }


def _erp() -> dict[str, list[dict[str, Any]]]:
    return {
        "Customer": [{}] * 4,
        "SalesOrder": [
            *(erp_order(case.order, Decimal(1), "Completed") for case in CASES),
            erp_order(TRADED.entered, ENTERED.total, "Completed"),
            erp_order(TRADED.placed_at_erp, PLACED.total, "Completed", TRADED.placed),
            erp_order(TRADED.regretted_at_erp, Decimal("12.50"), "Canceled"),
            erp_order(TRADED.edited_at_erp, Decimal("44.98"), "Canceled"),
            erp_order(TRADED.successor_at_erp, EDITED_TOTAL, "Open"),
            erp_order(PACKED.onward.orders[0], BORN.total, "Completed", PACKED.born),
            erp_order(MENDED.number, Decimal("37.50"), "Shipping"),
            erp_order(VOIDED.number, Decimal("29.40"), "Shipping"),
        ],
        "Shipment": [
            *({"Details": []} for _ in range(len(CASES) + 2)),
            written_back("SH000311", PACKED.onward, BORN.lines, "Confirmed"),
            written_back("SH000312", PACKED.mended, MENDED.lines),
            written_back("SH000313", PACKED.voided, VOIDED.lines),
        ],
        "SalesInvoice": [
            {"ReferenceNbr": "INV000001", "Amount": ENTERED.total},
            {"ReferenceNbr": "INV000002", "Amount": PLACED.total},
        ],
        "Payment": [
            {"ReferenceNbr": "000001", "PaymentAmount": ENTERED.total, "Status": "Closed"},
            {"ReferenceNbr": "000002", "PaymentAmount": PLACED.total, "Status": "Closed"},
            {"ReferenceNbr": "000003", "PaymentAmount": BORN.total, "Status": "Closed"},
        ],
    }


def right_world() -> World:
    """A demo that came out right."""
    return World(_erp(), _shop(), sage(), Log(list(_records()), [], {OURS: 20}))


def put(world: World, **values: Any) -> None:
    """Set members of the world."""
    for name, value in values.items():
        setattr(world, name, value)
