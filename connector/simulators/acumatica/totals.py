"""Money of a sales order: line amounts, freight, taxes, discounts, what is billed, and what is unpaid.

Paid is what payments apply to the order, what was transferred from there to its invoices, and what is paid
on those invoices directly. It changes an order's fields only; other documents are read.
"""

from decimal import Decimal

from connector.simulators.acumatica.contract import PAYMENT
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Record

CENT = Decimal("0.01")
NONE = Decimal("0.0")


def amount_fact(record: Record, name: str) -> Decimal:
    """An amount that the contract does not show; zero when there is none."""
    value = record.facts.get(name)
    return value if isinstance(value, Decimal) else NONE


def order_name(key: tuple[str, ...]) -> str:
    """An order's key as one text, for facts."""
    return "/".join(key)


def share(invoice: Record, order_key: tuple[str, ...]) -> Decimal:
    """How much of an invoice bills this order, with its part of freight, taxes and discounts."""
    return amount_fact(invoice, f"share {order_name(order_key)}")


def counts(payment: Record) -> bool:
    """Whether a payment pays anything: it is not voided, and no voiding document."""
    return payment.text("Status") != "Voided" and payment.text("Type") != "Voided Payment"


def applied_to_order(payment: Record, key: tuple[str, ...]) -> Decimal:
    """What a payment applies to an order and has not transferred to an invoice."""
    rows = payment.rows("OrdersToApply")
    return sum(
        (
            row.number("AppliedToOrder")
            for row in rows
            if (row.text("OrderType"), row.text("OrderNbr")) == key
        ),
        NONE,
    )


def transferred(payment: Record, key: tuple[str, ...], invoice: Record | None = None) -> Decimal:
    """What a payment's application to an order has become on its invoices, or on one of them."""
    rows = [row for row in payment.rows("DocumentsToApply") if row.facts.get("order") == order_name(key)]
    if invoice is not None:
        rows = [row for row in rows if (row.text("DocType"), row.text("ReferenceNbr")) == invoice.key]
    return sum((row.number("AmountPaid") for row in rows), NONE)


def paid_directly(erp: Erp, invoice: Record) -> Decimal:
    """What released payments pay on an invoice without having been applied to an order before."""
    return sum(
        (
            row.number("AmountPaid")
            for payment in erp.about(PAYMENT, invoice.key)
            if counts(payment) and payment.facts.get("released")
            for row in payment.rows("DocumentsToApply")
            if (row.text("DocType"), row.text("ReferenceNbr")) == invoice.key and "order" not in row.facts
        ),
        NONE,
    )


def _paid_on_invoices(erp: Erp, order: Record) -> Decimal:
    """The part of the direct payments on invoices that falls to this order; orders are served by their keys."""
    paid = NONE
    for invoice in erp.about(SALES_INVOICE, order.key):
        left = paid_directly(erp, invoice)
        names = sorted(name for name in invoice.facts if name.startswith("share "))
        for name in names:
            key = tuple(name.removeprefix("share ").split("/"))
            moved = sum(
                (transferred(one, key, invoice) for one in erp.about(PAYMENT, key) if counts(one)), NONE
            )
            part = min(left, max(share(invoice, key) - moved, NONE))
            left -= part
            paid += part if key == order.key else NONE
    return paid


def recompute(erp: Erp, order: Record, payments: list[Record]) -> None:
    """Bring an order's totals up to date; `payments` are those that count and name this order."""
    lines = order.rows("Details")
    totals = order.link("Totals")
    amount = sum((line.number("Amount") for line in lines), NONE)
    taxes = sum((row.number("TaxAmount") for row in order.rows("TaxDetails")), NONE)
    tax = taxes or amount_fact(order, "seeded_tax")
    discount = sum((row.number("DiscountAmount") for row in order.rows("DiscountDetails")), NONE)
    misc = amount_fact(order, "other_charges")
    total = amount + misc + tax + totals.number("Freight") + totals.number("PremiumFreight") - discount
    paid = sum((applied_to_order(one, order.key) + transferred(one, order.key) for one in payments), NONE)
    paid += amount_fact(order, "paid_before") + _paid_on_invoices(erp, order)
    invoices = erp.about(SALES_INVOICE, order.key)
    billed = sum((share(one, order.key) for one in invoices), NONE)
    ordered = sum((line.number("OrderQty") for line in lines), NONE)
    order.put(OrderedQty=ordered, OrderTotal=total, TaxTotal=tax)
    totals.put(
        LineTotalAmount=amount,
        MiscTotalAmount=misc,
        DiscountTotal=discount,
        TaxTotal=tax,
        UnbilledQty=max(ordered - _billed_quantity(order, invoices), NONE),
        UnbilledAmount=max(total - billed, NONE),
        UnpaidBalance=max(total - paid, NONE).quantize(CENT),
    )


def _billed_quantity(order: Record, invoices: list[Record]) -> Decimal:
    return sum(
        (
            line.number("Qty")
            for invoice in invoices
            for line in invoice.rows("Details")
            if (line.text("OrderType"), line.text("OrderNbr")) == order.key and line.text("OrderLineNbr")
        ),
        NONE,
    )
