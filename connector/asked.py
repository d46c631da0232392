"""What planning is asked: an event on a flow, with all that is known beside it, and what every step of it has. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.configuration import CompiledFlow
from connector.mapping import MappedValue
from connector.planned import Manner, OrderClue, Step
from connector.reference import EventIdentity, external_reference
from schemas.base import DocumentRef
from schemas.documents import Order
from schemas.events import EventData

Planned = tuple[tuple[MappedValue, ...], tuple[Step, ...]]
"""What was looked up in value tables, and the steps."""


@dataclass(frozen=True)
class Asked:
    """What is to be planned: an event on a flow, the orders known of it by number, and the target's manner.

    `orders_at` is the connection whose numbers the orders bear; `carried` are the steps of the entry that an event
    takes back, as they were planned, by order.
    """

    identity: EventIdentity
    data: EventData
    orders: Mapping[str, Order]
    compiled: CompiledFlow
    manner: Manner
    orders_at: str
    carried: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def texts(self, number: str) -> dict[str, object]:
        """What notes and comments may name."""
        return {"order": self.orders.get(number), self.data.kind: self.data.document}

    def bare(self, kind: str, number: str) -> dict[str, Any]:
        """What every step has; `key` names it inside the entry, and its reference is made from it."""
        key, document = f"{kind}:{number}", self.data.document
        return {
            "key": key,
            "reference": external_reference(self.compiled.flow.name, self.identity, key),
            "document": DocumentRef(
                connection=self.identity.source,
                kind=self.data.kind,
                number=document.number,
                key=document.key,
            ),
        }

    def common(self, kind: str, number: str) -> dict[str, Any]:
        """What every step of one order has."""
        order = self.orders.get(number)
        return {
            **self.bare(kind, number),
            "order": OrderClue(
                order=DocumentRef(
                    connection=self.orders_at, kind="order", number=number, key=order.key if order else None
                ),
                external_number=order.external_number if order else None,
            ),
            "notify_customer": self.compiled.flow.write_back.notify_customer,
        }

    def note(self, number: str) -> str:
        """The flow's note, filled in; raises Rejected."""
        return self.compiled.notes.render(**self.texts(number))
