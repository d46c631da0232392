"""What the agent writes through Sage's business objects, path by path."""

from connector.simulators.sage100 import bodies, customers, invoices, orders, tracking, views
from connector.simulators.sage100.agent_calls import GONE, Answer, Call, Route
from connector.simulators.sage100.agent_reads import customer_view
from connector.simulators.sage100.invoices import NewInvoice
from connector.simulators.sage100.orders import NewOrder


def _create_order(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_ORDER)
    wanted = NewOrder(body.values, body.lines(bodies.NEW_ORDER_LINE), body.reference)
    made = orders.create(call.book, wanted)
    return Answer(views.order_whole(call.book, call.book.order(made.number)), 201)


def _change_order(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.ORDER_CHANGE)
    orders.change(call.book, call.ids["SalesOrderNo"], body.values, body.expected)
    return Answer(views.order_whole(call.book, call.book.order(call.ids["SalesOrderNo"])))


def _delete_order(call: Call) -> Answer:
    orders.delete(call.book, call.ids["SalesOrderNo"])
    return GONE


def _add_order_line(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_COMMENT)
    line = orders.add_comment(call.book, call.ids["SalesOrderNo"], body.values, body.reference)
    return Answer(views.order_line(call.book, line), 201)


def _change_order_line(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.ORDER_LINE_CHANGE)
    number, key = call.ids["SalesOrderNo"], call.ids["LineKey"]
    line = orders.change_line(call.book, number, key, body.values, body.expected)
    return Answer(views.order_line(call.book, line))


def _delete_order_line(call: Call) -> Answer:
    orders.delete_line(call.book, call.ids["SalesOrderNo"], call.ids["LineKey"])
    return GONE


def _create_invoice(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_INVOICE)
    wanted = NewInvoice(
        order=body.extras["SalesOrderNo"],
        shipped=body.shipped,
        reference=body.reference,
        header=body.values,
        charges=body.extras.get("carry_charges", True),
        drop_ships=body.extras.get("back_order_drop_ships", True),
    )
    return _invoice(call, invoices.create(call.book, wanted).number, 201)


def _invoice(call: Call, number: str, status: int = 200) -> Answer:
    return Answer(views.invoice_whole(call.book, call.book.invoice(number)), status)


def _add_shipment(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_SHIPMENT)
    number = call.ids["InvoiceNo"]
    invoices.add_shipment(call.book, number, body.shipped, body.reference, body.values)
    return _invoice(call, number, 201)


def _remove_shipment(call: Call) -> Answer:
    invoices.remove_shipment(call.book, call.ids["InvoiceNo"], call.ids["ExternalReference"])
    return _invoice(call, call.ids["InvoiceNo"])


def _change_invoice(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.INVOICE_CHANGE)
    invoices.change(call.book, call.ids["InvoiceNo"], body.values, body.expected)
    return _invoice(call, call.ids["InvoiceNo"])


def _delete_invoice(call: Call) -> Answer:
    invoices.delete(call.book, call.ids["InvoiceNo"])
    return GONE


def _add_invoice_line(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_COMMENT)
    line = invoices.add_comment(call.book, call.ids["InvoiceNo"], body.values, body.reference)
    return Answer(views.invoice_line(call.book, line), 201)


def _change_invoice_line(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.INVOICE_LINE_CHANGE)
    number, key = call.ids["InvoiceNo"], call.ids["LineKey"]
    line = invoices.change_line(call.book, number, key, body.values, body.expected)
    return Answer(views.invoice_line(call.book, line))


def _delete_invoice_line(call: Call) -> Answer:
    invoices.delete_line(call.book, call.ids["InvoiceNo"], call.ids["LineKey"])
    return GONE


def _put_tracking(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_TRACKING)
    items = body.lines(bodies.PACKED_ITEM, "items")
    number, package = call.ids["InvoiceNo"], call.ids["PackageNo"]
    if_absent = body.extras.get("if_absent", False)
    invoice, new = tracking.put(call.book, number, package, body.values, items, if_absent)
    return Answer(views.tracking(invoice, package), 201 if new else 200)


def _remove_tracking(call: Call) -> Answer:
    tracking.remove(call.book, call.ids["InvoiceNo"], call.ids["PackageNo"])
    return GONE


def _create_customer(call: Call) -> Answer:
    body = bodies.read(call.received, bodies.NEW_CUSTOMER)
    row = customers.create(call.book, body.values)
    return Answer(customer_view(call.book, row["ARDivisionNo"], row["CustomerNo"]), 201)


ROUTES: tuple[Route, ...] = (
    Route("POST", "sales-orders", _create_order),
    Route("PATCH", "sales-orders/{SalesOrderNo}", _change_order),
    Route("DELETE", "sales-orders/{SalesOrderNo}", _delete_order),
    Route("POST", "sales-orders/{SalesOrderNo}/lines", _add_order_line),
    Route("PATCH", "sales-orders/{SalesOrderNo}/lines/{LineKey}", _change_order_line),
    Route("DELETE", "sales-orders/{SalesOrderNo}/lines/{LineKey}", _delete_order_line),
    Route("POST", "invoices", _create_invoice),
    Route("PATCH", "invoices/{InvoiceNo}", _change_invoice),
    Route("DELETE", "invoices/{InvoiceNo}", _delete_invoice),
    Route("POST", "invoices/{InvoiceNo}/shipments", _add_shipment),
    Route("DELETE", "invoices/{InvoiceNo}/shipments/{ExternalReference}", _remove_shipment),
    Route("POST", "invoices/{InvoiceNo}/lines", _add_invoice_line),
    Route("PATCH", "invoices/{InvoiceNo}/lines/{LineKey}", _change_invoice_line),
    Route("DELETE", "invoices/{InvoiceNo}/lines/{LineKey}", _delete_invoice_line),
    Route("PUT", "invoices/{InvoiceNo}/tracking/{PackageNo}", _put_tracking),
    Route("DELETE", "invoices/{InvoiceNo}/tracking/{PackageNo}", _remove_tracking),
    Route("POST", "customers", _create_customer),
)
