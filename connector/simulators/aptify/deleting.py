"""Deleting a record: order lines leave their order while it is open; what was generated, and orders, stay."""

from connector.simulators.aptify import lines, ordering
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.entities import (
    GL_ENTRIES,
    LEDGER_ENTRIES,
    ORDER_LINES,
    ORDER_SHIPMENTS,
    ORDERS,
    PAYMENTS,
    PRODUCT_INVENTORY,
)
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

_KEPT = (ORDERS, ORDER_SHIPMENTS, PAYMENTS, GL_ENTRIES, LEDGER_ENTRIES, PRODUCT_INVENTORY)


def delete(site: Site, sent: Sent) -> None:
    """Delete a record. Raises Refused."""
    record = site.book.get(sent.entity, sent.id)
    if sent.entity in _KEPT:
        raise Refused(f"{record.label} cannot be deleted.", "ID")
    if sent.entity is ORDER_LINES:
        order = site.book.get(ORDERS, record["OrderID"])
        lines.remove(site, order, record)
        ordering.refresh(site, order)
        site.book.touch(order)
        return
    site.book.remove(record)
