"""UpdateSalesOrder: a whole order comes back as it was read, with some values changed; only those are set.

Lines are told apart by LineKey, a line without one is new; lines that are not named stay (unconfirmed).
"""

from collections.abc import Mapping

from connector.simulators.sage100 import orders
from connector.simulators.sage100.book import Company, Order, Row, line_of, total
from connector.simulators.sage100.columns import checked
from connector.simulators.sage100.orders import DETAIL, HEADER, NewOrder
from connector.simulators.sage100.refusals import Refusal

_SAGES_OWN = frozenset(
    "SalesOrderNo CurrentInvoiceNo LastInvoiceOrderNo LastInvoiceOrderDate TaxableAmt NonTaxableAmt DateCreated".split()
)


def update(book: Company, wanted: NewOrder) -> None:
    """Set what differs, in whole or not at all. Raises Refusal."""
    order = orders.writable(book, wanted.header.get("SalesOrderNo", ""))
    changed = _changed(HEADER, order.header, wanted.header)
    own = sorted(_SAGES_OWN & set(changed))
    if own:
        raise Refusal("invalid_field", f"{own[0]} cannot be changed.", field=own[0])
    book.set(HEADER, order.header, changed)
    for line in wanted.lines:
        _update_line(book, order, line)
    total(order.lines, order.header, book.options.tax_rate)
    book.keep_order(order)


def _changed(table: str, row: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if row.get(name, "") != checked(table, name, value)}


def _update_line(book: Company, order: Order, wanted: Mapping[str, str]) -> None:
    if not wanted.get("LineKey"):
        order.lines.append(orders.new_line(book, order, wanted))
        return
    line: Row = line_of(order.lines, wanted["LineKey"])
    orders.set_line(book, line, _changed(DETAIL, line, wanted))
