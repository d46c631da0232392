"""What the agent reads out of Sage's tables: documents, lists, tracking rows, inventory."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from connector.simulators.sage100 import views
from connector.simulators.sage100.agent_calls import Answer, Call, Route
from connector.simulators.sage100.book import Company, Dated, Invoice, Order
from connector.simulators.sage100.paging import Key, changed_since, page
from connector.simulators.sage100.refusals import not_found
from connector.simulators.sage100.views import View, moment_text

_PAGED = frozenset({"changedSince", "page", "pageSize"})


_Row = TypeVar("_Row", Order, Invoice, Dated)


def _listed(
    call: Call, name: str, rows: Iterable[_Row], key: Callable[[_Row], Key], show: Callable[[_Row], View]
) -> Answer:
    since = changed_since(call.query)
    here, token = page((row for row in rows if row.changed >= since), key, call.query)
    return Answer({name: [show(row) for row in here], "next_page": token})


def _wanted(query_value: str | None, value: str) -> bool:
    return query_value is None or query_value == value


def _orders(call: Call) -> Answer:
    book, query = call.book, call.query
    rows = (
        order
        for order in book.orders.values()
        if _wanted(query.get("reference"), order.header.get(book.options.reference_field, ""))
        and _wanted(query.get("customerPONo"), order.header["CustomerPONo"])
    )
    return _listed(
        call,
        "sales_orders",
        rows,
        lambda order: (moment_text(order.changed), order.number),
        lambda order: views.order_header(book, order),
    )


def _order(call: Call) -> Answer:
    return Answer(views.order_whole(call.book, call.book.order(call.ids["SalesOrderNo"])))


def _history(call: Call) -> Answer:
    book, number = call.book, call.query.get("salesOrderNo")
    rows = (kept for kept in book.history.values() if _wanted(number, kept.row["SalesOrderNo"]))
    return _listed(
        call,
        "history",
        rows,
        lambda kept: (moment_text(kept.changed), kept.row["SalesOrderNo"]),
        lambda kept: views.history(book, kept),
    )


def _invoices(call: Call) -> Answer:
    book, query = call.book, call.query
    rows = (
        invoice
        for invoice in book.invoices.values()
        if _wanted(query.get("salesOrderNo"), invoice.header["SalesOrderNo"])
        and ("reference" not in query or query["reference"] in invoice.shipments)
    )
    return _listed(
        call,
        "invoices",
        rows,
        lambda invoice: (moment_text(invoice.changed), invoice.number),
        lambda invoice: views.invoice_header(book, invoice),
    )


def _invoice(call: Call) -> Answer:
    return Answer(views.invoice_whole(call.book, call.book.invoice(call.ids["InvoiceNo"])))


def _tracking(call: Call) -> Answer:
    invoice = call.book.invoice(call.ids["InvoiceNo"])
    return Answer({"tracking": [views.tracking(invoice, package) for package in sorted(invoice.tracking)]})


def _customers(call: Call) -> Answer:
    email = call.query.get("emailAddress")
    rows = (
        kept
        for kept in call.book.customers.values()
        if email is None or kept.row["EmailAddress"].lower() == email.lower()
    )
    return _listed(
        call,
        "customers",
        rows,
        lambda kept: (kept.row["ARDivisionNo"], kept.row["CustomerNo"]),
        views.customer,
    )


def customer_view(book: Company, division: str, number: str) -> View:
    """A customer as it stands. Raises Refusal."""
    if (division, number) not in book.customers:
        raise not_found("Customer", f"{division}-{number}")
    return views.customer(book.customers[division, number])


def _customer(call: Call) -> Answer:
    return Answer(customer_view(call.book, call.ids["ARDivisionNo"], call.ids["CustomerNo"]))


def _inventory(call: Call) -> Answer:
    rows = (
        kept
        for kept in call.book.warehouses.values()
        if _wanted(call.query.get("itemCode"), kept.row["ItemCode"])
        and _wanted(call.query.get("warehouseCode"), kept.row["WarehouseCode"])
    )
    return _listed(
        call,
        "inventory",
        rows,
        lambda kept: (kept.row["ItemCode"], kept.row["WarehouseCode"]),
        views.warehouse,
    )


ROUTES: tuple[Route, ...] = (
    Route("GET", "sales-orders", _orders, _PAGED | {"reference", "customerPONo"}, listed=True),
    Route("GET", "sales-orders/{SalesOrderNo}", _order),
    Route("GET", "sales-order-history", _history, _PAGED | {"salesOrderNo"}, listed=True),
    Route("GET", "invoices", _invoices, _PAGED | {"salesOrderNo", "reference"}, listed=True),
    Route("GET", "invoices/{InvoiceNo}", _invoice),
    Route("GET", "invoices/{InvoiceNo}/tracking", _tracking, listed=True),
    Route("GET", "customers", _customers, _PAGED | {"emailAddress"}, listed=True),
    Route("GET", "customers/{ARDivisionNo}/{CustomerNo}", _customer),
    Route("GET", "inventory", _inventory, _PAGED | {"itemCode", "warehouseCode"}, listed=True),
)
