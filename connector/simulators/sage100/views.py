"""How the agent shows rows: Sage's columns, its own members in lower case, and NUL characters where it strips none."""

from collections.abc import Mapping
from datetime import datetime

from connector.simulators.sage100.book import Company, Dated, Invoice, Order, Row
from connector.simulators.sage100.columns import TABLES
from connector.simulators.sage100.tracking import HISTORY, TABLE

View = dict[str, object]
_PADDED = frozenset(
    "ShipVia Comment CustomerPONo CustomerNo CustomerName ShipToName TrackingID StarshipShipVia ItemCode".split()
)
_NOT_SHOWN = frozenset({"TermsCode", "TaxSchedule"})


def order_header(book: Company, order: Order) -> View:
    """A row of the list of orders."""
    header = _columns("SO_SalesOrderHeader", order.header)
    return {**header, **_changed(order.changed), "ExternalReference": _reference(book, order.header)}


def order_whole(book: Company, order: Order) -> View:
    """An order with its lines, in their order of display."""
    lines = sorted(order.lines, key=lambda line: line["LineSeqNo"])
    return {**order_header(book, order), "lines": [order_line(book, line) for line in lines]}


def order_line(book: Company, line: Row) -> View:
    """A line of an order."""
    return {**_columns("SO_SalesOrderDetail", line), "ExternalReference": _reference(book, line)}


def history(book: Company, kept: Dated) -> View:
    """What became of an order."""
    row = {name: value for name, value in kept.row.items() if not name.startswith("UDF_")}
    shown: View = {**row, "OrderDate": row["OrderDate"] or None}
    return {**shown, **_changed(kept.changed), "ExternalReference": _reference(book, kept.row)}


def invoice_header(book: Company, invoice: Invoice) -> View:
    """A row of the list of invoices."""
    columns = _columns("SO_InvoiceHeader", invoice.header)
    sequence = {"HeaderSeqNo": invoice.sequence} if invoice.posted else {}
    return {
        **{name: value for name, value in columns.items() if name not in _NOT_SHOWN},
        **sequence,
        **_changed(invoice.changed),
        "origin": invoice.origin,
        "posted": invoice.posted,
        "references": list(invoice.shipments),
    }


def invoice_whole(book: Company, invoice: Invoice) -> View:
    """An invoice with its lines, and what each shipment added."""
    lines = sorted(invoice.lines, key=lambda line: line["LineSeqNo"])
    return {
        **invoice_header(book, invoice),
        "lines": [invoice_line(book, line) for line in lines],
        "shipments": [
            {
                "ExternalReference": reference,
                "lines": [
                    {"OrderLineKey": key, "QuantityShipped": f"{quantity:f}"}
                    for key, quantity in shipped.items()
                ],
            }
            for reference, shipped in invoice.shipments.items()
        ],
    }


def invoice_line(book: Company, line: Row) -> View:
    """A line of an invoice."""
    return {**_columns("SO_InvoiceDetail", line), "ExternalReference": _reference(book, line)}


def tracking(invoice: Invoice, package: str) -> View:
    """A tracking row, out of the table where it is now."""
    shown: View = _columns(TABLE, invoice.tracking[package])
    if invoice.posted:
        shown["HeaderSeqNo"] = invoice.sequence
    items = invoice.packed.get(package, [])
    return {**shown, "items": items, "table": HISTORY if invoice.posted else TABLE}


def customer(kept: Dated) -> View:
    """A customer."""
    return {**_columns("AR_Customer", kept.row), **_changed(kept.changed)}


def warehouse(kept: Dated) -> View:
    """Quantities of an item in a warehouse."""
    return {**_columns("IM_ItemWarehouse", kept.row), **_changed(kept.changed)}


def padded(value: object) -> object:
    """The same with fixed-width columns filled up with NUL characters, at every depth."""
    if isinstance(value, Mapping):
        return {name: _fill(name, one) if name in _PADDED else padded(one) for name, one in value.items()}
    return [padded(one) for one in value] if isinstance(value, list) else value


_WIDTHS = {name: table[name].length for table in TABLES.values() for name in table if name in _PADDED}


def _fill(column: str, value: object) -> object:
    return value.ljust(_WIDTHS[column], "\0") if isinstance(value, str) else value


def _columns(table: str, row: Mapping[str, str]) -> View:
    dates = {name for name, column in TABLES[table].items() if column.kind == "date"}
    return {name: (value or None) if name in dates else value for name, value in row.items()}


def _changed(moment: datetime) -> View:
    hours = moment.hour + moment.minute / 60 + moment.second / 3600
    return {
        "DateUpdated": f"{moment:%Y-%m-%d}",
        "TimeUpdated": f"{hours:08.5f}",
        "changed_at": moment_text(moment),
    }


def moment_text(moment: datetime) -> str:
    """A moment as the agent writes it, to the microsecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _reference(book: Company, row: Mapping[str, str]) -> str:
    return row.get(book.options.reference_field, "")
