"""Rules of payments: what they apply to orders, their balance and status.

Applying a payment lowers the order's unpaid balance as soon as it is saved; invoices are not simulated.
"""

from decimal import Decimal

from connector.simulators.acumatica import orders
from connector.simulators.acumatica.contract import PAYMENT, PAYMENT_ORDER, SALES_ORDER
from connector.simulators.acumatica.erp import Erp, order_keys
from connector.simulators.acumatica.errors import status_invalid
from connector.simulators.acumatica.orders import NONE
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.values import midnight


def complete(erp: Erp, payment: Record) -> None:
    """Fill in what a payment has by default; an application without amount takes what is needed."""
    payment.default(
        Type="Payment",
        Hold=True,
        PaymentAmount=NONE,
        CurrencyID="USD",
        PaymentMethod="CHECK",
        ApplicationDate=midnight(erp.clock.now()),
    )
    for row in payment.rows("OrdersToApply"):
        if row.fields.get("AppliedToOrder") is None:
            row.put(AppliedToOrder=min(_left(payment), _needed(erp, row)))


def _left(payment: Record) -> Decimal:
    return max(payment.number("PaymentAmount") - applied(payment), NONE)


def _needed(erp: Erp, row: Record) -> Decimal:
    order = erp.find(SALES_ORDER, (row.text("OrderType"), row.text("OrderNbr")))
    return order.link("Totals").number("UnpaidBalance") if order else NONE


def applied(payment: Record) -> Decimal:
    """What a payment applies to orders in all."""
    return sum((row.number("AppliedToOrder") for row in payment.rows("OrdersToApply")), NONE)


def store(erp: Erp, payment: Record, keys_before: set[tuple[str, ...]]) -> None:
    """Save a payment and let the orders follow that it is, or was, applied to."""
    payment.put(
        AppliedToOrders=applied(payment),
        AppliedToDocuments=NONE,
        AvailableBalance=_left(payment),
        Status=_status(payment),
    )
    erp.save(payment)
    orders.refresh(erp, keys_before | order_keys(payment))


def _status(payment: Record) -> str:
    if payment.facts.get("voided"):
        return "Voided"
    if payment.facts.get("released"):
        return "Open"
    return "On Hold" if payment.flag("Hold") else "Balanced"


def release(erp: Erp, payment: Record) -> None:
    """Release a balanced payment. Raises VendorError."""
    if payment.text("Status") != "Balanced":
        raise status_invalid()
    payment.facts["released"] = True
    store(erp, payment, set())


def void(erp: Erp, payment: Record) -> None:
    """Void a released payment: what it paid is unpaid again. Raises VendorError."""
    if payment.text("Status") != "Open":
        raise status_invalid()
    payment.facts["voided"] = True
    store(erp, payment, set())


def pay_by_hand(erp: Erp, order: Record, amount: Decimal) -> Record:
    """What a person does at the payments tab: a released payment applied to one order."""
    payment = Record(PAYMENT)
    payment.put(ReferenceNbr=erp.next_number(PAYMENT), PaymentAmount=amount, Hold=False)
    payment.put(CustomerID=order.fields.get("CustomerID"))
    row = Record(PAYMENT_ORDER)
    row.put(OrderType=order.text("OrderType"), OrderNbr=order.text("OrderNbr"), AppliedToOrder=amount)
    payment.details["OrdersToApply"] = [row]
    complete(erp, payment)
    payment.facts["released"] = True
    store(erp, payment, set())
    return payment
