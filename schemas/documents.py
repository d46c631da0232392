"""The business documents in our own words: order, shipment, invoice, refund, inventory, and their parts.

They hold what the flows need, in one shape for all systems; adapters translate from and to vendors' words.
A property named in a document's `derived` is read by conditions and templates like a member.
"""

from decimal import Decimal
from typing import ClassVar, Literal, get_args

from pydantic import Field

from schemas.base import (
    CalendarDate,
    Currency,
    CustomValue,
    ExactDecimal,
    Identifier,
    Model,
    Money,
    Quantity,
    UtcDatetime,
)

ZERO = Decimal(0)

DocumentKind = Literal["order", "shipment", "invoice", "payment", "refund", "inventory"]
"""The kinds of documents a source can be asked for; a payment leads to the orders that it pays."""

DOCUMENT_KINDS: tuple[str, ...] = get_args(DocumentKind)

OrderState = Literal["new", "open", "held", "part_shipped", "shipped", "complete", "closed", "cancelled"]


class Address(Model):
    """A postal address with the person or firm at it."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = Field(default="", description="ISO 3166 alpha-2")
    phone: str = ""
    email: str = ""


class OrderLine(Model):
    """One line of an order; `reference` is its own key at its connection (a line number, an item id).

    `parent_reference` names the line this one is a component of (a configurable, a bundle). `ships` says how
    it travels: by itself, with its parent, or never (virtual goods, and parents whose components travel).
    `kind`: goods, a charge, or a text alone; `drop_ship`: somebody else sends it to the customer.
    """

    reference: Identifier
    sku: str
    name: str = ""
    quantity: Quantity
    shipped: Quantity = ZERO
    invoiced: Quantity = ZERO
    refunded: Quantity = ZERO
    cancelled: Quantity = ZERO
    unit: str = ""
    price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    parent_reference: str | None = None
    ships: Literal["itself", "with_parent", "never"] = "itself"
    kind: Literal["item", "charge", "comment"] = "item"
    drop_ship: bool = False
    warehouse: str = ""


class Order(Model):
    """A sales order. `external_number` is its number in the other world (for an ERP, the storefront's).

    `state` is ours; `status` is the vendor's own word, for people. `unpaid_balance` is None where not known.
    `replaces` and `replaced_by` are numbers at the same connection, where editing an order makes a new one.
    """

    derived: ClassVar[tuple[str, ...]] = ("has_external_number",)

    number: Identifier
    key: str | None = None
    type: str = ""
    state: OrderState = "open"
    status: str = ""
    external_number: str | None = None
    replaces: str = ""
    replaced_by: str = ""
    placed_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    currency: Currency
    customer: str = ""
    email: str = ""
    bill_to: Address | None = None
    ship_to: Address | None = None
    ship_via: str = ""
    payment_method: str = ""
    lines: tuple[OrderLine, ...] = ()
    subtotal: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    paid: Money | None = None
    refunded: Money | None = None
    unpaid_balance: Money | None = None
    confirmed_shipments: int = Field(default=0, ge=0)
    notes: str = ""
    custom: dict[str, CustomValue] = Field(default_factory=dict)

    @property
    def has_external_number(self) -> bool:
        """Does it bear a number of the other world: was it born, or carried, there?"""
        return self.external_number is not None


class ShipmentLine(Model):
    """So much of one order line in one shipment; `order` is the number of the order it belongs to."""

    reference: str = ""
    order: Identifier
    order_line: str = Field(default="", description="the order line's reference at the shipment's connection")
    sku: str
    name: str = ""
    quantity: Quantity
    unit: str = ""
    lot: str = Field(default="", description="lot or serial number")
    custom: dict[str, CustomValue] = Field(default_factory=dict)


class PackageLine(Model):
    """So much of one article in one package; `order` and `order_line` where it is known whose."""

    sku: str
    quantity: Quantity
    order: str = ""
    order_line: str = ""


class Package(Model):
    """One package with its tracking number (empty where the carrier gave none)."""

    reference: str = ""
    tracking_number: str = ""
    box: str = ""
    weight: ExactDecimal | None = None
    weight_unit: str = ""
    length: ExactDecimal | None = None
    width: ExactDecimal | None = None
    height: ExactDecimal | None = None
    contents: tuple[PackageLine, ...] = ()
    custom: dict[str, CustomValue] = Field(default_factory=dict)


class NoteTag(Model):
    """One line of a shipment's notes: what it is about, and what it says."""

    tag: str
    value: str = ""


class FreightShare(Model):
    """How much of a combined shipment's freight its source gives to one of the orders."""

    order: Identifier
    amount: Money


class Shipment(Model):
    """Goods that left, or were prepared to leave, for one or several orders.

    `freight` is what is charged for it (the applied charge), `freight_cost` what the carrier takes (actual, contract),
    `freight_list` what the carrier's list says, `handling` what is charged besides. `replaces` is the number of an
    earlier shipment of the same source that was deleted for this one.
    """

    derived: ClassVar[tuple[str, ...]] = ("orders", "tracking_numbers", "total_weight")

    number: Identifier
    key: str | None = None
    state: Literal["open", "confirmed", "voided"] = "confirmed"
    status: str = ""
    external_number: str | None = None
    ship_date: CalendarDate | None = None
    updated_at: UtcDatetime | None = None
    ship_via: str = ""
    ship_to: Address | None = None
    warehouse: str = ""
    lines: tuple[ShipmentLine, ...] = Field(min_length=1)
    packages: tuple[Package, ...] = ()
    carrier: str = ""
    service: str = ""
    scac: str = Field(default="", description="Standard Carrier Alpha Code, of freight")
    payment: str = Field(default="", description="who pays the carrier: prepaid, collect, third party")
    master_tracking: str = ""
    pro: str = Field(default="", description="the carrier's PRO number, of freight")
    bol: str = Field(default="", description="the number of the bill of lading")
    freight: Money | None = None
    freight_cost: Money | None = None
    freight_list: Money | None = None
    handling: Money | None = None
    freight_shares: tuple[FreightShare, ...] = ()
    notes: str = ""
    note_tags: tuple[NoteTag, ...] = ()
    replaces: str = ""
    custom: dict[str, CustomValue] = Field(default_factory=dict)

    @property
    def orders(self) -> tuple[str, ...]:
        """The numbers of the orders it ships, each once, in the order of the lines."""
        return tuple(dict.fromkeys(line.order for line in self.lines))

    @property
    def tracking_numbers(self) -> tuple[str, ...]:
        """The tracking numbers of its packages, each once, without empty ones."""
        return tuple(dict.fromkeys(p.tracking_number for p in self.packages if p.tracking_number))

    @property
    def total_weight(self) -> Decimal:
        """The sum of the weights that are known, in the packages' unit."""
        return sum((p.weight for p in self.packages if p.weight is not None), ZERO)


class InvoiceLine(Model):
    """So much of one order line on one invoice."""

    reference: str = ""
    order: str = ""
    order_line: str = ""
    shipment: str = ""
    sku: str
    name: str = ""
    quantity: Quantity
    price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    total: Money | None = None


class Invoice(Model):
    """A bill for one or several orders."""

    derived: ClassVar[tuple[str, ...]] = ("orders",)

    number: Identifier
    key: str | None = None
    type: str = ""
    state: Literal["open", "released", "paid", "cancelled"] = "released"
    status: str = ""
    order: str = Field(default="", description="the order it bills, where its lines do not say")
    invoiced_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    currency: Currency
    lines: tuple[InvoiceLine, ...] = ()
    subtotal: Money | None = None
    discount: Money | None = None
    shipping: Money | None = None
    tax: Money | None = None
    total: Money
    balance: Money | None = None

    @property
    def orders(self) -> tuple[str, ...]:
        """The numbers of the orders it bills, each once."""
        return tuple(dict.fromkeys(n for n in (self.order, *(line.order for line in self.lines)) if n))


class RefundLine(Model):
    """So much of one order line given back; `restock` says whether the goods return to the stock."""

    reference: str = ""
    order_line: str = ""
    sku: str
    name: str = ""
    quantity: Quantity
    price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None
    total: Money | None = None
    restock: bool = False


class Refund(Model):
    """Money given back for one order (a credit memo at a storefront).

    Lines less their discounts, shipping, tax and adjustment refund, less the adjustment fee, make up the total.
    `store_credit` and `gift_cards` are how much of the total went back in that form and not as money. `online`: the
    source had the money moved itself. `exchange_rate`: so much of the shop's own currency is one of the refund's.
    """

    derived: ClassVar[tuple[str, ...]] = ("orders",)

    number: Identifier
    key: str | None = None
    state: Literal["open", "refunded", "cancelled"] = "refunded"
    status: str = ""
    order: Identifier
    invoice: str = ""
    refunded_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    currency: Currency
    lines: tuple[RefundLine, ...] = ()
    shipping: Money | None = None
    tax: Money | None = None
    adjustment_refund: Money | None = None
    adjustment_fee: Money | None = None
    total: Money
    store_credit: Money | None = None
    gift_cards: Money | None = None
    online: bool | None = None
    exchange_rate: ExactDecimal | None = None
    reason: str = ""

    @property
    def orders(self) -> tuple[str, ...]:
        """The number of its order."""
        return (self.order,)


class Inventory(Model):
    """How much of one article there is at one warehouse since `changed_at`: levels in full, not by how much they
    changed; negative where more was sold than is there.

    `on_hand` lies there; `available` may still be sold, `reserved` is promised to somebody.
    """

    derived: ClassVar[tuple[str, ...]] = ("number",)

    sku: str = Field(min_length=1, max_length=150)
    warehouse: str = Field(pattern=r"^[^@]+$", max_length=80, description="the source's own code; no @ in it")
    on_hand: ExactDecimal
    available: ExactDecimal | None = None
    reserved: ExactDecimal | None = None
    changed_at: UtcDatetime
    key: str | None = None

    @property
    def number(self) -> str:
        """What the level is known by, whatever changes: `SKU@warehouse`."""
        return f"{self.sku}@{self.warehouse}"

    @property
    def to_sell(self) -> Decimal | None:
        """What may still be sold, as far as the source says it: on hand, less what is promised."""
        if self.available is not None or self.reserved is None:
            return self.available
        return self.on_hand - self.reserved

    @property
    def orders(self) -> tuple[str, ...]:
        """None: it belongs to no order."""
        return ()
