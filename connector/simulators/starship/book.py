"""The station's book of orders, as its source interfaces show them, and which of them can be selected for shipping.

What each interface refuses is data, in interfaces.json. Sources: the vendor's pages on Sales Orders of each interface.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Literal

from pydantic import Field, TypeAdapter

from connector.simulators.starship.refusals import Refusal
from connector.simulators.starship.shapes import Address, OrderRef, Shape

Clock = Callable[[], datetime]
OrderKey = tuple[str, str]


class Interface(Shape):
    """What one source interface refuses; without an entry in interfaces.json nothing is."""

    names: tuple[str, ...] = ()
    combines: bool = True
    """Whether several orders may go into one shipment."""
    statuses: tuple[str, ...] = ()
    """Only these can be selected; none means any that is not refused."""
    refused_statuses: tuple[str, ...] = ()
    refused_types: Mapping[str, str] = Field(default={})
    refused_invoice_makers: tuple[str, ...] = ()
    needs_process_shipments: bool = False


class OrderLine(Shape):
    """One line; only items can be packed. Drop-ships are not the station's business, nor are comments and charges."""

    line_key: str
    item: str = ""
    description: str = ""
    quantity: Decimal = Decimal(1)
    unit: str = "EA"
    kind: Literal["item", "comment", "charge", "drop_ship"] = "item"


class Order(Shape):
    """One order; `order_type` is the source's own where that is not the document type."""

    source: str
    document_type: str = ""
    key: str
    order_type: str = ""
    status: str = "Open"
    lines: tuple[OrderLine, ...] = Field(min_length=1)
    invoice_made_by: str = ""
    """Who made the invoice that is open against it, if there is one."""
    process_shipments: bool = True
    invalid: tuple[Literal["tax schedule", "salesperson", "ship via"], ...] = ()
    ship_to: Address = Address()


class Seed(Shape):
    """What may be posted to `/_sim/seed`; an order that is there already is replaced."""

    orders: tuple[Order, ...]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _interfaces() -> dict[str, Interface]:
    text = files(__package__).joinpath("interfaces.json").read_text(encoding="utf-8")
    listed = TypeAdapter(tuple[Interface, ...]).validate_json(text)
    return {_plain(name): one for one in listed for name in one.names}


INTERFACES = _interfaces()
"""By name, without blanks and in small letters."""


class Book:
    """The orders, by document type and key."""

    def __init__(self) -> None:
        self.orders: dict[OrderKey, Order] = {}

    def enter(self, orders: Iterable[Order]) -> None:
        """Add orders, or replace them."""
        self.orders.update({(one.document_type, one.key): one for one in orders})

    def select(self, wanted: Sequence[OrderRef]) -> list[Order]:
        """The orders of one shipment. Raises Refusal where one cannot be selected, or not with the others."""
        found = [self._find(one) for one in wanted]
        if len({(one.document_type, one.key) for one in found}) < len(found):
            raise Refusal("An order can be only once in a shipment")
        _refuse_to_combine(found)
        for order in found:
            _refuse_to_select(order)
        return found

    def _find(self, wanted: OrderRef) -> Order:
        order = self.orders.get((wanted.document_type, wanted.key))
        if order is None:
            raise Refusal(f"Sales Order {wanted.key} was not found")
        return order


def interface_of(order: Order) -> Interface:
    """The rules of the interface by which an order came."""
    return INTERFACES.get(_plain(order.source), Interface())


def _refuse_to_combine(orders: Sequence[Order]) -> None:
    keys = " and ".join(one.key for one in orders)
    if len({_plain(one.source) for one in orders}) > 1:
        raise Refusal(f"Sales Orders {keys} come from different sources: ship each by itself")
    if len(orders) > 1 and not interface_of(orders[0]).combines:
        raise Refusal(
            f"{orders[0].source} orders cannot be combined in one shipment: ship {keys} each by itself"
        )


def _refuse_to_select(order: Order) -> None:
    rules, name = interface_of(order), f"Sales Order {order.key}"
    order_type = order.order_type or order.document_type
    if order_type in rules.refused_types:
        raise Refusal(
            f"{name} cannot be selected: it is {rules.refused_types[order_type]} (type {order_type})"
        )
    if order.status in rules.refused_statuses:
        raise Refusal(f"{name} cannot be selected: it is on hold")
    if rules.statuses and order.status not in rules.statuses:
        raise Refusal(
            f"{name} cannot be selected: it is {order.status}, and only {' or '.join(rules.statuses)} can be shipped"
        )
    if order.invalid:
        raise Refusal(f"{name} cannot be selected: its {order.invalid[0]} is invalid")
    if rules.needs_process_shipments and not order.process_shipments:
        raise Refusal(f"{name} has not checked 'Process Shipments' flag for its order type")
    if order.invoice_made_by in rules.refused_invoice_makers:
        raise Refusal("Currently being invoiced")
