"""The daily Sales Journal update: an open invoice becomes history, and its order knows what was shipped.

Nobody can ask for it over the agent or SOAP; people do it in Sage (`POST /_sim/post`).
"""

from decimal import Decimal

from connector.simulators.sage100.book import Company, Invoice, Order
from connector.simulators.sage100.columns import quantity_text
from connector.simulators.sage100.invoices import writable

FIRST_SEQUENCE = "000000"


def post(book: Company, number: str) -> Invoice:
    """Post an open invoice: its tracking rows move into history. Raises Refusal."""
    invoice = writable(book, number)
    invoice.posted = True
    invoice.sequence = FIRST_SEQUENCE
    book.keep_invoice(invoice)
    if invoice.header["SalesOrderNo"] in book.orders:
        _update_order(book, book.order(invoice.header["SalesOrderNo"]), invoice)
    return invoice


def _update_order(book: Company, order: Order, invoice: Invoice) -> None:
    shipped = {line["OrderLineKey"]: Decimal(line["QuantityShipped"]) for line in invoice.lines}
    for line in order.lines:
        ordered = Decimal(line["QuantityOrdered"])
        sum_ = Decimal(line["QuantityShipped"]) + shipped.get(line["LineKey"], Decimal(0))
        line["QuantityShipped"] = quantity_text(sum_)
        line["QuantityBackordered"] = quantity_text(ordered - sum_)
    order.header |= {
        "CurrentInvoiceNo": "",
        "LastInvoiceOrderNo": invoice.number,
        "LastInvoiceOrderDate": invoice.header["InvoiceDate"],
    }
    if any(Decimal(line["QuantityBackordered"]) > 0 for line in order.lines):
        order.header["OrderType"] = "B"
        book.keep_order(order)
        return
    del book.orders[order.number]
    book.remember(order, "C")
