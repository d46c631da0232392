"""How a record is shown: references with names and links, enums with labels, sublists as links or in full."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite import amounts, contract
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.contract import RECORD_TYPES
from connector.simulators.netsuite.labels import label

ROOT = "/services/rest/record/v1"


@dataclass(frozen=True)
class View:
    """How a reader wants it. `base_url` starts the links; `fields` names the only fields to be shown."""

    account: Account
    base_url: str = ""
    expand: bool = False
    simple_enums: bool = False
    fields: frozenset[str] | None = None

    def link(self, *parts: str) -> list[dict[str, str]]:
        """A self link to a place below the records."""
        return [{"rel": "self", "href": "/".join((f"{self.base_url}{ROOT}", *parts))}]

    def whole(self, record: Record) -> dict[str, Any]:
        """A record with all that is computed."""
        here = (record.type.name, record.id)
        shown: dict[str, Any] = {"links": self.link(*here), "id": record.id, "refName": record.name}
        for name, value in {**record.values, **computed(self.account, record)}.items():
            kind = record.type.fields.get(name, "text" if name.startswith("cust") else None)
            if value is not None and kind is not None:
                shown[name] = self._value(record, name, kind, value)
        for name in record.type.sublists:
            shown[name] = self.sublist(record, name) if self.expand else {"links": self.link(*here, name)}
        if self.fields is None:
            return shown
        kept = self.fields | {"links", "id"}
        return {name: value for name, value in shown.items() if name.lower() in kept}

    def sublist(self, record: Record, name: str) -> dict[str, Any]:
        """A sublist as a collection; the deposits of a refund are always shown empty."""
        rows = (
            [] if (record.type, name) == (contract.CUSTOMER_REFUND, "deposit") else record.lines.get(name, [])
        )
        items = [self.row(record, name, row, place) for place, row in enumerate(rows, 1)]
        return {
            "links": self.link(record.type.name, record.id, name),
            "count": len(items),
            "hasMore": False,
            "items": items,
            "offset": 0,
            "totalResults": len(items),
        }

    def row(self, record: Record, name: str, row: Mapping[str, Any], place: int) -> dict[str, Any]:
        """One row of a sublist."""
        kinds = record.type.sublists[name]
        number = str(row.get("line", place))
        shown: dict[str, Any] = {"links": self.link(record.type.name, record.id, name, number)}
        for key, value in {**row, **computed_row(self.account, record, name, row)}.items():
            if value is not None:
                shown[key] = self._value(record, key, kinds.get(key, "text"), value)
        return shown

    def _value(self, record: Record, name: str, kind: str, value: Any) -> Any:
        if kind.startswith("ref:"):
            return self._reference(kind.removeprefix("ref:"), str(value))
        if kind == "enum":
            named = {"id": value, "refName": label(record.type.name, name, str(value))}
            return value if self.simple_enums or self._as_text(name) else named
        if kind == "number":
            return _plain(Decimal(value))
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%SZ}"
        return value

    def _as_text(self, name: str) -> bool:
        return name in ("status", "orderStatus") and self.account.options.status_form == "text"

    def _reference(self, target: str, key: str) -> dict[str, Any]:
        found = referred(self.account, target, key)
        path = found.type.name if found else target
        name = {"refName": found.name} if found else {}
        return {"links": self.link(path, key), "id": key, **name}


def referred(account: Account, target: str, key: str) -> Record | None:
    """The record behind a reference, where the account keeps such records."""
    if target == "item":
        return account.item(key)
    if target == "nsResource":
        return account.transaction(key)
    return account.find(RECORD_TYPES[target], key) if target in RECORD_TYPES else None


def _plain(number: Decimal) -> Decimal:
    """Without zeros at the end: `12.5`, as JSON numbers come from NetSuite."""
    return number.quantize(Decimal(1)) if number == number.to_integral() else number.normalize()


def computed(account: Account, record: Record) -> dict[str, Any]:
    """What the account works out for a header."""
    if not record.type.is_transaction:
        return {}
    total = amounts.total(account, record)
    made: dict[str, Any] = {
        "status": amounts.status(account, record),
        "subtotal": amounts.subtotal(record),
        "discountTotal": amounts.discount(record),
        "taxTotal": amounts.tax(account, record),
        "shippingTaxAmount": amounts.shipping_tax(account, record),
        "total": total,
        "currencysymbol": _symbol(account, record),
        **_balance(account, record, total),
    }
    return {name: value for name, value in made.items() if name in record.type.fields}


def _symbol(account: Account, record: Record) -> object:
    found = account.find(contract.CURRENCY, str(record.values.get("currency")))
    return found.values["symbol"] if found else None


def _balance(account: Account, record: Record, total: Decimal) -> dict[str, Decimal]:
    if record.type is contract.INVOICE:
        left = amounts.remaining(account, record)
        return {"amountRemaining": left, "amountPaid": total - left}
    if record.type is contract.CREDIT_MEMO:
        applied = amounts.applied(record) + amounts.taken(account, record)
        return {"applied": applied, "unapplied": total - applied, "amountRemaining": total - applied}
    if record.type is contract.CUSTOMER_PAYMENT:
        return {"applied": amounts.applied(record), "unapplied": amounts.remaining(account, record)}
    return {}


def computed_row(account: Account, record: Record, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the account works out for a row."""
    line = dict(row)
    if name == "item":
        return _item_row(account, record, line)
    target = account.transaction(str(row.get("doc"))) if name in ("apply", "deposit") else None
    if target is None:
        return {}
    left = amounts.remaining(account, target)
    known = {
        "refNum": target.values["tranId"],
        "type": target.type.label,
        "total": amounts.total(account, target),
    }
    shown = {**known, "due": left} if name == "apply" else {**known, "remaining": left}
    return {key: value for key, value in shown.items() if key in record.type.sublists[name]}


def _item_row(account: Account, record: Record, line: dict[str, Any]) -> dict[str, Any]:
    item = account.item(str(line["item"]))
    if record.type is contract.SALES_ORDER:
        return {
            "quantityFulfilled": amounts.fulfilled(account, record, line),
            "quantityBilled": amounts.billed(account, record, line),
        }
    if record.type in (contract.ITEM_FULFILLMENT, contract.ITEM_RECEIPT):
        hidden = dict.fromkeys(("itemType", "isTaxable", "price", "department", "class"))
        return {"itemName": item.values["itemId"] if item else None, **hidden}
    return {}
