"""NetSuite's sales orders in our words, and what they say: made, changed, cancelled. Pure.

What is asked of the account for it is `source.py`; making orders is `ordering.py`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from connector.errors import NotUnderstood, Rejected
from connector.systems.base import Fact
from connector.systems.netsuite.lines import NO_GOODS
from connector.systems.netsuite.settings import NetSuiteSettings
from connector.systems.netsuite.wire import NONE, ZERO, Line, Record, Ref, SalesOrder, Text, Wire
from schemas.base import Money
from schemas.documents import Address, Order, OrderLine, OrderState
from schemas.events import OrderCancelled, OrderCreated, OrderUpdated

STATES: Mapping[str, OrderState] = {
    "A": "held",
    "B": "open",
    "C": "cancelled",
    "D": "part_shipped",
    "E": "part_shipped",
    "F": "shipped",
    "G": "complete",
    "H": "closed",
}
"""Pending Approval, Pending Fulfillment, Cancelled, Partially Fulfilled, Pending Billing/Partially Fulfilled, Pending
Billing, Billed, Closed: labels from public client code."""

_NEVER_SHIPPED = frozenset({"OthCharge", "Service", "DwnLdItem", "GiftCert"}) | NO_GOODS


class WireAddress(Wire):
    """An address of a document."""

    addressee: Text = ""
    attention: Text = ""
    addr1: Text = ""
    addr2: Text = ""
    addr3: Text = ""
    city: Text = ""
    state: Text = ""
    zip: Text = ""
    country: Ref = NONE
    addr_phone: Text = ""


class ReadOrder(SalesOrder):
    """A sales order as a source of events; further fields are kept, for the one that bears the storefront's number."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_camel, populate_by_name=True)

    billing_address: WireAddress | None = None
    shipping_address: WireAddress | None = None
    payment_option: Ref = NONE
    payment_method: Ref = NONE
    terms: Ref = NONE

    def named(self, field: str) -> str:
        """A field by its name in the API, as text."""
        known = {"otherrefnum": self.other_ref_num, "externalid": self.external_id}
        if field.lower() in known:
            return known[field.lower()]
        return str((self.model_extra or {}).get(field) or "")


def order_facts(order: Order, changed: datetime) -> tuple[Fact, ...]:
    """That the order is there, whether it is cancelled, and its status, each new one of which is a change. One that is
    cancelled when it is seen says nothing of having been made."""
    cancelled = order.state == "cancelled"
    created = () if cancelled else (Fact(OrderCreated.type, True, changed, OrderCreated(order=order)),)
    return (
        *created,
        Fact(OrderCancelled.type, cancelled, changed, OrderCancelled(order=order)),
        Fact(OrderUpdated.type, True, changed, OrderUpdated(order=order), mark=order.status),
    )


def read_order(wire: ReadOrder, settings: NetSuiteSettings, shipments: int = 0) -> Order:
    """A sales order in our words; `shipments` is how many of its fulfillments are shipped. Raises Rejected for a
    currency that the settings do not name."""
    currency = code_of(wire, wire.currency, settings)
    return Order(
        number=wire.number,
        key=wire.id,
        state=STATES.get(wire.status.id or wire.state, "open"),
        status=wire.status.ref_name or wire.order_status.ref_name or wire.state,
        external_number=wire.named(settings.orders.number_field) or None,
        placed_at=wire.created_date,
        updated_at=wire.last_modified_date,
        currency=currency,
        customer=wire.entity.id,
        email=wire.email,
        bill_to=address_of(wire.billing_address, wire.email),
        ship_to=address_of(wire.shipping_address, wire.email),
        ship_via=str(wire.ship_method),
        payment_method=str(wire.payment_option) or str(wire.payment_method) or str(wire.terms),
        lines=tuple(_line(line, currency) for line in wire.item),
        subtotal=money(wire.subtotal, currency),
        discount=money(None if wire.discount_total is None else abs(wire.discount_total), currency),
        shipping=money(wire.shipping_cost, currency),
        tax=money(wire.tax, currency),
        total=money(wire.total, currency),
        confirmed_shipments=shipments,
        notes=wire.memo,
    )


def code_of(record: Record, currency: Ref, settings: NetSuiteSettings) -> str:
    """The ISO code of a document's currency; raises Rejected where the settings do not name it."""
    code = settings.currency_of(currency.id)
    if code is None:
        raise Rejected(
            f"{record.number} is in the currency {currency} ({currency.id or 'without id'}): add its ISO code and "
            "internal id to the connection's currencies",
            code="currency",
            field="currency",
        )
    return code


def changed_at(record: Record, kind: str) -> datetime:
    """When a document was changed last; raises NotUnderstood where it says no time at all."""
    moment = record.last_modified_date or record.created_date
    if moment is None:
        raise NotUnderstood(f"{kind} {record.number} has no lastModifiedDate", field="lastModifiedDate")
    return moment


def money(amount: Decimal | None, currency: str) -> Money | None:
    """An amount, where there is one."""
    return None if amount is None else Money(amount=amount, currency=currency)


def sku_of(line: Line) -> str:
    """A line's article; NetSuite names the members of a family by its way: `Shirts : SHIRT-BLUE-M`."""
    return line.sku.rpartition(" : ")[2]


def address_of(wire: WireAddress | None, email: str = "") -> Address | None:
    """An address in our words; None where the document has none."""
    if wire is None or not (wire.addr1 or wire.addressee or wire.city or wire.zip):
        return None
    return Address(
        name=wire.attention or wire.addressee,
        company=wire.addressee if wire.attention else "",
        lines=tuple(filter(None, (wire.addr1, wire.addr2, wire.addr3))),
        city=wire.city,
        region=wire.state,
        postal_code=wire.zip,
        country=wire.country.id,
        phone=wire.addr_phone,
        email=email,
    )


def _line(line: Line, currency: str) -> OrderLine:
    """A closed line's rest is cancelled; a description is a line that says something."""
    never = line.item_type.id in _NEVER_SHIPPED
    done = max(line.quantity_fulfilled, line.quantity_billed)
    return OrderLine(
        reference=line.line,
        sku=sku_of(line),
        name=line.description,
        quantity=max(line.quantity, ZERO),
        shipped=line.quantity_fulfilled,
        invoiced=line.quantity_billed,
        cancelled=max(line.quantity - done, ZERO) if line.is_closed else ZERO,
        unit=str(line.units),
        price=money(line.rate, currency),
        total=money(line.amount, currency),
        ships="never" if never else "itself",
        kind="comment" if line.item_type.id == "Description" else "charge" if never else "item",
        warehouse=str(line.location),
    )
