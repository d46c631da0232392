"""What the ERP refuses or drops when a document is saved: unknown names, wrong quantities and amounts.

Refusals are noted beside the value they are about and answered as 422 by writing.py; what the product drops
in silence is dropped here in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from connector.simulators.acumatica import crediting, customers, invoices, payments
from connector.simulators.acumatica.contract import SALES_ORDER
from connector.simulators.acumatica.contract_customers import CUSTOMER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.totals import NONE


@dataclass
class Problems:
    """What was found wrong, by record and field."""

    found: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, record: Record, name: str, text: str) -> None:
        """Note what is wrong with a field."""
        self.found[record.id, name] = text


_NAMES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Customer": (("CustomerClass", "customer_classes", "Customer Class"),),
    "SalesOrder": (
        ("OrderType", "order_types", "Order Type"),
        ("CustomerID", "customers", "Customer"),
        ("ShipVia", "ship_vias", "Ship Via"),
        ("PaymentMethod", "payment_methods", "Payment Method"),
        ("CashAccount", "cash_accounts", "Cash Account"),
        ("CurrencyID", "currencies", "Currency"),
    ),
    "SalesOrderDetail": (
        ("InventoryID", "items", "Inventory ID"),
        ("WarehouseID", "warehouses", "Warehouse"),
    ),
    "TaxDetail": (("TaxID", "taxes", "Tax ID"),),
    "ShipmentPackage": (("BoxID", "boxes", "Box ID"),),
    "Shipment": (("ShipVia", "ship_vias", "Ship Via"), ("WarehouseID", "warehouses", "Warehouse")),
    "SalesInvoice": (("CustomerID", "customers", "Customer"),),
    "SalesInvoiceDetail": (("InventoryID", "items", "Inventory ID"),),
    "Payment": (
        ("CustomerID", "customers", "Customer"),
        ("PaymentMethod", "payment_methods", "Payment Method"),
        ("CashAccount", "cash_accounts", "Cash Account"),
        ("CurrencyID", "currencies", "Currency"),
    ),
}
"""By entity: field, list of known names, display name. A list that nobody seeded is not checked."""

KINDS_OF_NAMES = frozenset(kind for rows in _NAMES.values() for _, kind, _ in rows) | {
    "states",
    "serial_items",
    "card_methods",
}
"""The lists of names that a seed may give: states as `US/TX`, serial items whose numbers are assigned when used,
payment methods of cards with a processing centre."""

_REQUIRED = {
    "Customer": (("CustomerName", "Customer Name"),),
    "SalesOrder": (("CustomerID", "Customer"),),
    "SalesOrderDetail": (("InventoryID", "Inventory ID"),),
    "SalesInvoice": (("CustomerID", "Customer"),),
    "Payment": (("CustomerID", "Customer"),),
}


def check_names(erp: Erp, record: Record, problems: Problems) -> None:
    """What must be given is given, and what is referred to exists, rows included."""
    for name, title in _REQUIRED.get(record.entity.name, ()):
        if not record.text(name):
            problems.add(record, name, f"'{title}' cannot be empty.")
    for name, kind, title in _NAMES.get(record.entity.name, ()):
        if record.text(name) and not erp.knows(kind, record.text(name)):
            problems.add(record, name, f"'{title}' cannot be found in the system.")
    for rows in record.details.values():
        for row in rows:
            check_names(erp, row, problems)


def _at_most(problems: Problems, row: Record, name: str, limit: Decimal) -> None:
    if row.number(name) > limit:
        text = f"Incorrect value. The value to be entered must be less than or equal to {limit:f}."
        problems.add(row, name, text)


def check_customer(erp: Erp, customer: Record, existing: Record | None, problems: Problems) -> None:
    """A customer needs a name, a known class, and an ID where customers are numbered by hand."""
    check_names(erp, customer, problems)
    if existing is None and erp.options.manual_customers and not customer.text("CustomerID"):
        problems.add(customer, "CustomerID", "'Customer ID' cannot be empty.")


def check_order(erp: Erp, order: Record, existing: Record | None, problems: Problems) -> None:
    """An order needs known names; charges and addresses that are not overridden are dropped in silence."""
    check_names(erp, order, problems)
    _check_status_of_customer(erp, order, problems)
    for line in order.rows("Details"):
        if line.number("OrderQty") < line.number("QtyOnShipments"):
            problems.add(line, "OrderQty", "The quantity cannot be less than the quantity on shipments.")
    for found in crediting.returned_too_much(erp, order):
        problems.add(*found)
    _drop_freight(order, existing)
    if not (order.flag("IsTaxValid") or order.flag("DisableAutomaticTaxCalculation")):
        order.details["TaxDetails"] = existing.copy().rows("TaxDetails") if existing else []
    customers.settle_addresses(erp, order, existing)


def _check_status_of_customer(erp: Erp, record: Record, problems: Problems) -> None:
    customer = erp.find(CUSTOMER, (record.text("CustomerID"),))
    status = customer.text("Status") if customer else "Active"
    if status in {"Inactive", "Hold"}:
        problems.add(record, "CustomerID", f"The customer status is '{status}'.")


def _drop_freight(order: Record, existing: Record | None) -> None:
    """Freight is the ERP's own unless `OverrideFreightAmount` is set; premium freight is always open."""
    totals = order.link("Totals")
    if not totals.flag("OverrideFreightAmount"):
        totals.put(Freight=existing.link("Totals").number("Freight") if existing else NONE)


def check_invoice(erp: Erp, invoice: Record, existing: Record | None, problems: Problems) -> None:
    """An invoice needs known names; once released its amounts are closed, and a change is dropped."""
    invoice.put(Type=invoices.display_type(invoice.text("Type") or invoices.INVOICE))
    check_names(erp, invoice, problems)
    credits = invoice.text("Type") == crediting.CREDIT_MEMO
    if not (credits and invoice.flag("IsTaxValid")):
        invoice.details["TaxDetails"] = existing.copy().rows("TaxDetails") if existing else []
    if existing is not None and existing.facts.get("released"):
        _close(invoice, existing, ("Hold", "CustomerID", "Date", "Currency"))
        for name in ("Details", "TaxDetails"):
            invoice.details[name] = existing.copy().rows(name)
    elif credits:
        for found in crediting.returned_too_much(erp, invoice):
            problems.add(*found)


def _close(record: Record, existing: Record, names: Iterable[str]) -> None:
    for name in names:
        record.fields[name] = existing.fields.get(name)


def check_payment(erp: Erp, payment: Record, existing: Record | None, problems: Problems) -> None:
    """A payment pays open documents of its customer, none of them more than is unpaid."""
    check_names(erp, payment, problems)
    if existing is not None and existing.facts.get("released"):
        _close(payment, existing, ("Hold", "CustomerID", "PaymentAmount", "PaymentMethod", "CashAccount"))
    for row in payment.rows("OrdersToApply"):
        _check_paid_order(erp, payment, row, existing, problems)
    for row in payment.rows("DocumentsToApply"):
        row.put(DocType=invoices.display_type(row.text("DocType") or invoices.INVOICE))
        if payment.text("Type") != crediting.REFUND:
            _check_paid_invoice(erp, payment, row, existing, problems)
    if payment.text("Type") == crediting.REFUND:
        for found in crediting.refund_refused(erp, payment, existing):
            problems.add(*found)
    if payments.applied(payment) > payment.number("PaymentAmount"):
        problems.add(payment, "PaymentAmount", "The applied amount exceeds the payment amount.")


def _own(existing: Record | None, detail: str, row: Record, name: str) -> Decimal:
    """What the stored payment applies by this row already."""
    rows = existing.rows(detail) if existing else []
    return next((one.number(name) for one in rows if one.id == row.id), NONE)


def _check_paid_order(
    erp: Erp, payment: Record, row: Record, existing: Record | None, problems: Problems
) -> None:
    order = erp.find(SALES_ORDER, (row.text("OrderType"), row.text("OrderNbr")))
    closed = order is None or order.text("Status") == "Canceled"
    if order is None or closed or order.text("CustomerID") != payment.text("CustomerID"):
        problems.add(row, "OrderNbr", "'Order Nbr.' cannot be found in the system.")
        return
    unpaid = order.link("Totals").number("UnpaidBalance")
    _at_most(problems, row, "AppliedToOrder", unpaid + _own(existing, "OrdersToApply", row, "AppliedToOrder"))


def _check_paid_invoice(
    erp: Erp, payment: Record, row: Record, existing: Record | None, problems: Problems
) -> None:
    invoice = erp.find(SALES_INVOICE, (row.text("DocType"), row.text("ReferenceNbr")))
    own = _own(existing, "DocumentsToApply", row, "AmountPaid")
    if own:
        return
    payable = invoice is not None and invoice.text("Type") != crediting.CREDIT_MEMO
    if invoice is None or not payable or invoice.text("Status") != "Open":
        problems.add(row, "ReferenceNbr", "'Reference Nbr.' cannot be found in the system.")
        return
    _at_most(problems, row, "AmountPaid", invoice.number("Balance"))
