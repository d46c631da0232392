"""What an event says of a saved document: its `data.value`, as the shop's event module writes it.

It is the model's own data, not the REST reply: ids and most numbers are text, an order's addresses are a list,
a subscription's fields are all there is. Source: Commerce extensibility guide (field lists, nested event) and a
recorded delivery of 2.4.6, in which the amounts of a new order are numbers except in a child line.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from connector.simulators.magento.members import (
    ADDRESS,
    CREDITMEMO,
    INVOICE,
    ORDER,
    ORDER_ITEM,
    PAYMENT,
    SHIPMENT,
)
from connector.simulators.magento.store import Document, Kind, Save

Numbers = Literal["text", "mixed"]
"""`text`: every number is text. `mixed`: the amounts of a document just made are numbers, but in child lines."""

_AMOUNT = re.compile(
    r"amount|amnt|total(?!_item_count)|price|(^|_)qty|rate$|weight|percent|cost|adjustment"
    r"|_(invoiced|refunded|canceled|captured|paid|due|incl_tax)$"
)
_LINE = frozenset(
    """
    additional_data base_discount_amount base_discount_tax_compensation_amount base_price base_price_incl_tax
    base_row_total base_row_total_incl_tax base_tax_amount description discount_amount
    discount_tax_compensation_amount entity_id name order_item_id parent_id price price_incl_tax product_id
    qty row_total row_total_incl_tax sku tax_amount weight
    """.split()
)
_COMMENT = frozenset(
    """
    comment created_at entity_id entity_name is_customer_notified is_visible_on_front parent_id status
    """.split()
)
_TRACK = frozenset(
    """
    carrier_code created_at description entity_id order_id parent_id qty title track_number updated_at weight
    """.split()
)


def value_of(save: Save, numbers: Numbers) -> Document:
    """Everything that a subscription to a document's save can name, `_origData` excepted."""
    as_numbers = numbers == "mixed" and save.is_new
    document = save.document
    columns, parts = _SHAPES[save.kind]
    value = _plain(document, columns, as_numbers)
    for name, of_part in parts.items():
        value[name] = [_plain(one, of_part, as_numbers) for one in document.get(name, [])]
    if save.kind == "orders":
        value.update(_of_order(document, as_numbers))
    elif save.kind == "tracks":
        value["number"] = document.get("track_number")
    return {**value, "_isNew": save.is_new}


_SHAPES: Mapping[Kind, tuple[Collection[str], Mapping[str, Collection[str]]]] = {
    "orders": (ORDER, {"status_histories": _COMMENT}),
    "shipments": (SHIPMENT, {"items": _LINE, "tracks": _TRACK, "comments": _COMMENT}),
    "invoices": (INVOICE, {"items": _LINE, "comments": _COMMENT}),
    "creditmemos": (CREDITMEMO, {"items": _LINE, "comments": _COMMENT}),
    "tracks": (_TRACK, {}),
}


def _of_order(order: Document, as_numbers: bool) -> Document:
    shippings = (one["address"] for one in order.get("_shipping", []) if one.get("address"))
    billing = order.get("billing_address")
    addresses = [*shippings, *([billing] if billing else [])]
    return {
        "real_order_id": order["increment_id"],
        "items": [
            _plain(item, ORDER_ITEM, as_numbers and not item.get("parent_item_id")) for item in order["items"]
        ],
        "payment": _plain(order["payment"], PAYMENT, as_numbers),
        "addresses": [_plain(address, ADDRESS, as_numbers) for address in addresses],
    }


def _plain(document: Mapping[str, Any], columns: Collection[str], as_numbers: bool) -> Document:
    return {name: _written(name, value, as_numbers) for name, value in document.items() if name in columns}


def _written(name: str, value: Any, as_numbers: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return value
    if not _AMOUNT.search(name) or name.startswith("is_"):
        return str(value)
    exact = Decimal(value)
    if as_numbers:
        return int(exact) if exact == exact.to_integral_value() else exact.normalize()
    return format(exact, ".4f")


def only(value: Any, fields: Sequence[str]) -> Document:
    """What a subscription's fields leave: `grand_total`, `payment.method`, `items[].sku`; others are absent."""
    tree: dict[str, Any] = {}
    for field in fields:
        inner = tree
        for part in field.replace("[]", "").split("."):
            inner = inner.setdefault(part, {})
    kept: Document = _kept(value, tree)
    return kept


def _kept(value: Any, tree: Mapping[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_kept(one, tree) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _kept(value[name], inner) for name, inner in tree.items() if name in value}
