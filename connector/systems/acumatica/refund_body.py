"""The requests that credit an order: a credit memo, or a return order, from a refund in our words. Pure.

Goods that return to the stock are credited by their own item, from the line of the invoice that sold them; goods that
do not, shipping and adjustments by non-stock items, since the goods' own item would put them into the stock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.errors import Rejected
from connector.planned import RefundStep
from connector.reference import marked
from connector.systems.acumatica.order_body import cents, plain
from connector.systems.acumatica.refund_standing import CREDIT_MEMO, Billing, LineKey
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.standing import ZERO, OrderThere
from connector.systems.acumatica.writing import Value, midnight, wrapped
from schemas.documents import RefundLine

_PRICE = Decimal("0.000001")
"""Unit prices have at most six decimals there."""


@dataclass(frozen=True)
class Row:
    """One line of the document: what it credits by which item, and the line of the invoice that sold it."""

    item: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    text: str
    origin: LineKey | None = None
    warehouse: str = ""

    @property
    def amount(self) -> Decimal:
        """What the line comes to."""
        return cents(self.quantity * self.price) - self.discount


def restocks(step: RefundStep, line: RefundLine) -> bool:
    """Do these goods return to the stock, by the flow's rule?"""
    return line.restock if step.rules.restock == "as_told" else step.rules.restock == "always"


def rows_of(
    step: RefundStep, billing: Billing | None, settings: AcumaticaSettings, *, shipping: bool
) -> tuple[Row, ...]:
    """The lines of a credit memo or return order; `billing` None: the order is not billed, so that no line of an
    invoice is named. `shipping`: is shipping a line of its own?

    Raises Rejected where a non-stock item is needed and not set, and where more goods come back than were billed.
    """
    refund, refunds = step.content, settings.orders.refunds
    taken: dict[LineKey, Decimal] = {}
    rows: list[Row] = []
    for line in refund.lines:
        if not line.quantity:
            continue
        if restocks(step, line):
            rows += _goods(line, billing, taken)
        else:
            item = _item(
                refunds.goods_item, "goods_item", f"goods that do not return to the stock ({line.sku})"
            )
            rows.append(
                Row(item, line.quantity, _price(line), plain(line.discount), f"{line.sku} {line.name}")
            )
    extra = (
        ("shipping", plain(refund.shipping) if shipping else ZERO, refunds.shipping_item, "shipping_item"),
        ("adjustment refund", plain(refund.adjustment_refund), refunds.adjustment_item, "adjustment_item"),
        ("adjustment fee", -plain(refund.adjustment_fee), refunds.adjustment_item, "adjustment_item"),
    )
    for label, value, item, setting in extra:
        if value:
            rows.append(Row(_item(item, setting, label), Decimal(1), value, ZERO, label))
    return tuple(rows)


def _item(item: str, setting: str, what: str) -> str:
    if item:
        return item
    raise Rejected(
        f"{what} is credited by a non-stock item of Acumatica: name it in orders.refunds.{setting} of the connection"
        + (", or let the flow's refund.restock be always" if setting == "goods_item" else ""),
        code="no item",
        field=setting,
    )


def _price(line: RefundLine) -> Decimal:
    """The unit price, by the line's total, which is before its discount."""
    if line.total is None:
        return plain(line.price)
    price = plain(line.price)
    if cents(price * line.quantity) == cents(line.total.amount):
        return price
    return (line.total.amount / line.quantity).quantize(_PRICE, ROUND_HALF_UP)


def _goods(line: RefundLine, billing: Billing | None, taken: dict[LineKey, Decimal]) -> Iterator[Row]:
    """So much of the lines that billed it, the first ones first; the discount is spread, the last one has the rest."""
    if billing is None:
        yield Row(line.sku, line.quantity, _price(line), plain(line.discount), line.name)
        return
    wanted, discount = line.quantity, plain(line.discount)
    for key, billed, left in _fitting(line, billing):
        part = min(wanted, left - taken.get(key, ZERO))
        if part <= 0:
            continue
        taken[key] = taken.get(key, ZERO) + part
        wanted -= part
        off = discount if not wanted else cents(plain(line.discount) * part / line.quantity)
        discount -= off
        yield Row(billed.InventoryID, part, _price(line), off, line.name, key, billed.WarehouseID)
        if not wanted:
            return
    raise Rejected(
        f"{line.quantity.normalize():f} × {line.sku} come back, and of order {billing.order} there are "
        f"{(line.quantity - wanted).normalize():f} left that are billed and have not come back: see its invoices and "
        "credit memos",
        code="quantity",
        field="lines",
    )


def _fitting(line: RefundLine, billing: Billing) -> list[tuple[LineKey, Any, Decimal]]:
    """By the storefront's own line where an invoice bears it, else by the item."""
    lines = [one for one in billing.lines() if one[1].InventoryID.casefold() == line.sku.strip().casefold()]
    own = [one for one in lines if line.order_line and one[1].ExternalRef == line.order_line]
    return own or lines


# -- bodies ------------------------------------------------------------------------------------------------------------


def memo_body(
    step: RefundStep, order: str, there: OrderThere, rows: Sequence[Row], settings: AcumaticaSettings
) -> Any:
    """The body of the PUT that makes a credit memo; `order` is the order's number in our form."""
    return {
        **wrapped(Type=CREDIT_MEMO, Currency=step.content.currency),
        **_common(step, order, there, settings),
        **_given_tax(step, rows, settings, ("IsTaxValid",)),
        "Details": [_memo_line(row, settings) for row in rows],
    }


def return_body(
    step: RefundStep,
    type_: str,
    order: str,
    there: OrderThere,
    rows: Sequence[Row],
    settings: AcumaticaSettings,
) -> Any:
    """The body of the PUT that makes a return order of this type; shipping is its freight."""
    return {
        **wrapped(
            OrderType=type_,
            CurrencyID=step.content.currency,
            LocationID=there.LocationID,
            Branch=settings.orders.branch,
            DisableAutomaticDiscountUpdate=True,
            ExternalRefundRef=step.content.number,
        ),
        **_common(step, order, there, settings),
        **_given_tax(step, rows, settings, ("DisableAutomaticTaxCalculation", "IsTaxValid")),
        "Details": [_return_line(row, settings) for row in rows],
        "Totals": wrapped(Freight=plain(step.content.shipping), OverrideFreightAmount=True),
    }


def _common(step: RefundStep, order: str, there: OrderThere, settings: AcumaticaSettings) -> dict[str, Any]:
    """What finds it again: our reference in ExternalRef and in the note, the order in Customer Order Nbr."""
    refund = step.content
    reason = "\n".join(part for part in (step.notes, refund.reason) if part.strip())
    return wrapped(
        CustomerID=there.CustomerID,
        CustomerOrder=order,
        ExternalRef=step.reference,
        Description=str(step.document),
        Date=midnight(refund.refunded_at, settings.zone) if refund.refunded_at else None,
        Hold=False,
        note=marked(reason, step.reference),
    )


def _line(row: Row) -> dict[str, Value]:
    return {
        "InventoryID": row.item,
        "UnitPrice": row.price,
        "ManualPrice": True,
        "DiscountAmount": row.discount,
        "ManualDiscount": True,
    }


def _memo_line(row: Row, settings: AcumaticaSettings) -> dict[str, Any]:
    origin = dict(zip(("OrigInvType", "OrigInvNbr"), row.origin or (), strict=False))
    line = int(row.origin[2]) if row.origin else None
    return wrapped(
        **_line(row), **origin, OrigInvLineNbr=line, Qty=row.quantity, TransactionDescr=row.text.strip(),
        WarehouseID=row.warehouse,
    )  # fmt: skip


def _return_line(row: Row, settings: AcumaticaSettings) -> dict[str, Any]:
    origin = dict(zip(("InvoiceType", "InvoiceNbr"), row.origin or (), strict=False))
    line = int(row.origin[2]) if row.origin else None
    return wrapped(
        **_line(row),
        **origin,
        InvoiceLineNbr=line,
        OrderQty=row.quantity,
        Operation="Receipt",
        LineDescription=row.text.strip(),
        WarehouseID=row.warehouse or settings.orders.warehouse,
        ReasonCode=settings.orders.refunds.reason_code,
    )


def _given_tax(
    step: RefundStep, rows: Sequence[Row], settings: AcumaticaSettings, flags: Sequence[str]
) -> dict[str, Any]:
    """Nothing where Acumatica computes taxes, else the storefront's tax as one row that it does not compute anew."""
    writes = settings.orders
    if writes.taxes == "computed":
        return {}
    valid = wrapped(**dict.fromkeys(flags, True))
    tax = plain(step.content.tax)
    if not tax:
        return valid
    taxable = sum((row.amount for row in rows), ZERO)
    return {**valid, "TaxDetails": [wrapped(TaxID=writes.tax_id, TaxableAmount=taxable, TaxAmount=tax)]}
