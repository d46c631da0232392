"""The envelope (CloudEvents 1.0) and the event types: what happened, to which document, which is the data.

Reading an HTTP request or a stream message into an envelope is `connector/cloudevents.py`.
"""

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import Identifier, Model, Name, UtcDatetime
from schemas.documents import Inventory, Invoice, Order, Refund, Shipment

SPEC_VERSION: Literal["1.0"] = "1.0"
MOST_REVISIONS = 1_000_000


class EventData(Model):
    """What an event carries: its document under the document's kind, and the context a publisher already has.

    Class attributes: `type` is the CloudEvents type, `kind` the member that is the document.
    """

    type: ClassVar[str]
    kind: ClassVar[str]

    @property
    def document(self) -> "Document":
        """The document the event is about."""
        document: Document = getattr(self, self.kind)
        return document

    @property
    def order_numbers(self) -> tuple[str, ...]:
        """The numbers of the orders it belongs to, at its source."""
        document = self.document
        return (document.number,) if isinstance(document, Order) else document.orders

    @property
    def subjects(self) -> tuple[str, ...]:
        """What is decided about one by one: its orders, or the level itself, which belongs to none."""
        return (self.document.number,) if isinstance(self.document, Inventory) else self.order_numbers


class OrderCreated(EventData):
    """An order was placed or entered."""

    type: ClassVar[str] = "order.created"
    kind: ClassVar[str] = "order"
    order: Order


class OrderUpdated(EventData):
    """An order that was known changed: its status, above all."""

    type: ClassVar[str] = "order.updated"
    kind: ClassVar[str] = "order"
    order: Order


class OrderCancelled(EventData):
    """An order was cancelled as a whole."""

    type: ClassVar[str] = "order.cancelled"
    kind: ClassVar[str] = "order"
    order: Order


class ShipmentConfirmed(EventData):
    """Goods left. `orders` is context: the orders shipped, where the publisher has them."""

    type: ClassVar[str] = "shipment.confirmed"
    kind: ClassVar[str] = "shipment"
    shipment: Shipment
    orders: tuple[Order, ...] = ()


class ShipmentVoided(EventData):
    """A shipment that was confirmed is taken back: what it wrote must go. The event's revision is that of the
    confirmation which it takes back."""

    type: ClassVar[str] = "shipment.voided"
    kind: ClassVar[str] = "shipment"
    shipment: Shipment
    orders: tuple[Order, ...] = ()


class InvoiceReleased(EventData):
    """An invoice became final."""

    type: ClassVar[str] = "invoice.released"
    kind: ClassVar[str] = "invoice"
    invoice: Invoice
    orders: tuple[Order, ...] = ()


class RefundIssued(EventData):
    """Money was given back."""

    type: ClassVar[str] = "refund.issued"
    kind: ClassVar[str] = "refund"
    refund: Refund
    orders: tuple[Order, ...] = ()


class InventoryChanged(EventData):
    """There is another quantity of an article at a warehouse. Of several changes the one with the latest `changed_at`
    counts, of those of one moment the one with the greatest revision, in whatever order they are heard."""

    type: ClassVar[str] = "inventory.changed"
    kind: ClassVar[str] = "inventory"
    inventory: Inventory


EVENT_TYPES: dict[str, type[EventData]] = {
    model.type: model
    for model in (
        OrderCreated,
        OrderUpdated,
        OrderCancelled,
        ShipmentConfirmed,
        ShipmentVoided,
        InvoiceReleased,
        RefundIssued,
        InventoryChanged,
    )
}

CREATIONS = frozenset({"order.created", "shipment.confirmed", "invoice.released", "refund.issued"})
"""Events which say that a document came to be: where the document is our own effect, the event is our echo."""

LEVELS = frozenset({InventoryChanged.type})
"""Events which tell how something stands, in full: of one document only the newest counts, in whatever order."""

Document = Order | Shipment | Invoice | Refund | Inventory


def documents_of(event_type: str, context: Collection[str] = ()) -> dict[str, type[Document]]:
    """What conditions and templates can name, kind -> model: the event's own document, and the context."""
    data = EVENT_TYPES[event_type]
    own: type[Document] = data.model_fields[data.kind].annotation  # type: ignore[assignment]
    return {"order": Order, data.kind: own} if "order" in context else {data.kind: own}


EventType = Literal[
    "order.created",
    "order.updated",
    "order.cancelled",
    "shipment.confirmed",
    "shipment.voided",
    "invoice.released",
    "refund.issued",
    "inventory.changed",
]


def _revision(value: object) -> object:
    """CloudEvents carries extension integers as text in HTTP headers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Event(Model):
    """One business fact in a CloudEvents 1.0 envelope.

    `source` is a connection's name, `subject` the number of the document, `data` one of `EVENT_TYPES`, chosen
    by `type`. `revision` is our extension attribute; None means that the publisher does not say.
    """

    specversion: Literal["1.0"] = SPEC_VERSION
    id: Identifier
    type: EventType
    source: Name
    subject: Identifier
    time: UtcDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    revision: Annotated[Annotated[int, Field(ge=1, le=MOST_REVISIONS)] | None, BeforeValidator(_revision)] = (
        None
    )
    data: (
        OrderCreated
        | OrderUpdated
        | OrderCancelled
        | ShipmentConfirmed
        | ShipmentVoided
        | InvoiceReleased
        | RefundIssued
        | InventoryChanged
    )

    @field_validator("data", mode="before")
    @classmethod
    def _choose_data(cls, value: object, info: ValidationInfo) -> object:
        """Validate `data` as the model its `type` asks for, so that errors name the member that is wrong."""
        if isinstance(value, EventData):
            return value
        if "type" not in info.data:
            raise PydanticCustomError("unjudged", "not looked at, because the type is wrong")
        return EVENT_TYPES[info.data["type"]].model_validate(value)

    @model_validator(mode="after")
    def _subject_is_document(self) -> Self:
        if type(self.data).type != self.type:
            kind = EVENT_TYPES[self.type].kind
            raise ValueError(f"data does not belong to type {self.type}: expected a member {kind!r}")
        if self.subject != self.data.document.number:
            raise ValueError(f"subject {self.subject!r} must be the number of the {self.data.kind} in data")
        if self.type == OrderUpdated.type and self.revision is None:
            raise ValueError(
                "order.updated must say which change it is: give the extension attribute revision, 1 …"
            )
        return self
