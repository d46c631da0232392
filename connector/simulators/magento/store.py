"""What the simulated shop holds: orders, the documents made from them, and stock, with counters and a clock.

Documents are kept in the vendor's own JSON members. Members that begin with an underscore are our own:
`_shipping` (an order's shipping assignment without its items), `_shipment_type` (of a bundle line).
What is saved is also noted down, for whoever tells others of it (`take_saves`).
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from connector.simulators.magento.errors import Refusal, not_found

Document = dict[str, Any]
Clock = Callable[[], datetime]


Table = Literal["orders", "shipments", "invoices", "creditmemos"]
Kind = Literal["orders", "shipments", "invoices", "creditmemos", "tracks"]


@dataclass(frozen=True)
class Save:
    """One document was written, and whether it came to be by it."""

    kind: Kind
    document: Document
    is_new: bool


STATUSES: Mapping[str, frozenset[str]] = {
    "new": frozenset({"pending"}),
    "pending_payment": frozenset({"pending_payment"}),
    "processing": frozenset({"processing"}),
    "complete": frozenset({"complete"}),
    "closed": frozenset({"closed"}),
    "canceled": frozenset({"canceled"}),
    "holded": frozenset({"holded"}),
    "payment_review": frozenset({"payment_review", "fraud"}),
}
"""Which statuses a comment may set in which state, in a shop that has added none of its own."""


@dataclass
class Store:
    """The shop's tables, by entity id; sources by code, ids of products by SKU, source items by SKU and source, SKUs in
    small letters. `clock` gives aware UTC times."""

    clock: Clock
    orders: dict[int, Document] = field(default_factory=dict)
    shipments: dict[int, Document] = field(default_factory=dict)
    invoices: dict[int, Document] = field(default_factory=dict)
    creditmemos: dict[int, Document] = field(default_factory=dict)
    sources: dict[str, Document] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)
    source_items: dict[tuple[str, str], Document] = field(default_factory=dict)
    last_ids: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, frozenset[str]] = field(default_factory=lambda: dict(STATUSES))
    _saves: dict[tuple[Kind, int], Save] = field(default_factory=dict)

    def now(self) -> str:
        """The time as the vendor writes it: UTC, without a zone."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def next_id(self, kind: str) -> int:
        """The next number of a kind: order, increment, item, address, payment, shipment, track, comment…"""
        self.last_ids[kind] = self.last_ids.get(kind, 0) + 1
        return self.last_ids[kind]

    def taken(self, kind: str, number: int) -> None:
        """Make sure that a number which came from outside is not given out again."""
        self.last_ids[kind] = max(self.last_ids.get(kind, 0), number)

    def order(self, number: str) -> Document:
        """An order by the id in a path. Raises Refusal."""
        return self.find(self.orders, number)

    def find(self, table: Mapping[int, Document], number: str) -> Document:
        """A document by the id in a path. Raises Refusal: 404 when it is not there, 400 for id 0."""
        if int(number) == 0:
            raise Refusal(400, "An ID is needed. Set the ID and try again.")
        if int(number) not in table:
            raise not_found()
        return table[int(number)]

    def of_order(self, table: Mapping[int, Document], order: Document) -> Iterator[Document]:
        """The documents of one order, oldest first."""
        return (one for one in table.values() if one["order_id"] == order["entity_id"])

    def set_state(self, order: Document, state: str, status: str | None = None) -> None:
        """Move an order; its `updated_at` moves only if something changed (recording, `updated_at.`)."""
        wanted = status or DEFAULT_STATUS.get(state, state)
        if (order.get("state"), order.get("status")) != (state, wanted):
            order.update(state=state, status=wanted)
            self.save_order(order)

    def touch(self, line: Document) -> None:
        """Note that the row of an order line was written."""
        line["updated_at"] = self.now()

    def save_order(self, order: Document) -> None:
        """Note that the row of an order was written."""
        order["updated_at"] = self.now()
        self.note("orders", order, is_new=False)

    def add(self, table: Table, document: Document) -> None:
        """Keep a document that has just been made."""
        rows: dict[int, Document] = getattr(self, table)
        rows[int(document["entity_id"])] = document
        self.note(table, document, is_new=True)

    def note(self, kind: Kind, document: Document, is_new: bool) -> None:
        """Note down that a document was saved."""
        self._saves.setdefault((kind, int(document["entity_id"])), Save(kind, document, is_new))

    def take_saves(self) -> list[Save]:
        """What was saved since the last call, each document once."""
        saves, self._saves = list(self._saves.values()), {}
        return saves

    def snapshot(self) -> Callable[[], None]:
        """What puts everything back as it is now."""
        names = ("orders", "shipments", "invoices", "creditmemos", "source_items", "last_ids", "_saves")
        kept = copy.deepcopy({name: getattr(self, name) for name in names})
        return lambda: self.__dict__.update(kept)


SHIPPING_TOTALS = tuple(
    f"{base}shipping_{name}"
    for base in ("", "base_")
    for name in (
        "amount",
        "canceled",
        "discount_amount",
        "discount_tax_compensation_amnt" if base else "discount_tax_compensation_amount",
        "incl_tax",
        "invoiced",
        "refunded",
        "tax_amount",
        "tax_refunded",
    )
)
"""Members of an order which its shipping assignment repeats."""

DEFAULT_STATUS = {"new": "pending"}
"""The status a state brings with it, where its name differs."""


def amount(document: Mapping[str, Any], name: str) -> Decimal:
    """A number of a document; nothing counts as zero."""
    value = document.get(name)
    return Decimal(0) if value is None else Decimal(str(value))


def add(document: Document, name: str, more: Decimal) -> None:
    """Raise an amount in order currency and its `base_` twin alike: the shop has one currency."""
    put(document, name, amount(document, name) + more)


def put(document: Document, name: str, value: Decimal) -> None:
    """Set an amount and its `base_` twin."""
    document[name] = value
    document[_base(name)] = value


def _base(name: str) -> str:
    shortened = {"shipping_discount_tax_compensation_amount": "shipping_discount_tax_compensation_amnt"}
    return "base_" + shortened.get(name, name)


def add_quantity(store: Store, item: Document, name: str, more: Decimal) -> None:
    """Raise a quantity of an order line and note that its row was written."""
    item[name] = amount(item, name) + more
    store.touch(item)


def address_id(order: Document) -> Document:
    """`shipping_address_id` of the documents made from an order, where it has such an address."""
    addresses = [one["address"] for one in order.get("_shipping", []) if one.get("address")]
    return {"shipping_address_id": addresses[0]["entity_id"]} if addresses else {}


def shown(document: Document) -> Document:
    """A document as the vendor answers it: without our own members, numbers without needless zeros."""
    visible = {name: value for name, value in document.items() if not name.startswith("_")}
    cleaned = _cleaned(copy.deepcopy(visible))
    return dict(cleaned)


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items() if not name.startswith("_")}
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value


def shown_order(order: Document) -> Document:
    """An order as GET answers it: children embed their parent, the shipping assignment repeats the lines."""
    answer = shown(order)
    answer["items"] = [shown_item(order, item) for item in order["items"]]
    extension = dict(answer.get("extension_attributes", {}))
    total = {name: answer[name] for name in SHIPPING_TOTALS if name in answer}
    shippings = ({**shown(one), "total": total or []} for one in order.get("_shipping", []))
    assignments = [{"shipping": one, "items": answer["items"]} for one in shippings]
    answer["extension_attributes"] = {"shipping_assignments": assignments, **extension}
    answer["status_histories"] = sorted(answer["status_histories"], key=lambda one: -int(one["entity_id"]))
    return answer


def shown_item(order: Document, item: Document) -> Document:
    """An order line inside its order."""
    answer = shown(item)
    parent = parent_of(order, item)
    if parent is not None:
        answer["parent_item"] = shown(parent)
    return answer


def listed_item(order: Document, item: Document) -> Document:
    """An order line by itself, without extension attributes (recording, `orders.items_by_order`)."""
    bare = {name: value for name, value in item.items() if name != "extension_attributes"}
    answer = shown_item(order, bare)
    if "parent_item" in answer:
        answer["parent_item"].pop("extension_attributes", None)
    return answer


def parent_of(order: Document, item: Document) -> Document | None:
    """The line a line belongs to: a configurable's or a bundle's."""
    wanted = item.get("parent_item_id")
    return next((one for one in order["items"] if wanted and one["item_id"] == wanted), None)


def children_of(order: Document, item: Document) -> list[Document]:
    """The lines that belong to a line."""
    return [one for one in order["items"] if one.get("parent_item_id") == item["item_id"]]
