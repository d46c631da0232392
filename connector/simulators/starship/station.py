"""The shipments of the station, and what may be done to each in which status. It delivers nothing.

Open → Processed → Posted → In Transit, Delivered. A Processed one can go back to Open or be deleted, which voids it
with the carrier; a Posted one never can. Source: the vendor's page on shipment status.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from connector.simulators.starship import events
from connector.simulators.starship.book import Book, Clock, Order, OrderKey
from connector.simulators.starship.options import Options
from connector.simulators.starship.packing import LineKey, line_of, pack
from connector.simulators.starship.rating import rate, tracked
from connector.simulators.starship.refusals import Refusal, Unknown
from connector.simulators.starship.shapes import Item, Package, Wanted

Status = Literal["Open", "Processed", "Posted", "In Transit", "Delivery Exception", "Delivered", "Deleted"]
Move = Literal["process", "void", "delete", "post"]
Tracked = Literal["In Transit", "Delivery Exception", "Delivered"]
Event = Mapping[str, Any]

MOVES: Mapping[tuple[Move, Status], Status] = {
    ("process", "Open"): "Processed",
    ("void", "Processed"): "Open",
    ("delete", "Open"): "Deleted",
    ("delete", "Processed"): "Deleted",
    ("post", "Processed"): "Posted",
}
"""What a person does, in which status -> the status after it. What is not here is refused."""

ON_THE_WAY: Mapping[Status, frozenset[Tracked]] = {
    "Posted": frozenset({"In Transit", "Delivery Exception", "Delivered"}),
    "In Transit": frozenset({"Delivery Exception", "Delivered"}),
    "Delivery Exception": frozenset({"In Transit", "Delivered"}),
}
"""What the carrier may say next."""

_FINAL = frozenset({"Posted", "In Transit", "Delivery Exception", "Delivered"})
_DONE = {"process": "processed", "void": "voided", "delete": "deleted", "post": "posted"}


@dataclass
class Shipment:
    """One shipment; `told` is its last processing as it was told, `processing` how often it was processed."""

    number: str
    wanted: Wanted
    orders: list[Order]
    items: tuple[Item, ...]
    packages: tuple[Package, ...]
    status: Status = "Open"
    processing: int = 0
    told: Event | None = None
    events: list[Event] = field(default_factory=list)


class Station:
    """Every shipment, by number; each that tells of something returns the event."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.book = Book()
        self.shipments: dict[str, Shipment] = {}
        self._options = options
        self._clock = clock
        self._last = 0

    def find(self, number: str) -> Shipment:
        """A shipment. Raises Unknown."""
        if number not in self.shipments:
            raise Unknown(f"There is no shipment {number}")
        return self.shipments[number]

    def new(self, wanted: Wanted) -> Shipment:
        """A new shipment, Open. Raises Refusal where its orders cannot be selected or the content does not fit."""
        self._refuse_to_replace(wanted.replaces)
        orders = self.book.select(wanted.orders)
        items, packages = pack(wanted, orders, self._gone())
        self._last = max(self._last + 1, self._options.first_number)
        number = str(self._last)
        self.shipments[number] = Shipment(number, wanted, orders, items, packages)
        return self.shipments[number]

    def edit(self, shipment: Shipment, wanted: Wanted) -> None:
        """Give an Open shipment another content; its orders stay as they are."""
        self._refuse_unless_open(shipment, "changed")
        if _keys(wanted) != _keys(shipment.wanted):
            raise Refusal(
                f"The orders of shipment {shipment.number} cannot be changed; an order can be removed"
            )
        self._refuse_to_replace(wanted.replaces)
        self._repack(shipment, wanted, shipment.orders)

    def remove(self, shipment: Shipment, key: OrderKey) -> None:
        """Take an order out of a shipment of several, with what is packed of it. Raises Refusal after processing."""
        left = [one for one in shipment.orders if (one.document_type, one.key) != key]
        if len(left) == len(shipment.orders):
            raise Refusal(f"Sales Order {key[1]} is not in shipment {shipment.number}")
        self._refuse_unless_open(shipment, f"left by Sales Order {key[1]}")
        if not left:
            raise Refusal(
                f"Sales Order {key[1]} is the only one of shipment {shipment.number}: delete the shipment"
            )
        self._repack(shipment, events.without(shipment.wanted, key), left)

    def act(self, shipment: Shipment, move: Move) -> Event | None:
        """Process, void, delete or post it; the event where others are told. Raises Refusal."""
        after = MOVES.get((move, shipment.status))
        if after is None:
            raise Refusal(_why_not(shipment, move))
        before, shipment.status = shipment.status, after
        if move == "process":
            return self._tell(shipment, self._processed(shipment))
        if before == "Processed" and move in ("void", "delete"):
            return self._tell(shipment, self._voided(shipment))
        return None

    def track(self, shipment: Shipment, status: Tracked) -> None:
        """Take what the carrier says of a posted shipment. Raises Refusal."""
        if status not in ON_THE_WAY.get(shipment.status, frozenset()):
            raise Refusal(f"Shipment {shipment.number} is {shipment.status}: it cannot become {status}")
        shipment.status = status

    def write_back(self, shipment: Shipment) -> Event:
        """Tell the last processing again, because a person wants it. Raises Refusal where it does not stand."""
        if shipment.told is None or shipment.status in ("Open", "Deleted"):
            raise Refusal(f"Shipment {shipment.number} is {shipment.status}: there is nothing to write back")
        return self._tell(shipment, {**shipment.told, "again": True})

    def _processed(self, shipment: Shipment) -> Event:
        shipment.processing += 1
        wanted = shipment.wanted
        packages = tracked(shipment.packages, wanted.carrier, int(shipment.number), shipment.processing)
        rated = rate(wanted.charges, packages, self._options.freight, self._options.currency)
        head = {
            "type": "processed" if shipment.processing == 1 else "reprocessed",
            "occurred_at": events.moment(self._clock()),
            "shipment_id": shipment.number,
            "processing": shipment.processing,
        }
        complete = wanted.model_copy(update={"packages": packages, "items": shipment.items})
        ship_date = wanted.ship_date or self._clock().date()
        ship_to = wanted.ship_to or shipment.orders[0].ship_to
        content = events.content(complete, ship_date, ship_to, rated, self._options)
        shipment.told = {**head, **content}
        return shipment.told

    def _voided(self, shipment: Shipment) -> Event:
        event = {
            **(shipment.told or {}),
            "type": "voided",
            "occurred_at": events.moment(self._clock()),
            "status": shipment.status,
        }
        if self._options.voids == "short":
            return {name: event[name] for name in events.LEAST_OF_A_VOID}
        return event

    def _tell(self, shipment: Shipment, event: Event) -> Event:
        serial = f"{self._options.site}/{shipment.number}/{len(shipment.events) + 1}"
        told = {"event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, serial)), **event}
        shipment.events.append(told)
        return told

    def _repack(self, shipment: Shipment, wanted: Wanted, orders: list[Order]) -> None:
        items, packages = pack(wanted, orders, self._gone(but=shipment))
        shipment.wanted, shipment.orders = wanted, orders
        shipment.items, shipment.packages = items, packages

    def _gone(self, but: Shipment | None = None) -> Mapping[LineKey, Decimal]:
        gone: defaultdict[LineKey, Decimal] = defaultdict(Decimal)
        for shipment in self.shipments.values():
            if shipment is not but and shipment.status != "Deleted":
                for item in shipment.items:
                    gone[line_of(item)] += item.quantity
        return gone

    def _refuse_to_replace(self, number: str) -> None:
        if number and self.find(number).status != "Deleted":
            raise Refusal(f"Shipment {number} is not deleted: only a deleted shipment can be replaced")

    def _refuse_unless_open(self, shipment: Shipment, what: str) -> None:
        if shipment.status != "Open":
            raise Refusal(
                f"Shipment {shipment.number} is {shipment.status}: it can be {what} only before it is processed"
            )


def _keys(wanted: Wanted) -> list[OrderKey]:
    return [(one.document_type, one.key) for one in wanted.orders]


def _why_not(shipment: Shipment, move: Move) -> str:
    said = f"Shipment {shipment.number} is {shipment.status}"
    if shipment.status in _FINAL and move in ("void", "delete"):
        return f"{said}: a shipment that was posted can never be voided"
    if move in ("void", "post") and shipment.status == "Open":
        return f"{said}: only a processed shipment can be {_DONE[move]}"
    return f"{said}: it cannot be {_DONE[move]}"
