"""What stored events say, with the orders that came along; or why this release cannot read what another one stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connector.store import Transaction, contexts
from connector.store.intake import EventRow
from schemas.base import mistakes
from schemas.documents import Order
from schemas.events import EVENT_TYPES, EventData


@dataclass(frozen=True)
class Reading:
    """All by event id. `unreadable`: of those that are in none of the others, what is wrong."""

    data: Mapping[int, EventData]
    orders: Mapping[int, Mapping[str, Order]]
    unreadable: Mapping[int, str]


def read(tx: Transaction, events: Sequence[EventRow]) -> Reading:
    """Read them, and their context."""
    context = contexts.context_of(tx, [event.id for event in events])
    data: dict[int, EventData] = {}
    orders: dict[int, Mapping[str, Order]] = {}
    unreadable: dict[int, str] = {}
    for event in events:
        try:
            said = EVENT_TYPES[event.type].model_validate(event.data)
            orders[event.id] = _orders(said, context.get(event.id, {}).get("order", {}))
            data[event.id] = said
        except KeyError:
            unreadable[event.id] = f"this release knows no event {event.type}"
        except ValidationError as error:
            unreadable[event.id] = f"this release cannot read what is stored of it: {_said(error)}"
    return Reading(data, orders, unreadable)


def _orders(data: EventData, context: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Order]:
    """What the publisher sent along, and the stored context, which is newer."""
    sent = {order.number: order for order in getattr(data, "orders", ())}
    return sent | {number: Order.model_validate(document) for number, document in context.items()}


def _said(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in mistakes(error))
