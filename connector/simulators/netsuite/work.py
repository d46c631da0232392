"""What people do in the account: approve, fulfil, bill, pay, take deposits, close and cancel an order.

It goes the ways of the API underneath, with what people's forms fill in by themselves.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connector.simulators.netsuite import amounts, contract, transforms, writing
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.body import Sent
from connector.simulators.netsuite.record_type import RecordType


class Strict(BaseModel):
    """What is posted to a control path."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkLine(Strict):
    """A part of an order's line."""

    orderLine: int  # noqa: N815 - as the field is called in the API
    quantity: Decimal = Field(gt=0)


class Work(Strict):
    """How an order is worked on; without lines, all that is left of them."""

    lines: list[WorkLine] | None = None
    packages: list[dict[str, Any]] = []
    ship_status: str = Field(default="C", alias="shipStatus")
    amount: Decimal | None = Field(default=None, gt=0)
    payment_option: str | None = Field(default=None, alias="paymentOption")


def do(account: Account, order: Record, action: str, work: Work) -> Record:
    """Do it, and return what was made or changed. Raises VendorError, and LookupError for an unknown action."""
    return ACTIONS[action](account, order, work)


def _rows(work: Work) -> dict[str, list[dict[str, Any]]]:
    return {} if work.lines is None else {"item": [dict(line) for line in work.lines]}


def _transformed(account: Account, order: Record, target: RecordType, work: Work, sent: Sent) -> Record:
    replaced = frozenset({"item"}) if work.lines is not None else frozenset()
    return transforms.transform(account, order, target, sent, replaced)


def _approve(account: Account, order: Record, work: Work) -> Record:
    writing.update(account, order, Sent({"orderStatus": "B"}))
    return order


def _fulfil(account: Account, order: Record, work: Work) -> Record:
    packages = [{**one, "packageWeight": Decimal(one.get("packageWeight", 0))} for one in work.packages]
    sent = Sent({"shipStatus": work.ship_status}, {**_rows(work), "package": packages})
    return _transformed(account, order, contract.ITEM_FULFILLMENT, work, sent)


def _paying(work: Work) -> dict[str, Any]:
    return {} if work.payment_option is None else {"paymentOption": work.payment_option}


def _invoice(account: Account, order: Record, work: Work) -> Record:
    return _transformed(account, order, contract.INVOICE, work, Sent({}, _rows(work)))


def _cash_sale(account: Account, order: Record, work: Work) -> Record:
    return _transformed(account, order, contract.CASH_SALE, work, Sent(_paying(work), _rows(work)))


def _pay(account: Account, order: Record, work: Work) -> Record:
    """A payment of the order's newest invoice."""
    invoices = account.made_from(order, contract.INVOICE)
    if not invoices:
        raise LookupError(f"{order.name} has no invoice to pay")
    due = amounts.remaining(account, invoices[-1])
    row = {"doc": invoices[-1].id, "line": 0, "apply": True, "amount": work.amount or due}
    sent = Sent({"payment": row["amount"], **_paying(work)}, {"apply": [row]})
    return transforms.transform(account, invoices[-1], contract.CUSTOMER_PAYMENT, sent, frozenset())


def _deposit(account: Account, order: Record, work: Work) -> Record:
    values = {
        "customer": order.values["entity"],
        "currency": order.values["currency"],
        "salesOrder": order.id,
        "payment": work.amount or amounts.total(account, order),
        **_paying(work),
    }
    return writing.create(account, contract.CUSTOMER_DEPOSIT, Sent(values))


def _close(account: Account, order: Record, work: Work) -> Record:
    rows = [{"line": line["line"], "isClosed": True} for line in order.items]
    writing.update(account, order, Sent({}, {"item": rows}))
    return order


def _cancel(account: Account, order: Record, work: Work) -> Record:
    writing.update(account, order, Sent({"orderStatus": "C"}))
    return order


ACTIONS: Mapping[str, Callable[[Account, Record, Work], Record]] = {
    "approve": _approve,
    "fulfil": _fulfil,
    "invoice": _invoice,
    "cash_sale": _cash_sale,
    "pay": _pay,
    "deposit": _deposit,
    "close": _close,
    "cancel": _cancel,
}
"""The last part of `/_sim/orders/{id}/…`."""
