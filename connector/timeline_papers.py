"""What the stored documents say of one order: how much of each line is ordered, shipped and invoiced; what is unpaid.

Pure, over what `connector/store/orders.py` has read. A quantity that two documents tell differently is the larger one:
each is what was true when it was heard, and quantities that were shipped or invoiced grow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field, ValidationError

from connector.planned import InvoiceStep, OrderStep, PaymentStep, ShipmentStep, Step, parse_step
from connector.store.intake import EventRow
from connector.store.links import Place
from connector.store.orders import OrderRecord, Paper, order_of
from connector.store.steps import StepRow
from schemas.base import DocumentRef, Model, Money, Quantity
from schemas.documents import ZERO, Inventory, Invoice, Order, OrderLine, Refund, Shipment
from schemas.events import EVENT_TYPES, EventData

ANY_ORDER = ""
"""The order of a piece whose document does not say which of the numbers at its connection it is for."""

MEMBERS = {"shipment": "shipped", "invoice": "invoiced", "refund": "refunded"}
"""Kind of document -> the quantity of an order line that it adds to."""


class CountedLine(Model):
    """One order line, and how much of it is where. Components that travel and are billed with their parent are left
    out, and parents whose components travel: they would be counted twice."""

    sku: str
    name: str = ""
    unit: str = ""
    ordered: Quantity
    shipped: Quantity = ZERO
    invoiced: Quantity = ZERO
    refunded: Quantity = ZERO
    cancelled: Quantity = ZERO


class Amounts(Model):
    """Quantities over all lines, and amounts, at one connection; None where no stored document says it."""

    ordered: Quantity | None = None
    shipped: Quantity | None = None
    invoiced: Quantity | None = None
    refunded: Quantity | None = None
    cancelled: Quantity | None = None
    total: Money | None = None
    paid: Money | None = None
    unpaid: Money | None = Field(default=None, description="what is left to pay")
    given_back: Money | None = None


@dataclass(frozen=True)
class Piece:
    """So much of a line in a document; `reference` is the order line's at that connection, or empty."""

    order: str
    reference: str
    sku: str
    quantity: Decimal


@dataclass(frozen=True)
class Said:
    """What is stored of one document that is no order. `past`: it was seen to hold no longer at its source."""

    at: datetime
    state: str = ""
    status: str = ""
    past: bool = False
    pieces: tuple[Piece, ...] = ()
    total: Money | None = None
    balance: Money | None = None
    tracking_numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrderSaid:
    """The newest order document of one place. `made`: it is what we asked the target to make, not what it told us."""

    at: datetime
    order: Order
    made: bool = False


def parsed(row: EventRow) -> EventData | None:
    """An event's data; None where this release cannot read them."""
    try:
        return EVENT_TYPES[row.type].model_validate(row.data)
    except (KeyError, ValidationError):
        return None


def is_unreadable(row: EventRow) -> bool:
    """Did no flow take it because this release cannot read it?"""
    return row.state == "unrouted" and parsed(row) is None


def _step(row: StepRow) -> Step | None:
    try:
        return parse_step(row.spec)
    except ValidationError:
        return None


# -- orders ------------------------------------------------------------------------------------------------


def order_at(record: OrderRecord, place: Place) -> OrderSaid | None:
    """The newest document of the order at this place; else what we had its target make; None where nothing is known."""
    heard = [said for said in _heard_orders(record, place) if said is not None]
    if heard:
        # Some systems count in whole seconds: of two versions of one second the later heard is the newer.
        return max(heard, key=lambda said: (said.order.updated_at or said.at, said.at))
    made = [said for said in _made_orders(record) if said[0] == place]
    return made[-1][1] if made else None


def _heard_orders(record: OrderRecord, place: Place) -> Iterable[OrderSaid | None]:
    connection, number = place
    for row in record.events:
        data = parsed(row) if row.source == connection else None
        if data is not None:
            orders = (data.document, *getattr(data, "orders", ()))
            yield from (
                OrderSaid(row.received_at, one)
                for one in orders
                if isinstance(one, Order) and one.number == number
            )
    for each in record.context:
        if (each.source, each.number) == place:
            yield _context_order(each.document, each.stored_at)


def _context_order(document: Mapping[str, object], at: datetime) -> OrderSaid | None:
    try:
        return OrderSaid(at, Order.model_validate(document))
    except ValidationError:
        return None


def _made_orders(record: OrderRecord) -> Iterable[tuple[Place, OrderSaid]]:
    for row in (row for steps in record.steps.values() for row in steps if row.done_at and row.document):
        step, effect = _step(row), DocumentRef.model_validate(row.document)
        if isinstance(step, OrderStep) and row.done_at is not None:
            yield (effect.connection, effect.number), OrderSaid(row.done_at, step.content, made=True)


# -- other documents ---------------------------------------------------------------------------------------


def papers(record: OrderRecord) -> dict[Paper, Said]:
    """What is stored of every document but the orders: as its own connection told it, else as we had it made."""
    found = dict(_made(record))
    for row in record.events:  # in the order in which they were heard: the last revision counts
        data = parsed(row)
        if data is not None and not isinstance(data.document, Order | Inventory):
            found[row.source, data.kind, row.document] = _of_event(row, data.document, record)
    return found


def _of_event(row: EventRow, document: Shipment | Invoice | Refund, record: OrderRecord) -> Said:
    ours = {number for connection, number in record.places if connection == row.source}
    order = getattr(document, "order", ANY_ORDER)
    pieces = (
        Piece(
            getattr(line, "order", "") or order,
            getattr(line, "order_line", "") or "",
            line.sku,
            line.quantity,
        )
        for line in document.lines
    )
    return Said(
        at=document.updated_at or row.time,
        state=document.state,
        status=document.status if isinstance(document, Shipment | Invoice) else "",
        past=row.id in record.left_behind or document.state in ("voided", "cancelled"),
        pieces=tuple(piece for piece in pieces if piece.order in ours or piece.order == ANY_ORDER),
        total=getattr(document, "total", None),
        balance=getattr(document, "balance", None),
        tracking_numbers=tuple(getattr(document, "tracking_numbers", ())),
    )


def _made(record: OrderRecord) -> Iterable[tuple[Paper, Said]]:
    for row in (row for steps in record.steps.values() for row in steps if row.done_at and row.document):
        step, effect = _step(row), DocumentRef.model_validate(row.document)
        ours = order_of(row) in (None, *record.places)
        if isinstance(step, ShipmentStep | InvoiceStep | PaymentStep) and ours and row.done_at is not None:
            yield (effect.connection, effect.kind, effect.number), _of_step(step, row.done_at)


def _of_step(step: ShipmentStep | InvoiceStep | PaymentStep, at: datetime) -> Said:
    lines = () if isinstance(step, PaymentStep) else step.lines
    packages = step.packages if isinstance(step, ShipmentStep) else ()
    total = (
        None
        if isinstance(step, ShipmentStep)
        else getattr(step, "amount", None) or getattr(step, "total", None)
    )
    return Said(
        at=at,
        pieces=tuple(Piece(ANY_ORDER, "", line.sku, line.quantity) for line in lines),
        total=total,
        tracking_numbers=tuple(dict.fromkeys(package.tracking_number for package in packages)),
    )


# -- counting ----------------------------------------------------------------------------------------------


def count(
    place: Place, said: OrderSaid | None, documents: Mapping[Paper, Said]
) -> tuple[Amounts, tuple[CountedLine, ...]]:
    """Quantities and amounts of the order at this place, and its lines: by the order itself and by its documents."""
    pieces = {kind: _pieces(place, kind, documents) for kind in MEMBERS}
    lines = tuple(_count_line(line, said, pieces) for line in _counted(said.order.lines)) if said else ()
    if lines:
        members = ("ordered", *MEMBERS.values(), "cancelled")
        sums = {name: _sum(getattr(line, name) for line in lines) for name in members}
    else:
        sums = {MEMBERS[kind]: _sum(one.quantity for one in found) for kind, found in pieces.items() if found}
    return _with_amounts(sums, said), lines


def _with_amounts(sums: Mapping[str, Decimal], said: OrderSaid | None) -> Amounts:
    if said is None:
        return Amounts.model_validate(sums)
    order = said.order
    amounts: dict[str, Money | None] = {"total": order.total}
    if not said.made:
        amounts |= {"paid": order.paid, "unpaid": order.unpaid_balance, "given_back": order.refunded}
    return Amounts.model_validate({**sums, **amounts})


def _pieces(place: Place, kind: str, documents: Mapping[Paper, Said]) -> list[Piece]:
    connection, number = place
    return [
        piece
        for (at, of_kind, _), said in documents.items()
        if (at, of_kind) == (connection, kind) and not said.past
        for piece in said.pieces
        if piece.order in (ANY_ORDER, number)
    ]


def _counted(lines: Sequence[OrderLine]) -> list[OrderLine]:
    parents = {line.parent_reference for line in lines if line.parent_reference}
    return [
        line
        for line in lines
        if line.ships != "with_parent" and not (line.ships == "never" and line.reference in parents)
    ]


def _count_line(line: OrderLine, said: OrderSaid, pieces: Mapping[str, Sequence[Piece]]) -> CountedLine:
    references = {one.reference for one in said.order.lines}
    alone = sum(one.sku == line.sku for one in _counted(said.order.lines)) == 1

    def seen(kind: str) -> Decimal:
        told = ZERO if said.made else getattr(line, MEMBERS[kind])
        mine = (
            one.quantity
            for one in pieces[kind]
            if one.reference == line.reference
            or (one.reference not in references and alone and one.sku == line.sku)
        )
        return max(told, _sum(mine))

    quantities = {member: seen(kind) for kind, member in MEMBERS.items()}
    return CountedLine(
        sku=line.sku,
        name=line.name,
        unit=line.unit,
        ordered=line.quantity,
        cancelled=ZERO if said.made else line.cancelled,
        **quantities,
    )


def _sum(quantities: Iterable[Decimal]) -> Decimal:
    return sum(quantities, ZERO)
