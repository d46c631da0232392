"""Turning a record into another: what is taken over, which lines, and which refund fits which bill.

By default all that is left of the source's lines is taken; a body changes or drops lines by `orderLine`, adds lines
without it, and with `replace=item` alone decides. Sources: SuiteTalk REST help, section_157901123882 (transforms),
section_164155142348 (types of refund).
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite import amounts, contract, writing
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.body import Sent
from connector.simulators.netsuite.errors import invalid_request, invalid_value, user_error
from connector.simulators.netsuite.labels import label
from connector.simulators.netsuite.record_type import RecordType

_TAKEN = (
    "entity currency exchangeRate subsidiary location department class otherRefNum email memo shipMethod "
    "shippingCost handlingCost discountItem discountRate shippingAddress billingAddress terms salesRep "
    "paymentOption paymentMethod account"
).split()
_LINE_TAKEN = "item rate description price location department class units isTaxable".split()


def transform(
    account: Account, source: Record, target: RecordType, sent: Sent, replaced: frozenset[str]
) -> Record:
    """The new record. Raises VendorError; then nothing was made."""
    if target.name not in source.type.transforms:
        raise invalid_request(f"A {source.type.name} cannot be transformed to a {target.name}.")
    check = _CHECKS.get((source.type.name, target.name))
    if check is not None:
        check(account, source, target)
    values = {name: source.values[name] for name in _TAKEN if name in source.values and name in target.fields}
    values |= {name: value for name, value in sent.values.items() if value is not None}
    values["createdFrom"] = source.id
    lines = {name: rows for name, rows in sent.lines.items() if name != "item"}
    if "item" in target.sublists:
        lines = {"item": _lines(account, source, target, sent, "item" in replaced), **lines}
    _FINISH.get(target.name, _nothing)(account, source, values, lines)
    return writing.keep(account, target, values, lines, source.tax_rate)


def _lines(
    account: Account, source: Record, target: RecordType, sent: Sent, replaced: bool
) -> list[dict[str, Any]]:
    """The rows of the new record, in the order of the source's lines, added ones last."""
    rest = {line["line"]: line for line in _offered(account, source, target)}
    rows = sent.lines.get("item", [])
    changed: dict[int, dict[str, Any]] = {}
    added = []
    for place, row in enumerate(rows):
        number = row.get("orderLine")
        if number is None:
            added.append(_addition(target, row, place))
        elif number in rest:
            changed[number] = row
        else:
            text = f"Invalid value {number} for the following field: orderLine"
            raise invalid_value(text, f"item.items[{place}].orderLine")
    taken = [number for number in rest if number in changed or not replaced]
    made = [_row(source, target, rest[number], changed.get(number, {})) for number in taken]
    return [row for row in made if row is not None] + added


def _addition(target: RecordType, row: dict[str, Any], place: int) -> dict[str, Any]:
    if target in (contract.ITEM_FULFILLMENT, contract.ITEM_RECEIPT):
        raise invalid_value("A line without orderLine cannot be fulfilled.", f"item.items[{place}].orderLine")
    return dict(row)


def _offered(account: Account, source: Record, target: RecordType) -> Iterator[dict[str, Any]]:
    """The source's lines with the quantity that is left for the target."""
    for line in source.items:
        if line.get("isClosed") or (target is contract.ITEM_FULFILLMENT and not amounts.is_shipped(line)):
            continue
        siblings = amounts.BILLS if target in amounts.BILLS else (target,)
        done = (
            amounts.quantity_of(account, source, line["line"], *siblings)
            if target in _COUNTED
            else Decimal(0)
        )
        left = Decimal(line["quantity"]) - done
        if left > 0:
            yield {**line, "quantity": left}


_COUNTED = (contract.ITEM_FULFILLMENT, contract.ITEM_RECEIPT, *amounts.BILLS)
"""Whose quantities are counted against the source's line; refunds are not."""


def _row(
    source: Record, target: RecordType, line: dict[str, Any], change: dict[str, Any]
) -> dict[str, Any] | None:
    """One row made of a source's line; None where the body leaves it out."""
    if change.get("itemReceive") is False or change.get("quantity") == 0:
        return None
    row = {name: line[name] for name in _LINE_TAKEN if name in line}
    row |= {"orderLine": line["line"], "orderDoc": source.id, "quantity": line["quantity"]}
    if not {"quantity", "rate"} & change.keys():
        row["amount"] = line["amount"] if _whole(source, line) else None
    row |= {name: value for name, value in change.items() if name not in ("line", "itemReceive")}
    if target in _COUNTED and Decimal(row["quantity"]) > line["quantity"]:
        text = (
            f"The quantity {row['quantity']} exceeds what is left of line {line['line']}: {line['quantity']}."
        )
        raise user_error(text, "item.items.quantity")
    if target in (contract.ITEM_FULFILLMENT, contract.ITEM_RECEIPT):
        row["itemReceive"] = True
    return row


def _whole(source: Record, line: dict[str, Any]) -> bool:
    """Whether all of a line is taken, so that its amount is too."""
    return any(one["line"] == line["line"] and one["quantity"] == line["quantity"] for one in source.items)


def _can_ship(account: Account, order: Record, target: RecordType) -> None:
    if amounts.status(account, order) not in ("B", "D", "E"):
        raise user_error(f"{order.name} is {_status_text(account, order)} and cannot be fulfilled.")


def _can_bill(account: Account, order: Record, target: RecordType) -> None:
    if amounts.status(account, order) not in ("B", "D", "E", "F"):
        raise user_error(f"{order.name} is {_status_text(account, order)} and cannot be billed.")


def _can_return(account: Account, source: Record, target: RecordType) -> None:
    if amounts.status(account, source) in ("A", "C"):
        raise user_error(f"{source.name} is {_status_text(account, source)} and cannot be returned.")


def _can_refund_return(account: Account, source: Record, target: RecordType) -> None:
    """A return is refunded by the type that fits how its order was billed, and not before it was approved."""
    letter = amounts.status(account, source)
    allowed = "BDEF" if account.options.refund_before_receipt else "EF"
    if letter is None or letter not in allowed:
        raise user_error(f"{source.name} is {_status_text(account, source)} and cannot be refunded.")
    bills = {one.type for one in _bills_behind(account, source)}
    fitting = contract.CASH_SALE if target is contract.CASH_REFUND else contract.INVOICE
    if fitting not in bills:
        raise user_error(f"{source.name} comes from no {fitting.label} and cannot become a {target.label}.")


def _bills_behind(account: Account, record: Record) -> list[Record]:
    origin = account.transaction(record.source) if record.source else None
    if origin is None:
        return []
    return [origin] if origin.type in amounts.BILLS else account.made_from(origin, *amounts.BILLS)


def _status_text(account: Account, record: Record) -> str:
    return label(record.type.name, "status", amounts.status(account, record) or "")


_CHECKS: Mapping[tuple[str, str], Callable[[Account, Record, RecordType], None]] = {
    ("salesOrder", "itemFulfillment"): _can_ship,
    ("salesOrder", "invoice"): _can_bill,
    ("salesOrder", "cashSale"): _can_bill,
    ("salesOrder", "returnAuthorization"): _can_return,
    ("returnAuthorization", "cashRefund"): _can_refund_return,
    ("returnAuthorization", "creditMemo"): _can_refund_return,
    ("returnAuthorization", "itemReceipt"): _can_return,
}

_Lines = dict[str, list[dict[str, Any]]]


def _nothing(account: Account, source: Record, values: dict[str, Any], lines: _Lines) -> None:
    """Most targets need nothing more."""


def _ship(account: Account, source: Record, values: dict[str, Any], lines: _Lines) -> None:
    values.setdefault("shipStatus", account.options.default_ship_status)
    values |= {"orderId": int(source.id), "orderType": source.type.code}
    values.pop("shippingCost", None)


def _pay(account: Account, source: Record, values: dict[str, Any], lines: _Lines) -> None:
    """A payment is for all that is due on its invoice, unless the body says otherwise."""
    values["customer"] = source.values["entity"]
    due = amounts.remaining(account, source)
    lines.setdefault("apply", [{"doc": source.id, "line": 0, "apply": True, "amount": due}])
    values.setdefault("payment", sum((Decimal(row.get("amount", due)) for row in lines["apply"]), Decimal(0)))


def _refund_credit(account: Account, source: Record, values: dict[str, Any], lines: _Lines) -> None:
    """A refund gives back all that is left of its credit, unless the body says otherwise."""
    values["customer"] = source.values["entity"]
    left = amounts.remaining(account, source)
    if not lines.get("apply") and not lines.get("deposit"):
        lines["apply"] = [{"doc": source.id, "line": 0, "apply": True, "amount": left}]


_FINISH: Mapping[str, Callable[[Account, Record, dict[str, Any], _Lines], None]] = {
    "itemFulfillment": _ship,
    "customerPayment": _pay,
    "customerRefund": _refund_credit,
}
