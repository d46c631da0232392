"""The request that ships, and what is checked before and after it: pure, over documents that were read.

Magento ships less than asked without a word, so each way of doing that is refused here first. Finding,
sending and reading back is `shipments.py`; which order item a line means is `lines.py`.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import Rejected
from connector.planned import ShipmentStep
from connector.reference import bears, marked
from connector.systems.magento.lines import Allocation, Goods, same_sku
from connector.systems.magento.settings import BundleForm
from connector.systems.magento.wire import (
    ZERO,
    Order,
    OrderItem,
    Ship,
    ShipArguments,
    ShipArgumentsExtension,
    ShipComment,
    ShipItem,
    Shipment,
    ShipTrack,
)

_OTHER_FORM = re.compile(r'bundle product "(?P<sku>.+?)" has shipment type "(?P<form>Together|Separately)"')
"""Recordings `ship.bundle_together_child`, `ship.bundle_separately_parent`; only in a shop that answers in
English."""


@dataclass(frozen=True)
class Sight:
    """An order and its shipments, as they stood when we looked."""

    goods: Goods
    shipments: tuple[Shipment, ...]

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.goods.order

    def bearing(self, reference: str) -> tuple[Shipment, ...]:
        """The shipments that bear this reference in a comment."""
        return tuple(shipment for shipment in self.shipments if has_reference(shipment, reference))


def ship_body(step: ShipmentStep, allocation: Allocation, source_code: str) -> Ship:
    """The request that ships this allocation, with the note, the marker and one track a package."""
    extension = ShipArgumentsExtension(source_code=source_code) if source_code else None
    return Ship(
        items=tuple(
            ShipItem(order_item_id=int(key), qty=quantity) for key, quantity in allocation.quantities.items()
        ),
        notify=step.notify_customer,
        comment=ShipComment(comment=marked(step.notes, step.reference)),
        tracks=tracks_of(step),
        arguments=ShipArguments(extension_attributes=extension) if extension else None,
    )


def tracks_of(step: ShipmentStep) -> tuple[ShipTrack, ...]:
    """Each tracking number once; packages without one are left out, for Magento refuses empty numbers."""
    tracks = {
        (package.tracking_number, package.carrier_code): ShipTrack(
            track_number=package.tracking_number,
            title=package.title or package.carrier_code,
            carrier_code=package.carrier_code,
        )
        for package in step.packages
        if package.tracking_number
    }
    return tuple(tracks.values())


def something_left(sight: Sight) -> None:
    """Raises Rejected where nothing of the order is left to ship."""
    if not sight.goods.anything_left:
        numbers = ", ".join(shipment.increment_id for shipment in sight.shipments)
        by = f"already shipped in full by {numbers}" if numbers else "has nothing left to ship"
        raise Rejected(f"order {sight.order.increment_id} {by}", code="nothing left")


def enough(sight: Sight, allocation: Allocation) -> None:
    """Raises Rejected where Magento would ship less than this without saying so: more than is left, or a
    fraction of what is sold whole (recordings `ship.over_quantity_clamped`, `ship.fraction_above_one`)."""
    order, items = sight.order, sight.goods.by_id
    for key, quantity in allocation.quantities.items():
        item = items[key]
        if quantity % 1 and not item.is_qty_decimal:
            raise Rejected(
                f"{quantity:f} of {item.sku} asked, but order {order.increment_id} counts whole ones",
                code="fraction",
                field=item.sku,
            )
        if quantity > item.left:
            raise Rejected(_too_much(order, item, quantity), code="too much", field=item.sku)


def has_reference(shipment: Shipment, reference: str) -> bool:
    """Did this shipment come from the step with this reference?"""
    return any(bears(comment.comment, reference) for comment in shipment.comments)


def differences(goods: Goods, shipment: Shipment, allocation: Allocation, step: ShipmentStep) -> list[str]:
    """Where its lines are not as asked, in words with both sides, and whether our reference is missing."""
    asked, there = allocation.quantities, goods.shown(quantities_of(shipment), allocation.forms)
    found = [
        f"{_name(goods, key)}: asked {asked.get(key, ZERO):f}, there {there.get(key, ZERO):f}"
        for key in dict.fromkeys((*asked, *there))
        if asked.get(key, ZERO) != there.get(key, ZERO)
    ]
    return found if has_reference(shipment, step.reference) else [*found, "our reference is missing"]


def missing_tracks(shipment: Shipment, step: ShipmentStep) -> tuple[ShipTrack, ...]:
    """The tracks that were asked for and are not there; those that somebody added are no matter of ours."""
    there = {(track.track_number, track.carrier_code) for track in shipment.tracks}
    return tuple(track for track in tracks_of(step) if (track.track_number, track.carrier_code) not in there)


def quantities_of(shipment: Shipment) -> dict[str, Decimal]:
    """Order item id -> quantity in this shipment."""
    quantities: dict[str, Decimal] = {}
    for item in shipment.items:
        quantities[item.order_item_id] = quantities.get(item.order_item_id, ZERO) + item.qty
    return quantities


def corrected_forms(goods: Goods, allocation: Allocation, message: str) -> dict[str, BundleForm]:
    """The bundles that Magento says ship the other way; then nothing was done, and the other way is tried
    once."""
    forms: dict[str, BundleForm] = {}
    for sku, word in _OTHER_FORM.findall(message):
        form: BundleForm = "separately" if word == "Separately" else "together"
        for key, tried in allocation.forms.items():
            if same_sku(goods.by_id[key].sku, sku) and tried != form:
                forms[key] = form
    return forms


def _too_much(order: Order, item: OrderItem, quantity: Decimal) -> str:
    return (
        f"{quantity:f} of {item.sku} asked, but {item.left:f} left to ship on order {order.increment_id} "
        f"(ordered {item.qty_ordered:f}, shipped {item.qty_shipped:f}, refunded {item.qty_refunded:f}, "
        f"canceled {item.qty_canceled:f})"
    )


def _name(goods: Goods, key: str) -> str:
    item = goods.by_id.get(key)
    return f"{item.sku} (item {key})" if item else f"item {key}"


def contents(shipment: Shipment) -> str:
    """What is in the shipment, for people."""
    return ", ".join(f"{item.qty:f} × {item.sku}" for item in shipment.items) or "nothing"
