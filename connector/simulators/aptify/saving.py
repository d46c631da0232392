"""Saving any record: which entity has rules of its own, what may not be written at all, and the rest as it comes."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from connector.simulators.aptify import inventory, ordering
from connector.simulators.aptify.bodies import Sent
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.changes import changes
from connector.simulators.aptify.entities import (
    GL_ENTRIES,
    LEDGER_ENTRIES,
    ORDER_LINES,
    ORDER_SHIPMENTS,
    ORDERS,
    PAYMENTS,
    PRODUCT_INVENTORY,
    PRODUCTS,
)
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site


def save(site: Site, sent: Sent) -> Record:
    """Make or change a record with its sub-type records, all or nothing. Raises Refused."""
    with site.book.transaction():
        return _RULES.get(sent.entity.name, _plain)(site, sent)


def _plain(site: Site, sent: Sent) -> Record:
    """Without rules: what is sent is kept."""
    if sent.is_new:
        kept = {name: value for name, value in sent.values.items() if name not in sent.entity.computed}
        record = site.book.add(sent.entity, **{name: value for name, value in kept.items() if name != "ID"})
    else:
        record = site.book.get(sent.entity, sent.id)
        site.book.set(record, **changes(record, sent.values))
    for place, one in enumerate(sent.sub_types, 1):
        one.values[one.entity.parent] = record.id
        child = _plain(site, one)
        if child["Sequence"] is None and "Sequence" in child.entity.fields:
            site.book.set(child, Sequence=place)
    return record


def _line(site: Site, sent: Sent) -> Record:
    """A line by itself is saved through its order."""
    known = site.book.find(ORDER_LINES, sent.id)
    order = site.book.get(ORDERS, known["OrderID"] if known else sent.values.get("OrderID"))
    before = {one.id for one in site.book.of_order(ORDER_LINES, order)}
    ordering.save(site, Sent(ORDERS, order.id, {}, [sent]))
    made = [one for one in site.book.of_order(ORDER_LINES, order) if one.id not in before]
    return made[0] if made else site.book.get(ORDER_LINES, sent.id)


def _shipment(site: Site, sent: Sent) -> Record:
    known = site.book.find(ORDER_SHIPMENTS, sent.id)
    order = site.book.get(ORDERS, known["OrderID"] if known else sent.values.get("OrderID"))
    return ordering.save_shipment(site, order, sent)


def _payment(site: Site, sent: Sent) -> Record:
    if not sent.is_new:
        raise _immutable(site.book.get(PAYMENTS, sent.id))
    order = site.book.get(ORDERS, sent.values.get("OrderID"))
    comments = str(sent.values.get("Comments") or "")
    return ordering.pay(
        site, order, sent.values.get("Amount") or Decimal(0), comments, sent.values.get("PayTypeID")
    )


def _ledger_entry(site: Site, sent: Sent) -> Record:
    """A movement of stock; once made it stays as it is."""
    if not sent.is_new:
        raise _immutable(site.book.get(LEDGER_ENTRIES, sent.id))
    values = sent.values
    if values.get("EntryType") not in ("Purchase", "Adjustment", "Transfer", "Batch"):
        raise Refused(f"There is no entry type '{values.get('EntryType')}'.", "EntryType")
    return inventory.move(
        site,
        site.book.get(PRODUCTS, values.get("ProductID")),
        values["EntryType"],
        values.get("Quantity") or Decimal(0),
        values.get("InventoryLocationID") or 1,
        values.get("ToInventoryLocationID"),
        str(values.get("Comments") or ""),
    )


def _generated(site: Site, sent: Sent) -> Record:
    """What the site makes by itself is made by nobody else, and not changed."""
    if sent.is_new:
        raise Refused(f"Records of {sent.entity.name} are generated and cannot be added.", "EntityName")
    raise _immutable(site.book.get(sent.entity, sent.id))


def _immutable(record: Record) -> Refused:
    return Refused(f"{record.label} was generated and cannot be changed.", "ID")


_RULES: Mapping[str, Callable[[Site, Sent], Record]] = {
    ORDERS.name: ordering.save,
    ORDER_LINES.name: _line,
    ORDER_SHIPMENTS.name: _shipment,
    PAYMENTS.name: _payment,
    LEDGER_ENTRIES.name: _ledger_entry,
    GL_ENTRIES.name: _generated,
    PRODUCT_INVENTORY.name: _generated,
}
