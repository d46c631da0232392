"""From an event to steps: one function for each type of event, in our own words. Pure.

Whether an event is delivered at all is decided in `plan.py`; how a target does a step is its adapter's business. The
parts of a shipment's write-back are `write_back.py`.
"""

from collections.abc import Callable, Mapping, Sequence

from connector.asked import Asked, Planned
from connector.errors import Rejected
from connector.mapping import LookUps
from connector.money_gate import Gate, checked, passed
from connector.planned import (
    CancelStep,
    CommentStep,
    CustomerStep,
    InventoryStep,
    InvoiceStep,
    OrderStep,
    PaymentStep,
    PayoutStep,
    RefundStep,
    ShipmentStep,
    Step,
    StepLine,
    StepPackage,
)
from connector.wording import in_the_targets_words
from connector.write_back import take_back, write_back
from schemas.base import DocumentRef
from schemas.config import CarrierService
from schemas.documents import Inventory, Invoice, InvoiceLine, Order, Refund, Shipment, ShipmentLine

Steps = tuple[Step, ...]


def steps_for(asked: Asked, numbers: Sequence[str]) -> Planned:
    """The steps for these subjects of the event, mostly orders; raises Rejected, MappingMissing among them."""
    plan = _PLANS[asked.data.type]
    tables = LookUps(asked.compiled.flow.mapping)
    steps: list[Step] = []
    try:
        for number in numbers:
            made = [in_the_targets_words(step, tables) for step in plan(asked, tables, number)]
            steps += [*made, *_comments(asked, number, made)]
    except Rejected as error:
        tables.complete(also=error.message)
        raise
    return tables.complete(), tuple(steps)


def _comments(asked: Asked, number: str, made: Sequence[Step]) -> tuple[Step, ...]:
    """The comment on the order that the flow writes beside the document."""
    status = asked.compiled.flow.write_back.order_status
    text = asked.compiled.order_comment.render(**asked.texts(number))
    if not (status or text.strip()) or any(isinstance(step, CommentStep) for step in made):
        return ()
    needs = tuple(step.key for step in made)
    return (CommentStep(**asked.common("comment", number), needs=needs, notes=text, status=status),)


# -- orders ------------------------------------------------------------------------------------------------


def _order(asked: Asked, tables: LookUps, number: str) -> Steps:
    """Make the order, after its customer where the target wants one."""
    order = asked.orders[number]
    shipped = order.ship_via or any(line.ships != "never" for line in order.lines)
    customer = (_customer(asked, order),) if asked.manner.customers else ()
    made = OrderStep(
        **asked.common("order", number),
        needs=tuple(step.key for step in customer),
        notes=asked.note(number),
        content=order,
        ship_via=tables.ship_via(order.ship_via, "code") if shipped else None,
        payment_method=tables.text("payment_method", order.payment_method),
    )
    return (*customer, made)


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


def _change(asked: Asked, tables: LookUps, number: str) -> Steps:
    """Say on the order what changed, and set its status where the flow maps it."""
    status = asked.compiled.flow.write_back.order_status
    if tables.tables.order_status.asked:
        status = tables.text("order_status", asked.orders[number].status)
    return (CommentStep(**asked.common("comment", number), notes=asked.note(number), status=status),)


def _cancellation(asked: Asked, tables: LookUps, number: str) -> Steps:
    return (CancelStep(**asked.common("cancel", number), notes=asked.note(number)),)


# -- shipments ---------------------------------------------------------------------------------------------


def _shipment(asked: Asked, tables: LookUps, number: str) -> Steps:
    if asked.manner.parts:
        return write_back(asked, tables, number)
    shipment: Shipment = asked.data.document  # type: ignore[assignment]
    wanted = asked.compiled.flow.write_back.tracking is not False
    numbers = shipment.tracking_numbers if wanted else ()
    # The carrier is needed for tracking numbers only.
    service = tables.ship_via(shipment.ship_via) if numbers else CarrierService()
    packages = tuple(
        StepPackage(tracking_number=tracking, carrier_code=service.carrier_code, title=service.title)
        for tracking in numbers
    )
    step = ShipmentStep(
        **asked.common("shipment", number),
        lines=_lines([line for line in shipment.lines if line.order == number]),
        packages=packages,
        notes=asked.note(number),
    )
    return (step,)


# -- invoices ----------------------------------------------------------------------------------------------


def _invoice(asked: Asked, tables: LookUps, number: str) -> Steps:
    invoice: Invoice = asked.data.document  # type: ignore[assignment]
    if asked.manner.invoices == "payment":
        return _payment(asked, tables, number, invoice)
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
    return (step,)


def _payment(asked: Asked, tables: LookUps, number: str, invoice: Invoice) -> Steps:
    """At a storefront an invoice says that its amount was paid; elsewhere that is a payment."""
    if len(invoice.orders) != 1:
        text = f"invoice {invoice.number} bills {len(invoice.orders)} orders: which of them paid how much is not said"
        raise Rejected(text, code="rejected")
    order = asked.orders.get(number)
    step = PaymentStep(
        **asked.common("payment", number),
        amount=invoice.total,
        method=tables.text("payment_method", order.payment_method if order else ""),
        paid_at=invoice.invoiced_at,
        notes=asked.note(number),
    )
    return (step,)


def _lines(lines: Sequence[ShipmentLine | InvoiceLine]) -> tuple[StepLine, ...]:
    return tuple(
        StepLine(reference=line.order_line, sku=line.sku, name=line.name, quantity=line.quantity)
        for line in lines
    )


# -- refunds -----------------------------------------------------------------------------------------------


def counted(asked: Asked) -> Gate | None:
    """What the money gate says of a refund, whether it lets it pass or not; None for all other documents."""
    refund = asked.data.document
    if not isinstance(refund, Refund):
        return None
    return checked(refund, asked.orders.get(refund.order), asked.compiled.flow.refund)


def _refund(asked: Asked, tables: LookUps, number: str) -> Steps:
    """Book it, and pay it out where the flow says so; not before the money gate has let it pass."""
    refund: Refund = asked.data.document  # type: ignore[assignment]
    rules, order = asked.compiled.flow.refund, asked.orders.get(number)
    if refund.state != "refunded":
        text = f"refund {refund.number} is {refund.state} at {asked.identity.source}: nothing was given back there"
        raise Rejected(text, code="not refunded", field="state")
    for name in ("store_credit", "gift_cards"):
        part = getattr(refund, name)
        if part is not None and part.amount:
            form = name.replace("_", " ")
            text = (
                f"{part} of refund {refund.number} went back as {form}, which is not carried: book it by hand"
            )
            raise Rejected(text, code="not supported", field=name)
    passed(refund, order, rules)
    booked = RefundStep(
        **asked.common("refund", number),
        content=refund,
        rules=rules,
        paid=order.paid if order else None,
        notes=asked.note(number),
    )
    if not rules.pay_out:
        return (booked,)
    return booked, PayoutStep(
        **asked.common("payout", number) | {"needs": (booked.key,)}, amount=refund.total, rules=rules
    )


# -- inventory ---------------------------------------------------------------------------------------------


def _inventory(asked: Asked, tables: LookUps, number: str) -> Steps:
    """Have the target say so much; it must be known how much that is."""
    level: Inventory = asked.data.document  # type: ignore[assignment]
    rules = asked.compiled.flow.write_back
    quantity = level.on_hand if rules.inventory == "on_hand" else level.to_sell
    if quantity is None:
        text = (
            f"{asked.identity.source} does not say how much of {number} is available: have it tell available or "
            "reserved, or have the flow write what is on hand (write_back.inventory: on_hand)"
        )
        raise Rejected(text, code="rejected", field="available")
    in_stock = {"positive": quantity > 0, "always": True, "keep": None}[rules.in_stock]
    step = InventoryStep(
        **asked.bare("inventory", number),
        sku=level.sku,
        warehouse=level.warehouse,
        quantity=quantity,
        in_stock=in_stock,
    )
    return (step,)


_PLANS: Mapping[str, Callable[[Asked, LookUps, str], Steps]] = {
    "order.created": _order,
    "order.updated": _change,
    "order.cancelled": _cancellation,
    "shipment.confirmed": _shipment,
    "shipment.voided": take_back,
    "invoice.released": _invoice,
    "refund.issued": _refund,
    "inventory.changed": _inventory,
}
