"""The acts about an association: a member orders in its shop, the order is taken in Aptify, ships there for good, and
comes back as a shipment of the shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from connector import embedded, publish
from connector.demo.membership import JOURNAL, MUGS, SHIPPING, TRACKING
from connector.demo.stage import APTIFY, DISPATCH, MEMBERS, Stage
from connector.demo.trade import own_number
from connector.status import Status
from schemas.events import OrderCreated, ShipmentConfirmed

MADE: Mapping[str, int] = {"members' orders": 1, "members' shipments": 1, "Aptify orders": 1}
"""How many documents of each kind all this leaves, by the names of `Books.counts`."""

_PACKED = "D-1001"


@dataclass(frozen=True)
class Joined:
    """The member's order by its numbers in the shop and in Aptify, and the shipment that dispatch told of."""

    ordered: str
    taken: str
    packed: str


def join(stage: Stage) -> Joined:
    """All of it, in the order in which people do it."""
    ordered = _order(stage)
    taken = own_number(stage.becomes(Status.PUBLISHED, OrderCreated.type, MEMBERS, ordered).target_number)
    stage.say(f"{taken} is packed: two mugs leave the warehouse, and Aptify is to ship the order")
    _dispatch(stage, taken)
    stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, DISPATCH, _PACKED)
    stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, APTIFY, taken)
    return Joined(ordered, taken, _PACKED)


def _order(stage: Stage) -> str:
    lines = [
        {"sku": MUGS.sku, "qty": MUGS.quantity, "price": MUGS.price},
        {"sku": JOURNAL.sku, "qty": JOURNAL.quantity, "price": JOURNAL.price, "type": "virtual"},
    ]
    basket = {"customer_email": "member@example.com", "shipping_amount": SHIPPING, "lines": lines}
    number = str(stage.site.control(stage.site.members, "POST", "orders", basket)["increment_id"])
    stage.say(f"{number}: a member orders two mugs and a journal in the association's shop")
    return number


def _dispatch(stage: Stage, order: str) -> None:
    """The association's dispatch hands the shipment in over the Redis stream."""
    line = {"order": order, "sku": MUGS.sku, "quantity": str(MUGS.quantity)}
    shipment = {
        "number": _PACKED,
        "lines": [line],
        "packages": [{"tracking_number": TRACKING}],
        "freight": {"amount": "6.80", "currency": "USD"},
    }
    event = {
        "specversion": "1.0",
        "id": f"dispatch-{_PACKED}",
        "type": ShipmentConfirmed.type,
        "source": DISPATCH,
        "subject": _PACKED,
        "time": datetime.now(UTC).isoformat(),
        "data": {"shipment": shipment},
    }
    publish(event, broker_url=embedded.locate(stage.site.settings.home).url_for_redis)
