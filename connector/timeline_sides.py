"""An order's sides: its number at each connection concerned, and how it stands there, in one sentence and in amounts.

Pure, over what `connector/store/orders.py` has read. An order that has no number at a connection to which an entry
would carry it has a side there, too: it says why it is not there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import Field

from connector import happened
from connector.status import FINISHED, Status
from connector.store.entries import EntryRow
from connector.store.links import Place
from connector.store.numbers import LinkRow, kind_of
from connector.store.orders import OrderRecord, Paper
from connector.story import moment
from connector.timeline_papers import Amounts, CountedLine, OrderSaid, Said, count, order_at
from schemas.base import Model, UtcDatetime


class Side(Model):
    """The order at one connection. `number` None: it has none there, as far as is known. `told_at` is when the document
    was heard by which `amounts` and `lines` are known; `text` is all of it in a sentence."""

    connection: str
    number: str | None
    origin: Literal["born", "created", "found", "edited", "linked", "missing"]
    entry: int | None = Field(default=None, description="by which it was made, or its number learnt")
    state: str = ""
    status: str = Field(default="", description="the vendor's own word")
    external_number: str | None = Field(
        default=None, description="the number elsewhere that its document names"
    )
    told_at: UtcDatetime | None = None
    amounts: Amounts = Amounts()
    lines: tuple[CountedLine, ...] = ()
    text: str


def sides(record: OrderRecord, documents: Mapping[Paper, Said]) -> tuple[Side, ...]:
    """Each number of the order, the birth first; then the connections where it has none."""
    there = {connection for connection, _ in record.places}
    targets = dict.fromkeys(row.target for row in record.entries)
    return (
        *(_side(place, record, documents) for place in record.places),
        *(_missing(connection, record) for connection in targets if connection not in there),
    )


def _side(place: Place, record: OrderRecord, documents: Mapping[Paper, Said]) -> Side:
    connection, number = place
    said, link = order_at(record, place), _maker(place, record)
    amounts, lines = count(place, said, documents)
    told = said is not None and not said.made
    texts = (
        _origin_text(place, record, link),
        *(_document_texts(said) if said is not None and told else ()),
        *_amount_texts(amounts),
        *_entry_texts(connection, record),
    )
    return Side(
        connection=connection,
        number=number,
        origin=_origin(place, record, link),
        entry=link.entry_id if link else None,
        state=said.order.state if said and told else "",
        status=said.order.status if said and told else "",
        external_number=said.order.external_number if said and told else None,
        told_at=said.at if said and told else None,
        amounts=amounts,
        lines=lines,
        text="; ".join(texts),
    )


def _missing(connection: str, record: OrderRecord) -> Side:
    """Where an entry would bring it, or needs it to be."""
    bringing = [row for row in record.entries if row.target == connection and kind_of(row.type) == "order"]
    said = [f"entry {row.id} would bring it, and is {_why(row, record)}" for row in bringing[-1:]]
    said += list(_entry_texts(connection, record))
    text = "; ".join(("no number there is known", *said))
    return Side(connection=connection, number=None, origin="missing", text=text)


# -- where it comes from -----------------------------------------------------------------------------------


def _maker(place: Place, record: OrderRecord) -> LinkRow | None:
    """The link by which it came to this number: where we made it, that one."""
    to = [row for row in record.links if (row.target.connection, row.target.number) == place]
    orders = [row for row in to if row.target.kind == row.source.kind == "order"]
    return min(orders, key=lambda row: (row.origin != "created", row.id), default=None)


def _origin(
    place: Place, record: OrderRecord, link: LinkRow | None
) -> Literal["born", "created", "found", "edited", "linked"]:
    if place == record.places[0]:
        return "born"
    match link.origin if link else "":
        case "created":
            return "created"
        case "found":
            return "found"
        case "edited":
            return "edited"
        case _:
            return "linked"


_ORIGINS = {
    "born": "born here",
    "created": "made here by entry {entry}",
    "found": "found here by entry {entry}",
    "edited": "replaces {source}",
    "linked": "known by its links",
}


def _origin_text(place: Place, record: OrderRecord, link: LinkRow | None) -> str:
    text = _ORIGINS[_origin(place, record, link)]
    if link is None or (link.entry_id is None and "{entry}" in text):
        return text.partition(" by entry")[0]
    return text.format(entry=link.entry_id, source=link.source.number)


# -- how it stands -----------------------------------------------------------------------------------------


def _document_texts(said: OrderSaid) -> Iterator[str]:
    order = said.order
    words = order.state.replace("_", " ")
    vendors = f" ({order.status})" if order.status and order.status.casefold() != words else ""
    yield f"{words}{vendors} as of {moment(order.updated_at or said.at)}"


def _amount_texts(amounts: Amounts) -> Iterator[str]:
    told = {"ordered": amounts.ordered, "shipped": amounts.shipped, "invoiced": amounts.invoiced}
    counted = [f"{name} {plain(value)}" for name, value in told.items() if value is not None]
    more = {"refunded": amounts.refunded, "cancelled": amounts.cancelled}
    counted += [f"{name} {plain(value)}" for name, value in more.items() if value]
    if counted:
        yield ", ".join(counted)
    if amounts.unpaid is not None:
        of = f" of {amounts.total}" if amounts.total is not None else ""
        yield f"{amounts.unpaid}{of} unpaid" if amounts.unpaid.amount else f"nothing unpaid{of}"
    elif amounts.total is not None:
        yield f"total {amounts.total}"


def _entry_texts(connection: str, record: OrderRecord) -> Iterator[str]:
    """What of it is still on its way here."""
    open_ = Counter(
        str(row.status) for row in record.entries if row.target == connection and row.status not in FINISHED
    )
    if open_:
        yield "on the way here: " + ", ".join(f"{count} {status}" for status, count in sorted(open_.items()))


def _why(row: EntryRow, record: OrderRecord) -> str:
    said = f"{row.code}: {row.reason}" if row.code and row.reason else row.reason or row.code
    said = happened.wrong(row, record.steps.get(row.id, ())) or said
    return f"{row.status} ({said})" if said and row.status != Status.PUBLISHED else str(row.status)


def plain(quantity: Decimal) -> str:
    """A quantity without the zeros that say nothing: 2.50 is 2.5, 3.000 is 3."""
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
