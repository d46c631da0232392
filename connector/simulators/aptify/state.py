"""What `/_sim/state` shows: orders with all that belongs to them, stock, and every record by entity."""

from typing import Any

from connector.simulators.aptify import view
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import (
    ENTITIES,
    GL_ENTRIES,
    ORDER_LINES,
    ORDER_SHIPMENTS,
    ORDERS,
    PAYMENTS,
    PRODUCT_INVENTORY,
    SCHEDULED_GROUPS,
    SUBSCRIPTIONS,
    Entity,
)
from connector.simulators.aptify.site import Site

_PARTS = {
    "lines": ORDER_LINES,
    "shipments": ORDER_SHIPMENTS,
    "payments": PAYMENTS,
    "gl_entries": GL_ENTRIES,
    "schedules": SCHEDULED_GROUPS,
    "subscriptions": SUBSCRIPTIONS,
}


def describe(site: Site) -> dict[str, Any]:
    """All of it."""
    return {
        "orders": [order(site, one) for one in site.book.all(ORDERS)],
        "inventory": view.listed(site, PRODUCT_INVENTORY),
        "records": {name: view.listed(site, entity) for name, entity in ENTITIES.items()},
        "messages": site.messages,
        "pending": sorted(site.pending),
    }


def order(site: Site, record: Record) -> dict[str, Any]:
    """An order with its lines, shipments, payments, ledger entries, schedules and subscriptions."""
    parts = {name: _part(site, record, entity) for name, entity in _PARTS.items()}
    return {**view.described(site, record), **parts}


def _part(site: Site, record: Record, entity: Entity) -> list[view.Row]:
    return [_with_children(site, one) for one in site.book.of_order(entity, record)]


def _with_children(site: Site, record: Record) -> view.Row:
    children = {
        name: [view.described(site, one) for one in view.children(site, record, name)]
        for name in record.entity.sub_types
    }
    return {**view.described(site, record), **children}
