"""Magento's own JSON as models: tolerant of what comes in, strict about what goes out; no meaning is given.

Replies break the published document (nulls for lists, `[]` for empty objects, ids as text or number, members
left out), as the recordings of 2.4.7 show: what may be missing has a default, unknown members are ignored.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

ZERO = Decimal(0)


def _text(value: Any) -> Any:
    """Ids and numbers come as JSON numbers or as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text_or_empty(value: Any) -> Any:
    return "" if value is None or value is False else _text(value)


def _list(value: Any) -> Any:
    """`fields=` turns empty lists into null."""
    return [] if value is None else value


def _object(value: Any) -> Any:
    """An empty object is an empty list in PHP's JSON."""
    return None if value == [] else value


def _zero(value: Any) -> Any:
    return ZERO if value is None or value == "" else value


def _utc(value: datetime | None) -> datetime | None:
    """`YYYY-MM-DD HH:MM:SS` without a zone is UTC."""
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


Key = Annotated[str, BeforeValidator(_text)]
Text = Annotated[str, BeforeValidator(_text_or_empty)]
OptionalKey = Annotated[str | None, BeforeValidator(_text)]
Number = Annotated[Decimal, BeforeValidator(_zero)]
Moment = Annotated[datetime | None, AfterValidator(_utc)]


class Wire(BaseModel):
    """Something Magento says: frozen, unknown members ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Address(Wire):
    """A billing or shipping address; customers of a region without a list have no `region_code`."""

    firstname: Text = ""
    lastname: Text = ""
    company: Text = ""
    street: Annotated[tuple[Text, ...], BeforeValidator(_list)] = ()
    city: Text = ""
    region: Text = ""
    region_code: Text = ""
    postcode: Text = ""
    country_id: Text = ""
    telephone: Text = ""
    email: Text = ""


class OrderItem(Wire):
    """A line of an order. Components embed their `parent_item` too; only the id is read."""

    item_id: Key
    parent_item_id: OptionalKey = None
    ext_order_item_id: Text = ""
    sku: Text = ""
    name: Text = ""
    product_type: Text = ""
    is_virtual: Annotated[bool, BeforeValidator(lambda value: bool(int(value or 0)))] = False
    is_qty_decimal: Annotated[bool, BeforeValidator(lambda value: bool(int(value or 0)))] = False
    qty_ordered: Number = ZERO
    qty_shipped: Number = ZERO
    qty_invoiced: Number = ZERO
    qty_refunded: Number = ZERO
    qty_canceled: Number = ZERO
    price: Decimal | None = None
    row_total: Decimal | None = None
    tax_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_tax_compensation_amount: Number = ZERO

    @property
    def left(self) -> Decimal:
        """How many may still be shipped, as Magento computes it; never negative."""
        return max(ZERO, self.qty_ordered - self.qty_shipped - self.qty_refunded - self.qty_canceled)

    @property
    def uninvoiced(self) -> Decimal:
        """How many may still be invoiced, as Magento computes it; never negative."""
        return max(ZERO, self.qty_ordered - self.qty_invoiced - self.qty_canceled)


class Shipping(Wire):
    """Where and how a shipping assignment goes."""

    address: Annotated[Address | None, BeforeValidator(_object)] = None
    method: Text = ""


class ShippingAssignment(Wire):
    """The part of an order that goes to one address; one in all recorded orders."""

    shipping: Annotated[Shipping | None, BeforeValidator(_object)] = None


class OrderExtension(Wire):
    """What modules add to an order."""

    shipping_assignments: Annotated[tuple[ShippingAssignment, ...], BeforeValidator(_list)] = ()


class OrderComment(Wire):
    """A comment on an order, with the status that the order had or was given then."""

    entity_id: OptionalKey = None
    comment: Text = ""
    status: Text = ""


class Payment(Wire):
    """How an order is paid."""

    method: Text = ""


class Order(Wire):
    """An order. `entity_id` stands in addresses, `increment_id` is the number that people see.

    An order pushed over REST may lack state, status, currency and totals (recording `create.minimal_get`).
    """

    entity_id: Key
    increment_id: Key
    ext_order_id: Text = ""
    original_increment_id: Text = ""
    relation_parent_id: OptionalKey = None
    relation_parent_real_id: Text = ""
    relation_child_id: OptionalKey = None
    relation_child_real_id: Text = ""
    state: Text = ""
    status: Text = ""
    is_virtual: Annotated[bool, BeforeValidator(lambda value: bool(int(value or 0)))] = False
    created_at: Moment = None
    updated_at: Moment = None
    order_currency_code: Text = ""
    customer_id: Text = ""
    customer_firstname: Text = ""
    customer_lastname: Text = ""
    customer_email: Text = ""
    customer_note: Text = ""
    subtotal: Decimal | None = None
    discount_amount: Number = ZERO
    discount_tax_compensation_amount: Number = ZERO
    shipping_discount_tax_compensation_amount: Number = ZERO
    shipping_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    grand_total: Decimal | None = None
    total_paid: Decimal | None = None
    total_refunded: Decimal | None = None
    total_due: Decimal | None = None
    total_canceled: Number = ZERO
    items: Annotated[tuple[OrderItem, ...], BeforeValidator(_list)] = ()
    billing_address: Annotated[Address | None, BeforeValidator(_object)] = None
    payment: Annotated[Payment | None, BeforeValidator(_object)] = None
    status_histories: Annotated[tuple[OrderComment, ...], BeforeValidator(_list)] = ()
    extension_attributes: Annotated[OrderExtension | None, BeforeValidator(_object)] = None


class ShipmentItem(Wire):
    """So much of one order item in a shipment."""

    entity_id: OptionalKey = None
    order_item_id: Key
    sku: Text = ""
    name: Text = ""
    qty: Number = ZERO


class Track(Wire):
    """One tracking number; the title may be missing."""

    entity_id: OptionalKey = None
    track_number: Text = ""
    title: Text = ""
    carrier_code: Text = ""
    weight: Decimal | None = None


class Comment(Wire):
    """A comment on a shipment: where our marker stands."""

    comment: Text = ""


class ShipmentExtension(Wire):
    """What modules add to a shipment."""

    source_code: Text = ""


class Shipment(Wire):
    """A shipment; lists carry tracks and comments in full (recording `shipments.by_order`)."""

    entity_id: Key
    increment_id: Key
    order_id: Key
    created_at: Moment = None
    updated_at: Moment = None
    items: Annotated[tuple[ShipmentItem, ...], BeforeValidator(_list)] = ()
    tracks: Annotated[tuple[Track, ...], BeforeValidator(_list)] = ()
    comments: Annotated[tuple[Comment, ...], BeforeValidator(_list)] = ()
    extension_attributes: Annotated[ShipmentExtension | None, BeforeValidator(_object)] = None


class SourceItem(Wire):
    """So much of an article at one inventory source; it has no id but SKU and source."""

    sku: Text
    source_code: Text
    quantity: Number = ZERO
    in_stock: Annotated[bool, Field(alias="status"), BeforeValidator(lambda value: bool(int(value or 0)))] = (
        False
    )


class SourceItems(Wire):
    """A list of them."""

    items: Annotated[tuple[SourceItem, ...], BeforeValidator(_list)] = ()


class StockItem(Wire):
    """The older form of a product's stock, by which it is seen that there is such a product."""

    product_id: Key


class Source(Wire):
    """An inventory source: a warehouse, a shop."""

    source_code: Text


# -- what we send: Magento ignores a misspelt top member and ships everything, so bodies are models ----------


class Body(BaseModel):
    """Something we say to Magento: frozen, unknown members refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShipItem(Body):
    """So much of one order item."""

    order_item_id: int
    qty: Decimal = Field(gt=0)


class ShipComment(Body):
    """The comment that a shipment is created with."""

    comment: str
    is_visible_on_front: int = 0


class ShipTrack(Body):
    """A tracking number; Magento refuses an empty one (`ship.track_empty_number`)."""

    track_number: str = Field(min_length=1)
    title: str
    carrier_code: str


class ShipArgumentsExtension(Body):
    """The inventory source that ships."""

    source_code: str


class ShipArguments(Body):
    """Arguments of the creation."""

    extension_attributes: ShipArgumentsExtension


class Ship(Body):
    """The body of `POST /V1/order/{id}/ship`. An empty list of items would ship everything."""

    items: tuple[ShipItem, ...] = Field(min_length=1)
    notify: bool
    appendComment: bool = True  # noqa: N815 - the vendor's spelling
    comment: ShipComment
    tracks: tuple[ShipTrack, ...] = ()
    arguments: ShipArguments | None = None


class AdminLogin(Body):
    """The body of `POST /V1/integration/admin/token`."""

    username: str
    password: str
