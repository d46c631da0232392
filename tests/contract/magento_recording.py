"""The recorded exchanges with a real Magento 2.4.7, and the orders they start from. Nothing is sent here."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDING = Path(__file__).parent.parent / "data" / "magento-recorded-2.4.7.json"
Document = dict[str, Any]

SENT_AT_ONCE = ("ship.concurrent_last_one_2", "ship.concurrent_last_one_1")
"""Two requests of one moment, recorded in another order than the shop took them: they change places."""


BARE_ORDERS: Mapping[int, Mapping[int, int]] = {
    10: {14: 1},
    12: {16: 1},
    13: {17: 4},
    14: {18: 4},
    15: {19: 4},
    16: {20: 4},
    23: {34: 4},
    25: {37: 4},
    26: {38: 4},
    27: {39: 4},
    28: {40: 1},
    29: {41: 4},
    31: {43: 4},
    43: {54: 4},
    44: {55: 4},
    45: {56: 2, 57: 4},
    47: {59: 4},
    48: {60: 4},
}
"""Orders the recording never shows whole: item id -> quantity ordered, from its notes and later calls."""


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its reply."""

    name: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int
    reply: Any

    @property
    def group(self) -> str:
        """The part of the name before the first dot."""
        return self.name.split(".")[0]


def recorded() -> list[Exchange]:
    """All exchanges, in the order of recording."""
    exchanges = [_exchange(one) for one in json.loads(RECORDING.read_text())["exchanges"]]
    first, second = (next(i for i, one in enumerate(exchanges) if one.name == name) for name in SENT_AT_ONCE)
    exchanges[first], exchanges[second] = exchanges[second], exchanges[first]
    return exchanges


def _exchange(one: Mapping[str, Any]) -> Exchange:
    asked, answered = one["request"], one["response"]
    return Exchange(
        name=one["name"],
        method=asked["method"],
        path=asked["path"],
        query=asked["query"],
        headers=asked["headers"],
        body=asked["body"],
        status=answered["status"],
        reply=answered["body"],
    )


def first_bodies(exchanges: Sequence[Exchange]) -> dict[int, Document]:
    """The first whole body of each order that the recording shows."""
    found: dict[int, Document] = {}
    for exchange in exchanges:
        for order in _whole_orders(exchange.reply):
            found.setdefault(order["entity_id"], order)
    return found


def _whole_orders(reply: Any) -> Iterator[Document]:
    if isinstance(reply, dict):
        rows = reply.get("items") or [] if "total_count" in reply else [reply]
        yield from (
            row for row in rows if isinstance(row, dict) and "shipping_assignments" in _extension(row)
        )


def _extension(row: Document) -> Document:
    extension = row.get("extension_attributes")
    return extension if isinstance(extension, dict) else {}


_LATER = re.compile(r"(_invoiced|_refunded|_canceled|_paid|_captured|_invoiced_cost)$")
_ITEM_START = re.compile(
    r"^(qty_|row_invoiced|base_row_invoiced|(base_)?(tax|discount)_invoiced|(base_)?amount_refunded)"
)


def set_back(order: Document) -> Document:
    """An order as it was when it was placed: nothing shipped, invoiced, refunded or canceled."""
    start = {name: value for name, value in order.items() if not _LATER.search(name)}
    for name in ("hold_before_state", "hold_before_status", "ext_order_id"):
        start.pop(name, None)
    start = {name: value for name, value in start.items() if not re.match(r"(base_)?adjustment_", name)}
    start.update(state="new", status="pending", customer_note_notify=1, status_histories=[])
    start.update(updated_at=order["created_at"], total_due=order["grand_total"])
    start["base_total_due"] = order["grand_total"]
    start["items"] = [_set_back_item(item) for item in order["items"]]
    start["payment"] = {name: value for name, value in order["payment"].items() if not _LATER.search(name)}
    return start


def _set_back_item(item: Document) -> Document:
    start = {
        name: value for name, value in item.items() if not _LATER.search(name) or _ITEM_START.match(name)
    }
    start.pop("weee_tax_applied", None)
    start.pop("ext_order_item_id", None)
    done = (name for name in start if _ITEM_START.match(name) and name != "qty_ordered")
    return {**start, **dict.fromkeys(done, 0), "updated_at": item["created_at"]}


def bare_order(number: int, exchanges: Sequence[Exchange]) -> Document:
    """A plain order for one that is never shown whole; products as its shipments show them."""
    lines = []
    for item, quantity in BARE_ORDERS[number].items():
        shown = _shipped_line(item, exchanges) or {"sku": "WIDGET-B", "price": 10, "product_id": 5}
        product = {name: shown[name] for name in ("sku", "price", "product_id")}
        lines.append({**product, "item_id": item, "qty": quantity})
    shipping = 5 * sum(line["qty"] for line in lines)
    return {"entity_id": number, "increment_id": f"{number:09d}", "lines": lines, "shipping_amount": shipping}


def _shipped_line(item: int, exchanges: Sequence[Exchange]) -> Document | None:
    for exchange in exchanges:
        rows = exchange.reply.get("items") if isinstance(exchange.reply, dict) else None
        for row in rows if exchange.group == "shipments" and rows else ():
            for line in row.get("items") or ():
                if line.get("order_item_id") == item and "product_id" in line:
                    return dict(line)
    return None
