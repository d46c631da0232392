"""What people do in the shop itself, over `/_sim/orders…`: place orders, and work on them as the admin does.

Orders are named by the number people see (`increment_id`), lines by SKU. Each call goes the way the REST call
goes, so it is refused and clamped alike; what it saves is announced alike.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.simulators.base import Received, Reply, SeedError
from connector.simulators.magento import editing, invoicing, ordering, refunding, shipping
from connector.simulators.magento.checkout import PlainOrder
from connector.simulators.magento.errors import Refusal
from connector.simulators.magento.placing import place
from connector.simulators.magento.store import Document, Store

Asked = TypeVar("Asked", bound="Lines")


class Lines(BaseModel):
    """Which lines, SKU -> quantity (none means all that is left), and a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    skus: dict[str, Decimal] = {}
    comment: str | None = None

    def body(self, order: Document) -> Document:
        """The same as a REST call's body. Raises SeedError for a SKU the order has not."""
        items = [{"order_item_id": _item(order, sku), "qty": quantity} for sku, quantity in self.skus.items()]
        comment = {"comment": {"comment": self.comment}} if self.comment else {}
        return {"items": items, **comment}


class Track(BaseModel):
    """A parcel's number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    track_number: str
    title: str = "Custom"
    carrier_code: str = "custom"


class ToShip(Lines):
    """What is shipped."""

    tracks: list[Track] = []

    def body(self, order: Document) -> Document:
        """The same as a REST call's body. Raises SeedError."""
        return {**super().body(order), "tracks": [track.model_dump() for track in self.tracks]}


class ToInvoice(Lines):
    """What is invoiced; a `transaction_id` as a gateway gives it."""

    transaction_id: str | None = None


class ToRefund(Lines):
    """What is refunded offline; without `shipping_amount` the open shipping too."""

    shipping_amount: Decimal | None = None
    adjustment_positive: Decimal = Decimal(0)
    adjustment_negative: Decimal = Decimal(0)

    def body(self, order: Document) -> Document:
        """The same as a REST call's body. Raises SeedError."""
        names = {"shipping_amount", "adjustment_positive", "adjustment_negative"}
        return {**super().body(order), "arguments": self.model_dump(include=names)}


class Remark(Lines):
    """A comment on the order, with a status of the order's state or none."""

    status: str | None = None


def control(store: Store, received: Received) -> Reply | None:
    """Answer `POST /_sim/orders` and `POST /_sim/orders/{number}/{action}`; None for any other path.

    Raises SeedError for what makes no sense; what the shop refuses is answered as the shop would.
    """
    parts = received.raw_path.removeprefix("/_sim/").split("/")
    if received.method != "POST" or parts[0] != "orders":
        return None
    try:
        return _answer(store, received, [unquote(part) for part in parts[1:]])
    except Refusal as refusal:
        return refusal.reply()
    except ValidationError as error:
        raise SeedError(str(error)) from error


def _answer(store: Store, received: Received, parts: list[str]) -> Reply | None:
    if not parts:
        return Reply.of(_told(place(store, PlainOrder.model_validate(received.json()))))
    action = _ACTIONS.get(parts[1]) if len(parts) == 2 else None
    return Reply.of(action(store, _order(store, parts[0]), received)) if action else None


def _order(store: Store, number: str) -> Document:
    for order in store.orders.values():
        if order["increment_id"] == number:
            return order
    raise SeedError(f"there is no order {number}")


def _item(order: Document, sku: str) -> int:
    for item in order["items"]:
        if item["sku"] == sku and not item.get("parent_item_id"):
            return int(item["item_id"])
    raise SeedError(f"order {order['increment_id']} has no line of {sku}")


def _asked(model: type[Asked], received: Received) -> Asked:
    return model.model_validate(received.json() if received.body else {})


def _told(document: Document) -> Document:
    told = {name: document[name] for name in ("entity_id", "increment_id")}
    lines = [{"item_id": one["item_id"], "sku": one["sku"]} for one in document["items"] if "item_id" in one]
    return {**told, "items": lines} if lines else told


def _ship(store: Store, order: Document, received: Received) -> object:
    made = shipping.ship(store, order, _asked(ToShip, received).body(order))
    return _told(store.shipments[int(made)])


def _invoice(store: Store, order: Document, received: Received) -> object:
    asked = _asked(ToInvoice, received)
    document = store.invoices[int(invoicing.invoice(store, order, asked.body(order)))]
    if asked.transaction_id:
        document["transaction_id"] = asked.transaction_id
    return _told(document)


def _refund(store: Store, order: Document, received: Received) -> object:
    made = refunding.refund(store, order, _asked(ToRefund, received).body(order))
    return _told(store.creditmemos[int(made)])


def _comment(store: Store, order: Document, received: Received) -> object:
    asked = _asked(Remark, received)
    given: Mapping[str, Any] = {"comment": asked.comment, "status": asked.status}
    return {"done": ordering.comment(store, order, given)}


def _edit(store: Store, order: Document, received: Received) -> object:
    return _told(editing.edit(store, order, _asked(Lines, received).skus))


_ACTIONS: Mapping[str, Callable[[Store, Document, Received], object]] = {
    "cancel": lambda store, order, received: {"done": ordering.cancel(store, order)},
    "comment": _comment,
    "edit": _edit,
    "hold": lambda store, order, received: {"done": ordering.hold(store, order)},
    "invoice": _invoice,
    "refund": _refund,
    "ship": _ship,
    "unhold": lambda store, order, received: {"done": ordering.unhold(store, order)},
}
