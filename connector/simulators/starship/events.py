"""The events of the bridge, in the members of its contract (`POST /webhooks/{connection}`). Pure."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.simulators.starship.book import OrderKey
from connector.simulators.starship.options import Options
from connector.simulators.starship.rating import Rated
from connector.simulators.starship.shapes import Address, Content, Item, OrderRef, Package, Wanted

LEAST_OF_A_VOID = ("type", "occurred_at", "shipment_id", "processing", "orders")


def moment(when: datetime) -> str:
    """A moment as `2026-01-31T12:00:00Z`, in whole seconds."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def content(
    shipment: Wanted, ship_date: date, ship_to: Address, rated: Rated, options: Options
) -> dict[str, Any]:
    """What a processed event says beside its head; items and packages of the shipment are complete."""
    weights = sum((one.weight for one in shipment.packages), Decimal(0))
    charges: dict[str, Any] = {"currency": rated.currency}
    for name in ("list", "contract", "applied", "handling"):
        charges[name] = _number(getattr(rated, name), options)
    told: dict[str, Any] = {
        "replaces": shipment.replaces,
        "again": False,
        "status": "Processed",
        "ship_date": ship_date.isoformat(),
        **shipment.model_dump(include={"carrier", "scac", "service", "ship_via_code", "payment"}),
        "master_tracking": shipment.master_tracking or shipment.packages[0].tracking,
        "pro": shipment.pro,
        "bol": shipment.bol,
        "charges": charges,
        "total_weight": _number(weights if shipment.total_weight is None else shipment.total_weight, options),
        "weight_unit": options.weight_unit,
        "ship_to": ship_to.model_dump(),
        "orders": [_order(one, options) for one in shipment.orders],
        "items": [{**one.model_dump(), "quantity": _number(one.quantity, options)} for one in shipment.items],
        "packages": [_package(one, options) for one in shipment.packages],
        "notes": [one.model_dump() for one in shipment.notes],
        "custom": shipment.custom,
    }
    if options.items == "left_out" and all(one.contents for one in shipment.packages):
        del told["items"]
    return told


def _number(value: Decimal | None, options: Options) -> str | Decimal:
    if value is None:
        return ""
    return format(value, "f") if options.numbers == "text" else value


def _order(one: OrderRef, options: Options) -> dict[str, Any]:
    told = {"document_type": one.document_type, "key": one.key}
    share = {} if one.freight_share is None else {"freight_share": _number(one.freight_share, options)}
    return {**told, **share}


def _package(one: Package, options: Options) -> dict[str, Any]:
    numbers = {name: _number(getattr(one, name), options) for name in ("weight", "length", "width", "height")}
    contents = [{**part.model_dump(), "quantity": _number(part.quantity, options)} for part in one.contents]
    return {**one.model_dump(), **numbers, "contents": contents}


def without(wanted: Wanted, key: OrderKey) -> Wanted:
    """The shipment without one of its orders, and without the packages that held only of it."""

    def others(one: Item | Content) -> bool:
        return one.order != key[1] or one.document_type not in ("", key[0])

    emptied = [
        one.model_copy(update={"contents": tuple(filter(others, one.contents))})
        for one in wanted.packages
        if not one.contents or any(map(others, one.contents))
    ]
    changes = {
        "orders": tuple(one for one in wanted.orders if (one.document_type, one.key) != key),
        "items": tuple(filter(others, wanted.items)),
        "packages": tuple(emptied),
    }
    return wanted.model_copy(update=changes)
