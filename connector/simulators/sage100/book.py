"""What one company of the simulated Sage holds: orders, invoices, customers, items, and what became of orders.

Reading a document gives a copy, `keep` puts it back: so a write that is refused half way leaves nothing behind.
"""

import copy
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeVar

from connector.simulators.sage100.columns import TABLES, USER_FIELD, amount_text, blank_row, checked
from connector.simulators.sage100.options import Options
from connector.simulators.sage100.refusals import Refusal, not_found, unknown_value

Row = dict[str, str]
Origin = Literal["starship", "shipping_data_entry", "invoice_data_entry"]
NOTHING = Decimal(0)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Order:
    """A live sales order."""

    header: Row
    lines: list[Row]
    last_key: int = 0
    changed: datetime = _LONG_AGO

    @property
    def number(self) -> str:
        """SalesOrderNo."""
        return self.header["SalesOrderNo"]


@dataclass
class Invoice:
    """An S/O invoice, open or posted. `shipments`: external reference -> OrderLineKey -> quantity."""

    header: Row
    lines: list[Row]
    tracking: dict[str, Row] = field(default_factory=dict)
    packed: dict[str, list[Row]] = field(default_factory=dict)
    shipments: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    posted: bool = False
    sequence: str = ""
    last_key: int = 0
    changed: datetime = _LONG_AGO

    @property
    def number(self) -> str:
        """InvoiceNo."""
        return self.header["InvoiceNo"]

    @property
    def origin(self) -> Origin:
        """Which program made it, by the columns that tell (inferred, as the agent does)."""
        if self.header["StarshipRecordsCreated"] == "Y":
            return "starship"
        return "shipping_data_entry" if self.header["ShipperID"] else "invoice_data_entry"


@dataclass
class Dated:
    """A row that says only of itself when it changed."""

    row: Row
    changed: datetime = _LONG_AGO


@dataclass(frozen=True)
class Item:
    """What Sage knows of an item: it fills a line once the item code is set."""

    code: str
    kind: str = "1"
    description: str = ""
    price: Decimal = NOTHING
    unit: str = "EACH"
    weight: Decimal = NOTHING


COMMENT = Item("/C", kind="4", unit="")


@dataclass
class Failing:
    """A column whose writing is refused, `times` times or always."""

    table: str
    column: str
    message: str
    times: int | None = None


_Kept = TypeVar("_Kept", Order, Invoice, Dated)


class Company:
    """One company code. `failing` are writes that are made to fail."""

    def __init__(self, options: Options, failing: list[Failing]) -> None:
        self.options = options
        self.failing = failing
        self.orders: dict[str, Order] = {}
        self.history: dict[str, Dated] = {}
        self.invoices: dict[str, Invoice] = {}
        self.customers: dict[tuple[str, str], Dated] = {}
        self.contacts: dict[tuple[str, str, str], Row] = {}
        self.items: dict[str, Item] = {COMMENT.code: COMMENT}
        self.warehouses: dict[tuple[str, str], Dated] = {}
        self.ship_vias: frozenset[str] = frozenset()
        """Those that Shipping Code Maintenance knows; none seeded means that any is taken."""
        self._last_numbers: dict[str, int] = {}
        self._last_stamp = _LONG_AGO

    def now(self) -> datetime:
        """The clock's moment."""
        return self.options.clock()

    def today(self) -> str:
        """The date of the session."""
        return f"{self.now():%Y-%m-%d}"

    def next_number(self, kind: str, taken: Container[str]) -> str:
        """The next document number of a kind, zero-filled to 7; asking uses it up, as in Sage."""
        number = self._last_numbers.get(kind, 0) + 1
        while f"{number:07}" in taken:
            number += 1
        self._last_numbers[kind] = number
        return f"{number:07}"

    def order(self, number: str) -> Order:
        """A copy of a live order. Raises Refusal."""
        if number not in self.orders:
            raise not_found("Sales order", number)
        return copy.deepcopy(self.orders[number])

    def invoice(self, number: str) -> Invoice:
        """A copy of an invoice, open or posted. Raises Refusal."""
        if number not in self.invoices:
            raise not_found("Invoice", number)
        return copy.deepcopy(self.invoices[number])

    def open_invoice_of(self, order: Order) -> Invoice | None:
        """A copy of the invoice that is open for this order."""
        number = order.header["CurrentInvoiceNo"]
        found = self.invoices.get(number)
        return copy.deepcopy(found) if found is not None and not found.posted else None

    def customer(self, division: str, number: str) -> Row:
        """A customer's row. Raises Refusal."""
        found = self.customers.get((division, number))
        if found is None:
            raise not_found("Customer", f"{division}-{number}")
        return dict(found.row)

    def item(self, code: str) -> Item:
        """An item. Raises Refusal."""
        if code not in self.items:
            raise unknown_value("ItemCode", code)
        return self.items[code]

    def keep_order(self, order: Order) -> None:
        """Put an order (back) into the tables; its change is what became of it, too."""
        self.orders[order.number] = self._stamped(order)
        self.remember(order, "Q" if order.header["OrderType"] in {"Q", "P"} else "A")

    def keep_invoice(self, invoice: Invoice) -> None:
        """Put an invoice (back) into the tables."""
        self.invoices[invoice.number] = self._stamped(invoice)

    def keep_customer(self, row: Row) -> None:
        """Put a customer (back) into the table."""
        self.customers[row["ARDivisionNo"], row["CustomerNo"]] = self._stamped(Dated(row))

    def keep_warehouse(self, row: Row) -> None:
        """Put the quantities of an item in a warehouse (back) into the table."""
        self.warehouses[row["ItemCode"], row["WarehouseCode"]] = self._stamped(Dated(row))

    def remember(self, order: Order, status: str) -> None:
        """Write what became of an order into history."""
        names = "SalesOrderNo OrderDate ARDivisionNo CustomerNo CustomerPONo CancelReasonCode".split()
        row = {name: order.header[name] for name in names}
        row |= {"OrderStatus": status, "LastInvoiceNo": order.header["LastInvoiceOrderNo"]}
        row[self.options.reference_field] = order.header.get(self.options.reference_field, "")
        self.history[order.number] = self._stamped(Dated(row))

    def _stamped(self, kept: _Kept) -> _Kept:
        """A copy with the time of change: never earlier than one given before."""
        self._last_stamp = max(self.now(), self._last_stamp)
        kept = copy.deepcopy(kept)
        kept.changed = self._last_stamp
        return kept

    def row(self, table: str, values: Mapping[str, str]) -> Row:
        """A new row with these values set one by one. Raises Refusal."""
        row = blank_row(table)
        self.set(table, row, values)
        return row

    def set(self, table: str, row: Row, values: Mapping[str, str]) -> None:
        """Set columns of a row, as `SetValue` would. Raises Refusal."""
        for column, value in values.items():
            self._suffer(table, column)
            kept = checked(table, column, value)
            self._must_be_known(column, kept)
            row[column] = kept

    def _must_be_known(self, column: str, value: str) -> None:
        if column == "ShipVia" and value and self.ship_vias and value not in self.ship_vias:
            raise unknown_value(column, value)
        known = self.options.user_fields
        if (
            column.startswith("UDF_")
            and known is not None
            and column not in {*known, self.options.reference_field}
        ):
            raise Refusal("invalid_field", f"{column} is not a user-defined field.", field=column)

    def _suffer(self, table: str, column: str) -> None:
        for one in self.failing:
            if (one.table, one.column) == (table, column) and one.times != 0:
                one.times = None if one.times is None else one.times - 1
                raise Refusal("invalid_field", one.message, field=column)


def total(lines: list[Row], header: Row, tax_rate: Decimal) -> None:
    """Put the sum of the lines' extensions onto the header, and their tax where the site computes one."""
    goods = sum((Decimal(line["ExtensionAmt"]) for line in lines), NOTHING)
    header["TaxableAmt" if tax_rate else "NonTaxableAmt"] = amount_text(goods)
    if tax_rate:
        header["SalesTaxAmt"] = amount_text(goods * tax_rate / 100)


def next_line_key(document: Order | Invoice) -> str:
    """The next LineKey of a document; that of a deleted line is not used again."""
    document.last_key = 1 + max([document.last_key, *(int(line["LineKey"]) for line in document.lines)])
    return f"{document.last_key:06}"


def line_of(lines: list[Row], key: str) -> Row:
    """The line with this key. Raises Refusal."""
    found = next((line for line in lines if line["LineKey"] == key), None)
    if found is None:
        raise not_found("Line", key)
    return found


def expect(table: str, row: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """See that these values still stand; numbers compare as numbers. Raises Refusal."""
    for column, value in expected.items():
        if column not in TABLES[table] and not USER_FIELD.fullmatch(column):
            raise Refusal("invalid_field", f"{column} is not a column of {table}.", field=column)
        stands = row.get(column, "")
        if _comparable(table, column, stands) != _comparable(table, column, value):
            message = f"{column} is {stands!r}, not {value!r} as expected."
            raise Refusal("expectation_failed", message, field=column)


def _comparable(table: str, column: str, value: str) -> object:
    text = value.rstrip("\0 ")
    found = TABLES[table].get(column)
    if found is not None and found.kind not in {"amount", "quantity"}:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
