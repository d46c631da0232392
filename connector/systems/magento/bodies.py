"""What is said to Magento when orders, invoices, comments, tracks and quantities are made: strict models alone.

Magento ignores a misspelt top member and then does everything (`error.unknown_top_property`): no other members
are known here, and no list of items may be empty. What ships is in `wire.py`.
"""

from decimal import Decimal

from pydantic import Field

from connector.systems.magento.wire import Body, ShipComment

Lines = tuple[str, ...]


# -- orders ----------------------------------------------------------------------------------------------------


class PushedAddress(Body):
    """A billing or shipping address of an order."""

    address_type: str
    firstname: str
    lastname: str
    company: str | None
    street: Lines
    city: str
    region: str | None
    region_code: str | None
    postcode: str | None
    country_id: str
    telephone: str | None
    email: str


class PushedItem(Body):
    """A line; amounts in the order's currency and, as `base_…`, in the shop's. `row_total` is before discount."""

    ext_order_item_id: str
    sku: str
    name: str
    product_type: str
    is_virtual: int
    is_qty_decimal: int
    qty_ordered: Decimal
    store_id: int
    price: Decimal
    base_price: Decimal
    original_price: Decimal
    base_original_price: Decimal
    price_incl_tax: Decimal
    base_price_incl_tax: Decimal
    row_total: Decimal
    base_row_total: Decimal
    row_total_incl_tax: Decimal
    base_row_total_incl_tax: Decimal
    tax_amount: Decimal
    base_tax_amount: Decimal
    discount_amount: Decimal
    base_discount_amount: Decimal


class ShippingTotal(Body):
    """What the shipping of an order costs."""

    shipping_amount: Decimal
    base_shipping_amount: Decimal


class PushedShipping(Body):
    """Where to, by which method, and for how much."""

    address: PushedAddress
    method: str
    total: ShippingTotal


class Assignment(Body):
    """What goes to one address."""

    shipping: PushedShipping
    items: tuple[PushedItem, ...] = Field(min_length=1)


class PushedExtension(Body):
    """Where an order's shipping address and method stand; an order of virtual goods has none."""

    shipping_assignments: tuple[Assignment, ...]


class PushedPayment(Body):
    """How the order is to be paid."""

    method: str = Field(min_length=1)
    amount_ordered: Decimal
    base_amount_ordered: Decimal
    shipping_amount: Decimal
    base_shipping_amount: Decimal


class PushedOrder(Body):
    """An order as the recording `create.full` pushes it, with all that Magento would not set by itself: number,
    state, status, currencies and totals. Discounts are negative here, positive in the lines."""

    increment_id: str = Field(min_length=1)
    ext_order_id: str
    store_id: int
    state: str
    status: str
    customer_email: str
    customer_firstname: str
    customer_lastname: str
    customer_is_guest: int
    customer_group_id: int
    is_virtual: int
    base_currency_code: str
    order_currency_code: str
    global_currency_code: str
    store_currency_code: str
    base_to_global_rate: int
    base_to_order_rate: Decimal
    store_to_base_rate: int
    store_to_order_rate: int
    shipping_description: str | None
    subtotal: Decimal
    base_subtotal: Decimal
    subtotal_incl_tax: Decimal
    base_subtotal_incl_tax: Decimal
    shipping_amount: Decimal
    base_shipping_amount: Decimal
    shipping_tax_amount: Decimal
    base_shipping_tax_amount: Decimal
    shipping_incl_tax: Decimal
    base_shipping_incl_tax: Decimal
    tax_amount: Decimal
    base_tax_amount: Decimal
    discount_amount: Decimal
    base_discount_amount: Decimal
    grand_total: Decimal
    base_grand_total: Decimal
    total_due: Decimal
    base_total_due: Decimal
    total_qty_ordered: Decimal
    total_item_count: int
    billing_address: PushedAddress
    payment: PushedPayment
    items: tuple[PushedItem, ...] = Field(min_length=1)
    extension_attributes: PushedExtension | None


class PushOrder(Body):
    """The body of `POST /V1/orders`."""

    entity: PushedOrder


# -- comments --------------------------------------------------------------------------------------------------


class StatusHistory(Body):
    """A comment on an order; without `status` the order keeps its own."""

    comment: str = Field(min_length=1)
    parent_id: int
    is_customer_notified: int
    is_visible_on_front: int
    status: str | None


class Remark(Body):
    """The body of `POST /V1/orders/{id}/comments`."""

    statusHistory: StatusHistory  # noqa: N815 - the vendor's spelling


# -- invoices --------------------------------------------------------------------------------------------------


class InvoiceItem(Body):
    """So much of one order item."""

    order_item_id: int
    qty: Decimal = Field(gt=0)


class MakeInvoice(Body):
    """The body of `POST /V1/order/{id}/invoice`. An empty list of items would invoice everything."""

    capture: bool
    items: tuple[InvoiceItem, ...] = Field(min_length=1)
    notify: bool
    appendComment: bool = True  # noqa: N815 - the vendor's spelling
    comment: ShipComment


# -- tracks ----------------------------------------------------------------------------------------------------


class LaterTrack(Body):
    """A tracking number for a shipment that stands; `parent_id` is the shipment."""

    order_id: int
    parent_id: int
    track_number: str = Field(min_length=1)
    title: str
    carrier_code: str


class AddTrack(Body):
    """The body of `POST /V1/shipment/track`."""

    entity: LaterTrack


# -- inventory -------------------------------------------------------------------------------------------------


class SourceItemToSave(Body):
    """So much of an article at one inventory source; `status` 1: in stock."""

    sku: str = Field(min_length=1)
    source_code: str = Field(min_length=1)
    quantity: Decimal
    status: int


class SaveSourceItems(Body):
    """The body of `POST /V1/inventory/source-items`; an empty list is refused."""

    sourceItems: tuple[SourceItemToSave, ...] = Field(min_length=1)  # noqa: N815 - the vendor's spelling
