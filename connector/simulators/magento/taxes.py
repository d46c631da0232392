"""How an order tells of its taxes beside its amounts: per line, per rate, and per line and rate.

Shapes as in the Magento 2.4.7 recording, `order.get.discount_tax`; each percentage is one rate of one region.
"""

from decimal import Decimal

from connector.simulators.magento.store import Document, Store, amount


def told_taxes(store: Store, order: Document) -> Document:
    """The members of an order's extension attributes on taxes; its lines are given theirs."""
    taxed = [item for item in order["items"] if item["tax_amount"]]
    percents = list(dict.fromkeys(item["tax_percent"] for item in taxed))
    for item in taxed:
        itemized = _itemized(store, item, percents.index(item["tax_percent"]) + 1)
        item["extension_attributes"] = {"itemized_taxes": [itemized]}
    sums = [
        sum((amount(item, "tax_amount") for item in taxed if item["tax_percent"] == percent), Decimal(0))
        for percent in percents
    ]
    applied = [
        _applied(rate, percent, total)
        for rate, (percent, total) in enumerate(zip(percents, sums, strict=True), start=1)
    ]
    return {
        "applied_taxes": applied,
        "item_applied_taxes": [_of_line(item, percents.index(item["tax_percent"]) + 1) for item in taxed],
        "taxes": [_row(store, order, tax) for tax in applied],
    }


def _code(rate: int) -> str:
    return f"US-TX-*-Rate {rate}"


def _itemized(store: Store, item: Document, rate: int) -> Document:
    amounts = ("amount", "base_amount", "real_amount", "real_base_amount")
    return {
        "tax_item_id": store.next_id("tax_item"),
        "tax_id": rate,
        "item_id": item["item_id"],
        "tax_code": _code(rate),
        "tax_percent": item["tax_percent"],
        **dict.fromkeys(amounts, item["tax_amount"]),
        "taxable_item_type": "product",
    }


def _applied(rate: int, percent: Decimal, total: Decimal) -> Document:
    code = _code(rate)
    return {"code": code, "title": code, "percent": percent, "amount": total, "base_amount": total}


def _of_line(item: Document, rate: int) -> Document:
    applied = _applied(rate, item["tax_percent"], item["tax_amount"])
    return {"type": "product", "item_id": item["item_id"], "applied_taxes": [applied]}


def _row(store: Store, order: Document, applied: Document) -> Document:
    own = {"tax_id": store.next_id("tax"), "order_id": order["entity_id"]}
    rest = {"base_real_amount": applied["amount"], "priority": 0, "position": 0, "process": 0}
    return {**own, **applied, **rest}
