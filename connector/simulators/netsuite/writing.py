"""Making, changing and deleting records: lines, prices, required fields, uniqueness, and what applying to others needs.

What a record turns into others by is in transforms.py.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.netsuite import amounts, contract
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.body import Sent
from connector.simulators.netsuite.errors import VendorError, invalid_value, required, user_error
from connector.simulators.netsuite.record_type import RecordType

_LINED = (
    "salesOrder",
    "invoice",
    "cashSale",
    "creditMemo",
    "cashRefund",
    "returnAuthorization",
    "itemFulfillment",
)
_NOT_MADE = ("itemFulfillment", "itemReceipt", "location", "currency")
"""Made by a transform only, or in the account's set-up."""


def create(account: Account, record_type: RecordType, sent: Sent, number: str | None = None) -> Record:
    """A new record that comes from no other. Raises VendorError; then nothing was made."""
    if record_type.name in _NOT_MADE:
        raise user_error(f"A {record_type.name} cannot be created on its own.")
    return keep(account, record_type, _present(sent.values), sent.lines, account.options.tax_rate, number)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def keep(
    account: Account,
    record_type: RecordType,
    values: dict[str, Any],
    lines: Mapping[str, list[dict[str, Any]]],
    tax_rate: Decimal,
    number: str | None = None,
) -> Record:
    """Store a new record of finished values and rows. Raises VendorError; then nothing was stored."""
    _defaults(account, record_type, values)
    _check_required(account, record_type, values)
    record = account.add(record_type, values, number)
    record.tax_rate = tax_rate
    try:
        for name, rows in lines.items():
            record.lines[name] = []
            for row in rows:
                add_line(account, record, name, row)
        _check_whole(account, record)
    except VendorError:
        account.remove(record)
        raise
    touch_related(account, record)
    return record


def _defaults(account: Account, record_type: RecordType, values: dict[str, Any]) -> None:
    if "currency" in record_type.fields:
        values.setdefault("currency", "1")
    if record_type.is_transaction:
        values.setdefault("exchangeRate", Decimal(1))
        values.setdefault("subsidiary", "1")
    if record_type is contract.SALES_ORDER:
        values.setdefault("orderStatus", account.options.order_status)
    if record_type is contract.RETURN_AUTHORIZATION:
        values.setdefault("orderStatus", "A")
    if record_type is contract.CUSTOMER:
        whole = f"{values.get('firstName', '')} {values.get('lastName', '')}".strip()
        values.setdefault("entityId", values.get("companyName") or whole)


_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "customerRefund": ("customer",),
    "customerDeposit": ("customer", "payment"),
    "customerPayment": ("customer",),
    "customer": ("entityId",),
    **dict.fromkeys(contract.ITEM_TYPES, ("itemId",)),
}


def _check_required(account: Account, record_type: RecordType, values: Mapping[str, Any]) -> None:
    asked = [
        one.split(".")[1] for one in account.options.required_fields if one.startswith(f"{record_type.name}.")
    ]
    usual = _REQUIRED.get(record_type.name, ("entity",) if "entity" in record_type.fields else ())
    for name in (*usual, *asked):
        if values.get(name) in (None, ""):
            raise required(name)


def add_line(account: Account, record: Record, sublist: str, row: Mapping[str, Any]) -> None:
    """Add a row at the end of a sublist. Raises VendorError."""
    place = len(record.lines.setdefault(sublist, []))
    made = _present(row)
    if sublist == "item":
        _finish_item(account, record, made, f"item.items[{place}]")
    elif sublist in ("apply", "deposit"):
        _finish_application(account, record, made, f"{sublist}.items[{place}]")
    record.lines[sublist].append(made)


def _finish_item(account: Account, record: Record, row: dict[str, Any], path: str) -> None:
    """A line's number, item, price and amount."""
    item = account.item(str(row.get("item", "")))
    if item is None:
        raise required(f"{path}.item")
    step = account.options.line_step if record.type is contract.SALES_ORDER else 1
    last = max((line["line"] for line in record.items), default=1 - step)
    row.setdefault("line", last + step)
    row["itemType"] = item.type.label
    row.setdefault("isTaxable", item.values.get("isTaxable", True))
    row.setdefault("quantity", Decimal(1))
    if Decimal(row["quantity"]) <= 0:
        raise user_error("The quantity of a line must be a positive amount.", f"{path}.quantity")
    price(row, item.amount("basePrice"))


def price(row: dict[str, Any], base: Decimal) -> None:
    """Amount and rate of a line: whichever of them was sent decides, else the item's base price does."""
    quantity = Decimal(row["quantity"])
    if "amount" in row:
        row["amount"] = amounts.cents(Decimal(row["amount"]))
        row.setdefault("rate", row["amount"] / quantity)
    else:
        row.setdefault("rate", base)
        row["amount"] = amounts.cents(Decimal(row["rate"]) * quantity)


def _finish_application(account: Account, record: Record, row: dict[str, Any], path: str) -> None:
    """A row that applies a record to another: there must be enough left of the other."""
    if not row.get("apply", True):
        return
    target = account.transaction(str(row.get("doc", "")))
    allowed = _APPLIES.get((record.type.name, path.split(".")[0]), ())
    customer = record.values.get("entity") or record.values.get("customer")
    if target is None or target.type not in allowed or _customer_of(target) != customer:
        raise invalid_value(
            f"Invalid reference key {row.get('doc')} for the following field: doc", f"{path}.doc"
        )
    left = amounts.remaining(account, target)
    row.setdefault("amount", left)
    row["amount"] = amounts.cents(Decimal(row["amount"]))
    if row["amount"] <= 0:
        raise user_error("The amount to apply must be a positive amount.", f"{path}.amount")
    if row["amount"] > left:
        raise user_error(
            f"The amount to apply exceeds what is left of {target.name}: {left}.", f"{path}.amount"
        )


_APPLIES: Mapping[tuple[str, str], tuple[RecordType, ...]] = {
    ("creditMemo", "apply"): (contract.INVOICE,),
    ("customerPayment", "apply"): (contract.INVOICE,),
    ("customerRefund", "apply"): (contract.CREDIT_MEMO, contract.CUSTOMER_PAYMENT),
    ("customerRefund", "deposit"): (contract.CUSTOMER_DEPOSIT,),
}


def _customer_of(record: Record) -> object:
    return record.values.get("entity") or record.values.get("customer")


def _check_whole(account: Account, record: Record) -> None:
    """What holds for a record as a whole, once its rows stand."""
    if record.type.name in _LINED and not record.items:
        raise user_error("You must enter at least one line item for this transaction.")
    if record.type is contract.CUSTOMER_REFUND and amounts.total(account, record) <= 0:
        raise user_error("You must apply the refund to at least one transaction.")
    if (
        record.type in (contract.CUSTOMER_DEPOSIT, contract.CUSTOMER_PAYMENT)
        and record.amount("payment") <= 0
    ):
        raise user_error("The payment must be a positive amount.", "payment")
    if record.type.is_transaction and amounts.total(account, record) < 0:
        raise user_error("Transactions must have a positive amount.")
    if record.type is contract.CREDIT_MEMO and amounts.applied(record) > amounts.total(account, record):
        raise user_error("You cannot apply more than the amount of the credit memo.", "apply")


def update(account: Account, record: Record, sent: Sent, replaced: frozenset[str] = frozenset()) -> None:
    """Change a record: rows with a `line` change that line, others are added; `replaced` sublists start afresh.

    Raises VendorError; then nothing was changed.
    """
    account.check_unique(record, sent.values)
    before = (dict(record.values), {name: [dict(row) for row in rows] for name, rows in record.lines.items()})
    try:
        _check_status(account, record, sent.values)
        for name, value in sent.values.items():
            record.values[name] = value
        record.values = _present(record.values)
        for name, rows in sent.lines.items():
            if name in replaced:
                record.lines[name] = []
            for row in rows:
                _merge(account, record, name, row)
        _check_whole(account, record)
    except VendorError:
        record.values, record.lines = before
        raise
    account.touch(record)


def _merge(account: Account, record: Record, sublist: str, row: dict[str, Any]) -> None:
    if sublist in ("apply", "deposit"):
        kept = [one for one in record.lines.get(sublist, []) if one.get("doc") != row.get("doc")]
        record.lines[sublist] = kept
        add_line(account, record, sublist, row)
        return
    number = row.get("line")
    existing = next((one for one in record.lines.get(sublist, []) if one.get("line") == number), None)
    if number is None or existing is None:
        add_line(account, record, sublist, row)
        return
    changed = {**existing, **row}
    if sublist == "item" and ("quantity" in row or "rate" in row) and "amount" not in row:
        changed.pop("amount", None)
        price(changed, Decimal(changed.get("rate") or 0))
    existing.clear()
    existing.update(_present(changed))


def _check_status(account: Account, record: Record, values: Mapping[str, Any]) -> None:
    """An order is cancelled only while nothing was shipped or billed."""
    wanted = values.get("orderStatus")
    if wanted == "C" and account.made_from(record, contract.ITEM_FULFILLMENT, *amounts.BILLS):
        raise user_error("This transaction cannot be cancelled: it was fulfilled or billed.", "orderStatus")


def delete(account: Account, record: Record) -> None:
    """Take a record out, unless others stand on it. Raises VendorError."""
    if any(dependants(account, record)):
        raise user_error("This record cannot be deleted because it has dependent records.")
    account.remove(record)
    touch_related(account, record)


def dependants(account: Account, record: Record) -> list[Record]:
    """The transactions that were made from a record or applied to it, and those of a customer."""
    return [one for one in account.transactions() if one is not record and _stands_on(one, record)]


def _stands_on(one: Record, record: Record) -> bool:
    if record.type is contract.CUSTOMER:
        return _customer_of(one) == record.id
    applied = any(row.get("doc") == record.id for _, row in amounts.applications(one))
    return one.source == record.id or applied or one.values.get("salesOrder") == record.id


def touch_related(account: Account, record: Record) -> None:
    """The records whose status or balance this one changes were modified with it."""
    for one in _related(account, record):
        account.touch(one)


def _related(account: Account, record: Record) -> Iterator[Record]:
    ids = {record.source, record.values.get("salesOrder")}
    ids |= {row.get("doc") for _, row in amounts.applications(record)}
    for number in ids - {None}:
        found = account.transaction(str(number))
        if found is not None:
            yield found
