"""The S/O invoice as a business object: made for a shipment, added to, changed, deleted.

Which orders may be invoiced, and by whom, is StarShip's help on Sage 100 write-back. Posting is in posting.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connector.simulators.sage100 import orders
from connector.simulators.sage100.book import (
    NOTHING,
    Company,
    Invoice,
    Order,
    Row,
    expect,
    line_of,
    next_line_key,
    total,
)
from connector.simulators.sage100.columns import TABLES, amount_text, quantity_text
from connector.simulators.sage100.refusals import Refusal, being_invoiced, not_found

HEADER, DETAIL = "SO_InvoiceHeader", "SO_InvoiceDetail"
_SHIPPED_KINDS = frozenset({"1", "2"})
_FROM_ORDER = frozenset(TABLES[HEADER]) & frozenset(TABLES["SO_SalesOrderHeader"])
_NOT_FROM_ORDER = {"FreightAmt", "TaxableAmt", "NonTaxableAmt", "SalesTaxAmt", "DiscountAmt", "Weight"}
_LINE_FROM_ORDER = frozenset(TABLES["SO_SalesOrderDetail"]) - {
    "LineKey",
    "QuantityOrdered",
    "QuantityShipped",
    "QuantityBackordered",
}

Shipped = Mapping[str, Decimal]


@dataclass(frozen=True)
class NewInvoice:
    """An invoice that is asked for. `shipped`: OrderLineKey -> quantity; `header`: columns that are not the order's."""

    order: str
    shipped: Shipped
    reference: str
    header: Mapping[str, str] = field(default_factory=dict)
    charges: bool = True
    drop_ships: bool = True


def create(book: Company, wanted: NewInvoice) -> Invoice:
    """Make the invoice of one order for what was shipped. Raises Refusal."""
    order = book.order(wanted.order)
    _must_be_shippable(order)
    current = book.open_invoice_of(order)
    if current is not None:
        _must_come_from_shipping(current, order.number)
        message = f"Invoice {current.number} is open for order {order.number}; add the shipment to it."
        raise Refusal("invoice_open", message, document=current.number)
    _must_be_new(book, wanted.reference)
    invoice = Invoice(_header(book, order, wanted), [])
    for line in order.lines:
        if _comes_along(line, wanted):
            invoice.lines.append(_line(invoice, order, line))
    _ship(book, invoice, order, wanted.shipped, wanted.reference)
    invoice.header["InvoiceNo"] = book.next_number("invoice", book.invoices)
    _write_references(book, invoice)
    order.header["CurrentInvoiceNo"] = invoice.number
    book.keep_order(order)
    book.keep_invoice(invoice)
    return invoice


def _must_be_shippable(order: Order) -> None:
    if order.header["OrderType"] not in {"S", "B"}:
        kind = order.header["OrderType"]
        raise Refusal("invalid_order_type", f"Order {order.number} is of type {kind}, which is not shipped.")
    if order.header["OrderStatus"] == "H":
        raise Refusal("on_hold", f"Order {order.number} is on hold.", document=order.number)


def _must_come_from_shipping(invoice: Invoice, order: str) -> None:
    if invoice.origin == "invoice_data_entry":
        raise being_invoiced(order, invoice.number)


def _must_be_new(book: Company, reference: str) -> None:
    for invoice in book.invoices.values():
        if reference in invoice.shipments:
            message = f"Invoice {invoice.number} has this reference already."
            raise Refusal("already_exists", message, field="ExternalReference", document=invoice.number)


def _header(book: Company, order: Order, wanted: NewInvoice) -> Row:
    own = {
        "InvoiceDate": book.today(),
        "ShipDate": book.today(),
        "InvoiceType": "IN",
        "SalesOrderNo": order.number,
        "StarshipRecordsCreated": "Y",
        "ShipStatus": "",
    }
    taken = {name: order.header[name] for name in sorted(_FROM_ORDER - _NOT_FROM_ORDER)}
    return book.row(HEADER, {**taken, **own, **wanted.header})


def _comes_along(line: Row, wanted: NewInvoice) -> bool:
    """Charges and comments, and drop-ship lines, are in no shipment and yet on its invoice where asked for."""
    if line["ItemType"] not in _SHIPPED_KINDS:
        done = line["ItemType"] != "4" and _open(line) <= NOTHING
        return wanted.charges and not done
    if line["DropShip"] == "Y":
        return wanted.drop_ships and _open(line) > NOTHING
    return _open(line) > NOTHING


def _open(line: Row) -> Decimal:
    """What of an order's line is not shipped and posted."""
    return Decimal(line["QuantityOrdered"]) - Decimal(line["QuantityShipped"])


def _line(invoice: Invoice, order: Order, line: Row) -> Row:
    """The order's line as it goes onto the invoice: nothing shipped, all back-ordered; charges in whole."""
    kept = {
        name: value for name, value in line.items() if name in _LINE_FROM_ORDER or name.startswith("UDF_")
    }
    rest = _open(line)
    made = {
        **kept,
        "LineKey": next_line_key(invoice),
        "OrderLineKey": line["LineKey"],
        "AppliedSalesOrderNo": order.number,
        "QuantityOrdered": quantity_text(rest),
    }
    _set_shipped(made, NOTHING if line["ItemType"] in _SHIPPED_KINDS else rest)
    return made


def _set_shipped(line: Row, quantity: Decimal) -> None:
    """Shipped and back-ordered make up what was ordered; the amount follows what was shipped."""
    ordered = Decimal(line["QuantityOrdered"])
    line["QuantityShipped"] = quantity_text(quantity)
    line["QuantityBackordered"] = quantity_text(ordered - quantity)
    line["ExtensionAmt"] = amount_text(Decimal(line["UnitPrice"]) * quantity)


def _ship(book: Company, invoice: Invoice, order: Order, shipped: Shipped, reference: str) -> None:
    """Add quantities to the invoice's lines. Raises Refusal for a line or quantity that cannot be shipped."""
    for key, quantity in shipped.items():
        _must_be_shipped(line_of(order.lines, key), quantity)
        line = next((one for one in invoice.lines if one["OrderLineKey"] == key), None)
        if line is None:
            line = _line(invoice, order, line_of(order.lines, key))
            invoice.lines.append(line)
        sum_ = Decimal(line["QuantityShipped"]) + quantity
        if sum_ > Decimal(line["QuantityOrdered"]):
            message = f"Line {key}: {sum_} shipped is more than the {line['QuantityOrdered']} that are open."
            raise Refusal("quantity", message, field="QuantityShipped")
        _set_shipped(line, sum_)
    invoice.shipments[reference] = dict(shipped)
    total(invoice.lines, invoice.header, book.options.tax_rate)


def _must_be_shipped(line: Row, quantity: Decimal) -> None:
    key = line["LineKey"]
    if line["ItemType"] not in _SHIPPED_KINDS or line["DropShip"] == "Y":
        what = "a drop-ship line" if line["DropShip"] == "Y" else f"of type {line['ItemType']}"
        raise Refusal("invalid_field", f"Line {key} is {what}; it is not shipped.", field="OrderLineKey")
    if quantity <= NOTHING:
        raise Refusal("quantity", f"Line {key}: nothing was shipped.", field="QuantityShipped")


def _write_references(book: Company, invoice: Invoice) -> None:
    """All references in one user-defined field, parted by blanks."""
    text = " ".join(invoice.shipments)
    book.set(HEADER, invoice.header, {book.options.reference_field: text})


def add_shipment(
    book: Company, number: str, shipped: Shipped, reference: str, values: Mapping[str, str]
) -> Invoice:
    """Add a further shipment's lines to an open invoice that shipping made. Raises Refusal."""
    invoice = writable(book, number)
    order = book.order(invoice.header["SalesOrderNo"])
    _must_come_from_shipping(invoice, order.number)
    _must_be_shippable(order)
    _must_be_new(book, reference)
    book.set(HEADER, invoice.header, values)
    _ship(book, invoice, order, shipped, reference)
    _write_references(book, invoice)
    book.keep_invoice(invoice)
    return invoice


def remove_shipment(book: Company, number: str, reference: str) -> Invoice:
    """Take one shipment's quantities off an open invoice. Raises Refusal for the only one."""
    invoice = writable(book, number)
    if reference not in invoice.shipments:
        raise not_found("Shipment", reference)
    if len(invoice.shipments) == 1:
        message = f"It is the only shipment of invoice {number}; delete the invoice."
        raise Refusal("last_shipment", message, document=number)
    for key, quantity in invoice.shipments.pop(reference).items():
        line = next((one for one in invoice.lines if one["OrderLineKey"] == key), None)
        if line is not None:
            _set_shipped(line, Decimal(line["QuantityShipped"]) - quantity)
    total(invoice.lines, invoice.header, book.options.tax_rate)
    _write_references(book, invoice)
    book.keep_invoice(invoice)
    return invoice


def writable(book: Company, number: str) -> Invoice:
    """An invoice that is open. Raises Refusal."""
    invoice = book.invoice(number)
    if invoice.posted:
        raise Refusal("posted", f"Invoice {number} was posted.", document=number)
    return invoice


def change(book: Company, number: str, values: Mapping[str, str], expected: Mapping[str, str]) -> Invoice:
    """Set header columns of an open invoice, if what is expected still stands. Raises Refusal."""
    invoice = writable(book, number)
    expect(HEADER, invoice.header, expected)
    book.set(HEADER, invoice.header, values)
    book.keep_invoice(invoice)
    return invoice


def change_line(
    book: Company, number: str, key: str, values: Mapping[str, str], expected: Mapping[str, str]
) -> Row:
    """Set columns of a line of an open invoice. Raises Refusal."""
    invoice = writable(book, number)
    line = line_of(invoice.lines, key)
    expect(DETAIL, line, expected)
    orders.comment_must_fit(line, values)
    book.set(DETAIL, line, values)
    book.keep_invoice(invoice)
    return line


def add_comment(book: Company, number: str, values: Mapping[str, str], reference: str) -> Row:
    """Append a comment line to an open invoice. Raises Refusal."""
    invoice = writable(book, number)
    line = orders.comment_line(book, DETAIL, invoice, values, reference)
    invoice.lines.append(line)
    book.keep_invoice(invoice)
    return line


def delete_line(book: Company, number: str, key: str) -> None:
    """Delete a comment line of an open invoice. Raises Refusal for any other line."""
    invoice = writable(book, number)
    line = line_of(invoice.lines, key)
    if line["ItemType"] != "4":
        raise Refusal("invalid_field", f"Line {key} is no comment.", field="LineKey")
    invoice.lines.remove(line)
    book.keep_invoice(invoice)


def delete(book: Company, number: str) -> None:
    """Delete an open invoice that shipping made; its order can be invoiced anew. Raises Refusal."""
    invoice = writable(book, number)
    _must_come_from_shipping(invoice, invoice.header["SalesOrderNo"])
    del book.invoices[number]
    if invoice.header["SalesOrderNo"] in book.orders:
        order = book.order(invoice.header["SalesOrderNo"])
        order.header["CurrentInvoiceNo"] = ""
        book.keep_order(order)
