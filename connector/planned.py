"""The kinds of steps, in our own words: what is to be done at a target. Each adapter knows how it is done there.

Pure values. Which steps an event leads to is `plan.py` and `planning.py`; running them is `steps.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from schemas.base import DocumentRef, Identifier, Model, Money, Quantity, UtcDatetime
from schemas.config import CarrierService
from schemas.documents import Address, Order


@dataclass(frozen=True)
class Manner:
    """How a target wants things said: do orders need the record of a customer first, and what is an invoice there?"""

    customers: bool = False
    invoices: Literal["invoice", "payment"] = "invoice"


PLAIN = Manner()
"""Orders come alone, and an invoice is an invoice."""


class StepLine(Model):
    """So much of one order line; `reference` is its key at the source, and the SKU finds it where that fails."""

    reference: str = ""
    sku: str
    name: str = ""
    quantity: Quantity


class StepPackage(Model):
    """One package as the target is told of it: tracking number, and carrier as the mapping says."""

    tracking_number: str
    carrier_code: str
    title: str


class OrderClue(Model):
    """How the target may find the order: its number at the source, and the number it bears in the other world."""

    order: DocumentRef
    external_number: str | None = None


class PlannedStep(Model):
    """What every step has. `document` is ours at the source, which the step carries; `notes` is the rendered note.

    `needs` are the keys of steps of the same entry that must be done before. `linked`: is what the step makes the
    same document under another number?
    """

    linked: ClassVar[bool] = True

    key: Annotated[str, Field(min_length=1, max_length=512)]
    reference: Identifier
    document: DocumentRef
    order: OrderClue
    needs: tuple[str, ...] = ()
    notes: str = ""
    notify_customer: bool = False


class CustomerStep(PlannedStep):
    """Find the customer of an order at the target, or make one; `email` finds it, and is empty where not known.

    `document` is the customer at the source, by number or e-mail address. `guest`: bought without an account.
    """

    kind: Literal["customer"] = "customer"
    email: str = ""
    name: str = ""
    guest: bool = False
    bill_to: Address | None = None
    ship_to: Address | None = None


class OrderStep(PlannedStep):
    """Make the order at the target. `content` is the order in our words; values are mapped to the target's words.

    `ship_via.code` is the target's shipping method; None where nothing is shipped. `payment_method` is the
    target's, or the source's own where the flow maps none.
    """

    kind: Literal["order"] = "order"
    content: Order
    ship_via: CarrierService | None = None
    payment_method: str = ""


class ShipmentStep(PlannedStep):
    """Ship these lines of one order at the target, in these packages, with this note."""

    kind: Literal["shipment"] = "shipment"
    lines: tuple[StepLine, ...]
    packages: tuple[StepPackage, ...] = ()


class InvoiceStep(PlannedStep):
    """Invoice these lines of one order at the target. `capture`: have the target collect the money.

    `when_open`: an order with nothing left to invoice is left as it is. `total` is the source's, for comparison.
    """

    kind: Literal["invoice"] = "invoice"
    lines: tuple[StepLine, ...]
    capture: bool = False
    when_open: bool = False
    total: Money | None = None


class PaymentStep(PlannedStep):
    """Record a payment of this amount at the target, and apply it to the order; `method` in the target's words."""

    kind: Literal["payment"] = "payment"
    amount: Money
    method: str = ""
    paid_at: UtcDatetime | None = None


class CommentStep(PlannedStep):
    """Put `notes` on the order as a comment, and set its status where `status` says one."""

    kind: Literal["comment"] = "comment"
    linked: ClassVar[bool] = False
    status: str = ""


class CancelStep(PlannedStep):
    """Cancel the order at the target, and see that it is cancelled."""

    kind: Literal["cancel"] = "cancel"
    linked: ClassVar[bool] = False


Step = CustomerStep | OrderStep | ShipmentStep | InvoiceStep | PaymentStep | CommentStep | CancelStep

_STEP: TypeAdapter[Step] = TypeAdapter(Annotated[Step, Field(discriminator="kind")])


def parse_step(spec: Mapping[str, Any]) -> Step:
    """A stored step as a value; raises ValidationError where another release wrote it differently."""
    return _STEP.validate_python(spec)
