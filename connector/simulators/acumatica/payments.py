"""Rules of payments: what they apply to orders and invoices, their balance and status, release and voiding.

Applying a payment lowers the order's unpaid balance as soon as it is saved; an invoice's balance falls once
both documents are released.
"""

from decimal import Decimal

from connector.simulators.acumatica import crediting, invoices, orders
from connector.simulators.acumatica.contract import APPLICATION, PAYMENT, PAYMENT_ORDER, SALES_ORDER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import Erp, derived_id, document_keys, order_keys
from connector.simulators.acumatica.errors import on_hold, status_invalid
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE, amount_fact
from connector.simulators.acumatica.values import midnight

VOIDING = "Voided Payment"
"""The type of the document that voids a payment; it has the number of the one that it voids."""


def complete(erp: Erp, payment: Record) -> None:
    """Fill in what a payment has by default; an application without amount takes what is needed."""
    payment.default(
        Type="Payment",
        Hold=True,
        PaymentAmount=NONE,
        CurrencyID="USD",
        PaymentMethod="CHECK",
        CashAccount="10200",
        ApplicationDate=midnight(erp.clock.now()),
    )
    if payment.text("PaymentMethod") in erp.known.get("card_methods", ()):
        payment.put(IsCCPayment=True)
    for row in payment.rows("OrdersToApply"):
        if row.fields.get("AppliedToOrder") is None:
            row.put(AppliedToOrder=min(left(payment), _unpaid(erp, row)))
    for row in payment.rows("DocumentsToApply"):
        if row.fields.get("AmountPaid") is None:
            row.put(AmountPaid=min(left(payment), _balance(erp, row)))


def left(payment: Record) -> Decimal:
    """What a payment has not applied to anything yet."""
    return max(payment.number("PaymentAmount") - applied(payment) - amount_fact(payment, "refunded"), NONE)


def _unpaid(erp: Erp, row: Record) -> Decimal:
    order = erp.find(SALES_ORDER, (row.text("OrderType"), row.text("OrderNbr")))
    return order.link("Totals").number("UnpaidBalance") if order else NONE


def _balance(erp: Erp, row: Record) -> Decimal:
    invoice = erp.find(SALES_INVOICE, (row.text("DocType"), row.text("ReferenceNbr")))
    return invoice.number("Balance") if invoice else NONE


def _sum(payment: Record, detail: str, name: str) -> Decimal:
    return sum((row.number(name) for row in payment.rows(detail)), NONE)


def applied(payment: Record) -> Decimal:
    """What a payment applies to orders and invoices in all."""
    return _sum(payment, "OrdersToApply", "AppliedToOrder") + _sum(payment, "DocumentsToApply", "AmountPaid")


def store(erp: Erp, payment: Record, keys_before: set[tuple[str, ...]]) -> None:
    """Save a payment and let the orders and invoices follow that it is, or was, applied to."""
    voids = payment.text("Type") == VOIDING
    payment.facts["refunded"] = crediting.refunded(erp, payment.key)
    payment.details["ApplicationHistory"] = _history(erp, payment)
    payment.put(
        AppliedToOrders=_sum(payment, "OrdersToApply", "AppliedToOrder"),
        AppliedToDocuments=_sum(payment, "DocumentsToApply", "AmountPaid"),
        AvailableBalance=NONE if voids else left(payment),
    )
    payment.put(Status=_status(payment))
    erp.save(payment)
    orders.refresh(erp, keys_before | order_keys(payment))
    _follow(erp, payment)


def _follow(erp: Erp, payment: Record) -> None:
    """Let the invoices and credit memos follow that a payment is applied to, and the payments that a refund pays
    back."""
    invoices.refresh(erp, document_keys(payment))
    for key in sorted(document_keys(payment)) if payment.text("Type") == crediting.REFUND else ():
        paid = erp.find(PAYMENT, key)
        if paid is not None:
            store(erp, paid, set())


def _history(erp: Erp, payment: Record) -> list[Record]:
    """The applications that are final: payment and the other document are both released."""
    if not payment.facts.get("released") or payment.facts.get("voided"):
        return []
    made = []
    for row in payment.rows("DocumentsToApply"):
        key = (row.text("DocType"), row.text("ReferenceNbr"))
        document = erp.find(SALES_INVOICE, key) or erp.find(PAYMENT, key)
        if document is not None and document.facts.get("released"):
            made.append(Record(APPLICATION, derived_id(payment.id, row.id)))
            made[-1].put(
                AdjustedDocType=key[0],
                AdjustedRefNbr=key[1],
                DisplayDocType=key[0],
                DisplayRefNbr=key[1],
                AdjustingDocType=payment.text("Type"),
                AdjustingRefNbr=payment.text("ReferenceNbr"),
                AmountPaid=row.number("AmountPaid"),
                Customer=payment.fields.get("CustomerID"),
            )
    return made


def _status(payment: Record) -> str:
    if payment.facts.get("voided"):
        return "Voided"
    if not payment.facts.get("released"):
        return "On Hold" if payment.flag("Hold") else "Balanced"
    final = _sum(payment, "ApplicationHistory", "AmountPaid") + amount_fact(payment, "refunded")
    return "Closed" if final >= payment.number("PaymentAmount") else "Open"


def release(erp: Erp, payment: Record) -> None:
    """Release a balanced payment. Raises VendorError."""
    if payment.text("Status") == "On Hold":
        raise on_hold()
    if payment.text("Status") != "Balanced":
        raise status_invalid()
    payment.facts["released"] = True
    store(erp, payment, set())


def void(erp: Erp, payment: Record) -> Record:
    """Void a released payment: what it paid is unpaid again. Returns the voiding document. Raises VendorError.

    That the voiding document is there at once and released is a shortcut; its type is the user guide's.
    """
    if payment.text("Status") not in {"Open", "Closed"} or payment.text("Type") == VOIDING:
        raise status_invalid()
    payment.facts["voided"] = True
    store(erp, payment, set())
    voiding = Record(PAYMENT)
    names = "ReferenceNbr CustomerID CurrencyID PaymentMethod CashAccount PaymentRef ExternalRef".split()
    voiding.put(**{name: payment.fields.get(name) for name in names})
    voiding.put(Type=VOIDING, Hold=False, PaymentAmount=-payment.number("PaymentAmount"))
    voiding.facts["released"] = True
    complete(erp, voiding)
    store(erp, voiding, set())
    return voiding


def delete(erp: Erp, payment: Record) -> None:
    """Delete a payment that is not released. Raises VendorError."""
    if payment.facts.get("released"):
        raise status_invalid()
    erp.delete(payment)
    orders.refresh(erp, order_keys(payment))
    _follow(erp, payment)


def pay_by_hand(
    erp: Erp, order: Record, amount: Decimal, payment: Record | None = None, released: bool = True
) -> Record:
    """What a person does at the payments tab: a payment applied to one order, released unless told otherwise.

    `payment` may bring further fields, such as a method and a reference.
    """
    payment = payment or Record(PAYMENT)
    payment.default(ReferenceNbr=erp.next_number(PAYMENT), PaymentAmount=amount, Hold=False)
    payment.default(
        CustomerID=order.fields.get("CustomerID"), PaymentMethod=order.fields.get("PaymentMethod")
    )
    row = Record(PAYMENT_ORDER)
    row.put(OrderType=order.text("OrderType"), OrderNbr=order.text("OrderNbr"), AppliedToOrder=amount)
    payment.details["OrdersToApply"] = [row]
    complete(erp, payment)
    if released:
        payment.facts["released"] = True
    store(erp, payment, set())
    return payment
