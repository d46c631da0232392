"""The sales order as a business object: made, changed, given comment lines, deleted. Both drivers end here.

An order is written in whole or not at all; invoices are made in invoices.py.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.simulators.sage100.book import (
    COMMENT,
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
from connector.simulators.sage100.columns import amount_text, quantity_text
from connector.simulators.sage100.refusals import Refusal, being_invoiced, unknown_value

HEADER, DETAIL = "SO_SalesOrderHeader", "SO_SalesOrderDetail"
_QUANTITIES = ("QuantityOrdered", "QuantityShipped", "QuantityBackordered")
_ADDRESS = ("Name", "Address1", "Address2", "Address3", "City", "State", "ZipCode", "CountryCode")
_OF_CUSTOMER = (
    "CustomerName",
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "City",
    "State",
    "ZipCode",
    "CountryCode",
)


@dataclass(frozen=True)
class NewOrder:
    """An order that is asked for: columns of its header and of its lines. Without a number it gets the next one."""

    header: Mapping[str, str]
    lines: Sequence[Mapping[str, str]]
    reference: str = ""


def create(book: Company, wanted: NewOrder) -> Order:
    """Make an order. Raises Refusal."""
    order = preview(book, wanted)
    order.header["SalesOrderNo"] = _number(book, wanted.header.get("SalesOrderNo", ""))
    book.keep_order(order)
    return order


def preview(book: Company, wanted: NewOrder) -> Order:
    """The order with defaults, prices and totals as it would be made; nothing is kept. Raises Refusal."""
    field = book.options.reference_field
    if wanted.reference:
        bearer = next(
            (one for one in book.orders.values() if one.header.get(field) == wanted.reference), None
        )
        if bearer is not None:
            message = f"Sales order {bearer.number} has this reference already."
            raise Refusal("already_exists", message, field="ExternalReference", document=bearer.number)
    header = book.row(HEADER, {**_defaults(book, wanted.header), **_given(wanted.header)})
    if wanted.reference:
        book.set(HEADER, header, {field: wanted.reference})
    order = Order(header, [])
    for line in wanted.lines:
        order.lines.append(new_line(book, order, line))
    total(order.lines, header, book.options.tax_rate)
    if "SalesTaxAmt" in wanted.header:
        book.set(HEADER, header, {"SalesTaxAmt": wanted.header["SalesTaxAmt"]})
    return order


def _given(header: Mapping[str, str]) -> dict[str, str]:
    """What may be said of a new order; totals and the state of invoicing are Sage's own."""
    own = {"CurrentInvoiceNo", "LastInvoiceOrderNo", "LastInvoiceOrderDate", "TaxableAmt", "NonTaxableAmt"}
    return {name: value for name, value in header.items() if name not in own}


def _number(book: Company, wanted: str) -> str:
    if not wanted:
        return next_number(book)
    number_must_be_filled("SalesOrderNo", wanted)
    if wanted in book.orders:
        message = f"Sales order {wanted} already exists."
        raise Refusal("already_exists", message, field="SalesOrderNo", document=wanted)
    return wanted


def next_number(book: Company) -> str:
    """The next order number; asking uses it up."""
    return book.next_number("order", {*book.orders, *book.history})


def number_must_be_filled(column: str, number: str) -> None:
    """Numbers of only digits are zero-filled to 7. Raises Refusal."""
    if number.isdigit() and len(number) != 7:
        raise Refusal(
            "invalid_field", f"The {column} {number!r} is not zero-filled to 7 digits.", field=column
        )


def _defaults(book: Company, header: Mapping[str, str]) -> dict[str, str]:
    """What the customer and the session bring. Raises Refusal for a customer that is not there."""
    division, number = header.get("ARDivisionNo", ""), header.get("CustomerNo", "")
    if not re.fullmatch(r"\d{2}", division):
        message = f"The ARDivisionNo {division!r} is not zero-filled to 2 digits."
        raise Refusal("invalid_field", message, field="ARDivisionNo")
    found = book.customers.get((division, number))
    if found is None:
        raise unknown_value("CustomerNo", number)
    customer = found.row
    address = {there: customer[here] for here, there in zip(_OF_CUSTOMER, _ADDRESS, strict=True)}
    return {
        "OrderDate": book.today(),
        "DateCreated": book.today(),
        "OrderType": "S",
        "OrderStatus": "N",
        "WarehouseCode": "000",
        "ShipVia": customer["ShipMethod"],
        "TermsCode": customer["TermsCode"],
        "TaxSchedule": customer["TaxSchedule"],
        "EmailAddress": customer["EmailAddress"],
        **{f"BillTo{name}": value for name, value in address.items()},
        **{f"ShipTo{name}": value for name, value in address.items()},
    }


def new_line(book: Company, order: Order, wanted: Mapping[str, str]) -> Row:
    """A line: the item code is set first, which loads type, price, unit and warehouse. Raises Refusal."""
    if not wanted.get("ItemCode"):
        raise Refusal(
            "invalid_field", "The ItemCode is required before anything else of a line.", field="ItemCode"
        )
    item = book.item(wanted["ItemCode"])
    key = next_line_key(order)
    loaded = {
        "ItemCode": item.code,
        "LineKey": key,
        "LineSeqNo": f"{len(order.lines) + 1:014}",
        "ItemType": item.kind,
        "ItemCodeDesc": item.description,
        "UnitPrice": f"{item.price:f}",
        "UnitOfMeasure": item.unit,
        "WarehouseCode": order.header["WarehouseCode"] if item.kind in {"1", "2"} else "",
    }
    kept = {
        name: value
        for name, value in wanted.items()
        if name not in {"ItemCode", "LineKey", "ItemType", "LineSeqNo"}
    }
    line = book.row(DETAIL, {**loaded, **kept})
    _quantities_must_fit(line, wanted)
    quantity = Decimal(line["QuantityOrdered"])
    line["ExtensionAmt"] = amount_text(Decimal(line["UnitPrice"]) * quantity)
    line["LineWeight"] = amount_text(item.weight * quantity)
    return line


def _quantities_must_fit(line: Row, wanted: Mapping[str, str]) -> None:
    ordered, shipped, rest = (Decimal(line[name]) for name in _QUANTITIES)
    if line["ItemType"] in {"1", "2"} and ordered <= 0:
        raise Refusal("quantity", "The QuantityOrdered must be more than 0.", field="QuantityOrdered")
    match [name for name in _QUANTITIES[1:] if name in wanted]:
        case ["QuantityShipped"]:
            line["QuantityBackordered"] = quantity_text(ordered - shipped)
        case ["QuantityBackordered"]:
            line["QuantityShipped"] = quantity_text(ordered - rest)
        case [_, _] if shipped + rest != ordered:
            _quantities_do_not_fit(ordered, shipped, rest)


def _quantities_do_not_fit(ordered: Decimal, shipped: Decimal, rest: Decimal) -> None:
    message = f"QuantityShipped {shipped} and QuantityBackordered {rest} do not make up {ordered}."
    raise Refusal("quantity", message, field="QuantityShipped")


def change(book: Company, number: str, values: Mapping[str, str], expected: Mapping[str, str]) -> Order:
    """Set header columns, if what is expected still stands. Raises Refusal."""
    order = writable(book, number)
    expect(HEADER, order.header, expected)
    book.set(HEADER, order.header, values)
    book.keep_order(order)
    return order


def writable(book: Company, number: str) -> Order:
    """An order that may be written: not while Invoice Data Entry invoices it. Raises Refusal."""
    order = book.order(number)
    invoice = book.open_invoice_of(order)
    if invoice is not None and invoice.origin == "invoice_data_entry":
        raise being_invoiced(number, invoice.number)
    return order


def change_line(
    book: Company, number: str, key: str, values: Mapping[str, str], expected: Mapping[str, str]
) -> Row:
    """Set columns of a line, if what is expected still stands. Raises Refusal."""
    order = writable(book, number)
    line = line_of(order.lines, key)
    expect(DETAIL, line, expected)
    set_line(book, line, values)
    book.keep_order(order)
    return line


def set_line(book: Company, line: Row, values: Mapping[str, str]) -> None:
    """Set columns of an order's line. Raises Refusal."""
    comment_must_fit(line, values)
    if "ItemCode" in values or "ItemType" in values:
        raise Refusal("invalid_field", "The ItemCode of a line cannot be changed.", field="ItemCode")
    book.set(DETAIL, line, values)
    _quantities_must_fit(line, values)
    line["ExtensionAmt"] = amount_text(Decimal(line["UnitPrice"]) * Decimal(line["QuantityOrdered"]))


def comment_must_fit(line: Row, values: Mapping[str, str]) -> None:
    """Only a comment line has a comment text to set. Raises Refusal."""
    if "CommentText" in values and line["ItemType"] != COMMENT.kind:
        raise Refusal("invalid_field", f"Line {line['LineKey']} is no comment.", field="CommentText")


def add_comment(book: Company, number: str, values: Mapping[str, str], reference: str) -> Row:
    """Append a comment line. Raises Refusal."""
    order = writable(book, number)
    line = comment_line(book, DETAIL, order, values, reference)
    order.lines.append(line)
    book.keep_order(order)
    return line


def comment_line(
    book: Company, table: str, document: Order | Invoice, values: Mapping[str, str], reference: str
) -> Row:
    """A new comment line for an order or invoice. Raises Refusal."""
    field = book.options.reference_field
    bearer = next((one for one in document.lines if reference and one.get(field) == reference), None)
    if bearer is not None:
        message = f"Line {bearer['LineKey']} has this reference already."
        raise Refusal("already_exists", message, field="ExternalReference", document=bearer["LineKey"])
    highest = max((int(line["LineSeqNo"]) for line in document.lines), default=0)
    loaded = {"ItemCode": COMMENT.code, "ItemType": COMMENT.kind, "LineSeqNo": f"{highest + 1:014}"}
    marks = {field: reference} if reference else {}
    return book.row(table, {**loaded, "LineKey": next_line_key(document), **values, **marks})


def delete_line(book: Company, number: str, key: str) -> None:
    """Delete a line. Raises Refusal where it was shipped, or stands on an open invoice."""
    order = writable(book, number)
    line = line_of(order.lines, key)
    invoice = book.open_invoice_of(order)
    on_invoice = invoice is not None and any(one["OrderLineKey"] == key for one in invoice.lines)
    if on_invoice or Decimal(line["QuantityShipped"]) > NOTHING:
        raise Refusal("invalid_field", f"Line {key} was shipped or invoiced and stays.", field="LineKey")
    order.lines.remove(line)
    total(order.lines, order.header, book.options.tax_rate)
    book.keep_order(order)


def delete(book: Company, number: str) -> None:
    """Delete an order; history keeps it as deleted. Raises Refusal while it has an open invoice."""
    order = writable(book, number)
    invoice = book.open_invoice_of(order)
    if invoice is not None:
        message = f"Invoice {invoice.number} is open for this order."
        raise Refusal("invoice_open", message, document=invoice.number)
    del book.orders[number]
    book.remember(order, "Z" if order.header["OrderType"] in {"Q", "P"} else "X")
