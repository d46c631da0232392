"""What a record comes to, and what is left of it: totals, what was applied, shipped and billed, and its status.

Nothing of this is stored, so that deleting a document takes its effects back.
"""

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.simulators.netsuite import contract
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.record_type import RecordType

_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """An amount to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def line_amount(line: dict[str, Any]) -> Decimal:
    """A line's amount."""
    return cents(Decimal(line.get("amount") or 0))


def subtotal(record: Record) -> Decimal:
    """The lines, charges included."""
    return sum((line_amount(line) for line in record.items), Decimal(0))


def discount(record: Record) -> Decimal:
    """The header's discount, negative: an amount or a percentage."""
    rate = str(record.values.get("discountRate") or "0")
    if rate.endswith("%"):
        return cents(subtotal(record) * Decimal(rate.removesuffix("%")) / 100)
    return cents(Decimal(rate))


def tax(account: Account, record: Record) -> Decimal:
    """The tax: that of the tax details where they override, else computed from the taxable lines and the shipping."""
    if record.values.get("taxDetailsOverride"):
        rows = record.lines.get("taxDetails", [])
        return cents(sum((Decimal(row.get("taxAmount") or 0) for row in rows), Decimal(0)))
    taxable = sum((line_amount(line) for line in record.items if line.get("isTaxable", True)), Decimal(0))
    return cents((taxable + discount(record)) * record.tax_rate / 100) + shipping_tax(account, record)


def shipping_tax(account: Account, record: Record) -> Decimal:
    """The part of the tax that lies on the shipping."""
    rate = record.tax_rate if account.options.tax_shipping else Decimal(0)
    return cents(record.amount("shippingCost") * rate / 100)


def total(account: Account, record: Record) -> Decimal:
    """What a transaction comes to."""
    if record.type in (contract.CUSTOMER_DEPOSIT, contract.CUSTOMER_PAYMENT):
        return cents(record.amount("payment"))
    if record.type is contract.CUSTOMER_REFUND:
        return sum((Decimal(row["amount"]) for _, row in applications(record)), Decimal(0))
    extra = cents(record.amount("shippingCost")) + cents(record.amount("handlingCost"))
    return subtotal(record) + discount(record) + extra + tax(account, record)


def applications(record: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows by which a record is applied to others, with the sublist."""
    for name in ("apply", "deposit"):
        for row in record.lines.get(name, []):
            if row.get("apply", True):
                yield name, row


def applied(record: Record) -> Decimal:
    """How much of it was applied to others."""
    return sum((Decimal(row["amount"]) for _, row in applications(record)), Decimal(0))


def taken(account: Account, record: Record) -> Decimal:
    """How much others have applied to it: payments and credits to an invoice, refunds to a credit or a deposit."""
    appliers = account.all(contract.CREDIT_MEMO, contract.CUSTOMER_PAYMENT, contract.CUSTOMER_REFUND)
    rows = (row for one in appliers for _, row in applications(one) if row.get("doc") == record.id)
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def remaining(account: Account, record: Record) -> Decimal:
    """What may still be applied to it, or refunded from it."""
    return total(account, record) - applied(record) - taken(account, record)


def quantity_of(
    account: Account, order: Record, line: int, *types: RecordType, shipped: bool = False
) -> Decimal:
    """How much of a line stands on documents of some types made from its record; `shipped` counts no picks."""
    documents = account.made_from(order, *types)
    if shipped:
        documents = [one for one in documents if one.values.get("shipStatus") == "C"]
    rows = (row for one in documents for row in one.items if row.get("orderLine") == line)
    return sum((Decimal(row.get("quantity") or 0) for row in rows), Decimal(0))


BILLS = (contract.INVOICE, contract.CASH_SALE)
REFUNDS = (contract.CREDIT_MEMO, contract.CASH_REFUND)


def is_shipped(line: dict[str, Any]) -> bool:
    """Whether a line's item is fulfilled at all."""
    return line.get("itemType") in contract.SHIPPED_ITEMS


def fulfilled(account: Account, order: Record, line: dict[str, Any]) -> Decimal:
    """The quantity that was shipped."""
    return quantity_of(account, order, line["line"], contract.ITEM_FULFILLMENT, shipped=True)


def billed(account: Account, order: Record, line: dict[str, Any]) -> Decimal:
    """The quantity that was billed."""
    return quantity_of(account, order, line["line"], *BILLS)


def status(account: Account, record: Record) -> str | None:
    """The status letter that follows from what became of a record; None where it has none."""
    computed = _STATUSES.get(record.type.name)
    return computed(account, record) if computed else None


def _order_status(account: Account, order: Record) -> str:
    kept = str(order.values.get("orderStatus", "A"))
    open_lines = [line for line in order.items if not line.get("isClosed")]
    if kept in ("A", "C"):
        return kept
    if not open_lines:
        return "H"
    sent = [(fulfilled(account, order, line), line) for line in open_lines if is_shipped(line)]
    paid = [(billed(account, order, line), line) for line in open_lines]
    all_sent = all(done >= Decimal(line["quantity"]) for done, line in sent)
    all_paid = all(done >= Decimal(line["quantity"]) for done, line in paid)
    if all_sent:
        return "G" if all_paid else "F"
    if not any(done for done, _ in sent):
        return "B"
    ahead = any(done > billed(account, order, line) for done, line in sent)
    return "E" if ahead else "D"


def _return_status(account: Account, record: Record) -> str:
    kept = str(record.values.get("orderStatus", "A"))
    if kept in ("A", "C"):
        return kept
    received = _all_of(account, record, contract.ITEM_RECEIPT)
    refunded = _all_of(account, record, *REFUNDS)
    if received and refunded:
        return "G"
    if received:
        return "F"
    return "D" if account.made_from(record, contract.ITEM_RECEIPT) else "B"


def _all_of(account: Account, record: Record, *types: RecordType) -> bool:
    return all(
        quantity_of(account, record, line["line"], *types) >= Decimal(line.get("quantity") or 0)
        for line in record.items
    )


def _open_or_done(account: Account, record: Record) -> str:
    return "A" if remaining(account, record) > 0 else "B"


_STATUSES: dict[str, Callable[[Account, Record], str]] = {
    "salesOrder": _order_status,
    "returnAuthorization": _return_status,
    "itemFulfillment": lambda account, record: str(record.values.get("shipStatus", "A")),
    "invoice": _open_or_done,
    "creditMemo": _open_or_done,
    "customerRefund": lambda account, record: "R",
    "customerDeposit": lambda account, record: "B" if remaining(account, record) > 0 else "C",
    "customerPayment": lambda account, record: "B",
    "cashSale": lambda account, record: "B",
}
