"""From an event to steps: one function for each type of event, in our own words. Pure.

Whether an event is delivered at all is decided in `plan.py`; how a target does a step is its adapter's business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.configuration import CompiledFlow
from connector.errors import Rejected
from connector.mapping import MappedValue, look_up, look_up_ship_via
from connector.planned import (
    CancelStep,
    CommentStep,
    CustomerStep,
    InvoiceStep,
    Manner,
    OrderClue,
    OrderStep,
    PaymentStep,
    ShipmentStep,
    Step,
    StepLine,
    StepPackage,
)
from connector.reference import EventIdentity, external_reference
from schemas.base import DocumentRef
from schemas.documents import Invoice, InvoiceLine, Order, Shipment, ShipmentLine
from schemas.events import EventData

Planned = tuple[tuple[MappedValue, ...], tuple[Step, ...]]
"""What was looked up in value tables, and the steps."""


@dataclass(frozen=True)
class Asked:
    """What is to be planned: an event on a flow, the orders that are known of it by number, and the target's manner."""

    identity: EventIdentity
    data: EventData
    orders: Mapping[str, Order]
    compiled: CompiledFlow
    manner: Manner

    def texts(self, number: str) -> dict[str, object]:
        """What notes and comments may name."""
        return {"order": self.orders.get(number), self.data.kind: self.data.document}

    def common(self, kind: str, number: str) -> dict[str, Any]:
        """What every step of one order has; `key` names it inside the entry, and its reference is made from it."""
        key = f"{kind}:{number}"
        document, order = self.data.document, self.orders.get(number)
        source = self.identity.source
        return {
            "key": key,
            "reference": external_reference(self.compiled.flow.name, self.identity, key),
            "document": DocumentRef(
                connection=source, kind=self.data.kind, number=document.number, key=document.key
            ),
            "order": OrderClue(
                order=DocumentRef(
                    connection=source, kind="order", number=number, key=order.key if order else None
                ),
                external_number=order.external_number if order else None,
            ),
            "notify_customer": self.compiled.flow.write_back.notify_customer,
        }

    def note(self, number: str) -> str:
        """The flow's note, filled in; raises Rejected."""
        return self.compiled.notes.render(**self.texts(number))


def steps_for(asked: Asked, numbers: Sequence[str]) -> Planned:
    """The steps for these orders of the event's document; raises Rejected, MappingMissing among them."""
    plan = _PLANS.get(asked.data.type)
    if plan is None:
        text = f"this release does not deliver {asked.data.type} events yet"
        raise Rejected(text, code="not supported")
    mapped: list[MappedValue] = []
    steps: list[Step] = []
    for number in numbers:
        found, made = plan(asked, number)
        mapped += [one for one in found if one not in mapped]
        steps += [*made, *_comments(asked, number, made)]
    return tuple(mapped), tuple(steps)


def _comments(asked: Asked, number: str, made: Sequence[Step]) -> tuple[Step, ...]:
    """The comment on the order that the flow writes beside the document."""
    status = asked.compiled.flow.write_back.order_status
    text = asked.compiled.order_comment.render(**asked.texts(number))
    if not (status or text.strip()) or any(isinstance(step, CommentStep) for step in made):
        return ()
    needs = tuple(step.key for step in made)
    return (CommentStep(**asked.common("comment", number), needs=needs, notes=text, status=status),)


# -- orders ------------------------------------------------------------------------------------------------


def _order(asked: Asked, number: str) -> Planned:
    """Make the order, after its customer where the target wants one."""
    order, flow = asked.orders[number], asked.compiled.flow
    mapped: list[MappedValue] = []
    ship_via = payment = None
    if order.ship_via or any(line.ships != "never" for line in order.lines):
        ship_via = look_up_ship_via(flow.mapping.ship_via, order.ship_via, "code")
        mapped.append(ship_via)
    if flow.mapping.payment_method.asked:
        payment = look_up("payment_method", flow.mapping.payment_method, order.payment_method)
        mapped.append(payment)
    customer = (_customer(asked, order),) if asked.manner.customers else ()
    made = OrderStep(
        **asked.common("order", number),
        needs=tuple(step.key for step in customer),
        notes=asked.note(number),
        content=order,
        ship_via=ship_via.service if ship_via else None,
        payment_method=payment.text if payment else order.payment_method,
    )
    return tuple(mapped), (*customer, made)


def _customer(asked: Asked, order: Order) -> CustomerStep:
    """A person who bought without an account is known by the e-mail address alone."""
    common = asked.common("customer", order.number)
    address = order.bill_to or order.ship_to
    common["document"] = DocumentRef(
        connection=asked.identity.source,
        kind="customer",
        number=order.customer or order.email or order.number,
    )
    return CustomerStep(
        **common,
        email=order.email,
        name=(address.name or address.company) if address else "",
        guest=not order.customer,
        bill_to=order.bill_to,
        ship_to=order.ship_to,
    )


def _change(asked: Asked, number: str) -> Planned:
    """Say on the order what changed, and set its status where the flow maps it."""
    table, order = asked.compiled.flow.mapping.order_status, asked.orders[number]
    mapped = (look_up("order_status", table, order.status),) if table.asked else ()
    status = mapped[0].text if mapped else asked.compiled.flow.write_back.order_status
    common = asked.common("comment", number)
    return mapped, (CommentStep(**common, notes=asked.note(number), status=status),)


def _cancellation(asked: Asked, number: str) -> Planned:
    return (), (CancelStep(**asked.common("cancel", number), notes=asked.note(number)),)


# -- shipments ---------------------------------------------------------------------------------------------


def _shipment(asked: Asked, number: str) -> Planned:
    shipment: Shipment = asked.data.document  # type: ignore[assignment]
    # The carrier is needed for tracking numbers only.
    table = asked.compiled.flow.mapping.ship_via
    mapped = (look_up_ship_via(table, shipment.ship_via),) if shipment.tracking_numbers else ()
    packages = tuple(
        StepPackage(tracking_number=tracking, carrier_code=one.service.carrier_code, title=one.service.title)
        for one in mapped
        for tracking in shipment.tracking_numbers
    )
    step = ShipmentStep(
        **asked.common("shipment", number),
        lines=_lines([line for line in shipment.lines if line.order == number]),
        packages=packages,
        notes=asked.note(number),
    )
    return mapped, (step,)


# -- invoices ----------------------------------------------------------------------------------------------


def _invoice(asked: Asked, number: str) -> Planned:
    invoice: Invoice = asked.data.document  # type: ignore[assignment]
    if asked.manner.invoices == "payment":
        return _payment(asked, number, invoice)
    write_back = asked.compiled.flow.write_back
    lines = [line for line in invoice.lines if (line.order or invoice.order) == number]
    step = InvoiceStep(
        **asked.common("invoice", number),
        lines=_lines([line for line in lines if line.quantity]),
        notes=asked.note(number),
        capture=write_back.capture,
        when_open=write_back.invoice == "when_open",
        total=invoice.total if len(invoice.orders) == 1 else None,
    )
    return (), (step,)


def _payment(asked: Asked, number: str, invoice: Invoice) -> Planned:
    """At a storefront an invoice says that its amount was paid; elsewhere that is a payment."""
    if len(invoice.orders) != 1:
        text = f"invoice {invoice.number} bills {len(invoice.orders)} orders: which of them paid how much is not said"
        raise Rejected(text, code="rejected")
    table, order = asked.compiled.flow.mapping.payment_method, asked.orders.get(number)
    method = order.payment_method if order else ""
    mapped = (look_up("payment_method", table, method),) if table.asked else ()
    step = PaymentStep(
        **asked.common("payment", number),
        amount=invoice.total,
        method=mapped[0].text if mapped else method,
        paid_at=invoice.invoiced_at,
        notes=asked.note(number),
    )
    return mapped, (step,)


def _lines(lines: Sequence[ShipmentLine | InvoiceLine]) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(reference=line.order_line, sku=line.sku, name=line.name, quantity=line.quantity)
        for line in lines
    )


_PLANS: Mapping[str, Callable[[Asked, str], Planned]] = {
    "order.created": _order,
    "order.updated": _change,
    "order.cancelled": _cancellation,
    "shipment.confirmed": _shipment,
    "invoice.released": _invoice,
}
