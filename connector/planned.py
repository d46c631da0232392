"""The kinds of steps, in our own words: what is to be done at a target. Each adapter knows how it is done there.

Pure values. Which steps an event leads to is `plan.py` and `planning.py`; running them is `steps.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from schemas.base import (
    CalendarDate,
    DocumentRef,
    ExactDecimal,
    Identifier,
    Model,
    Money,
    Quantity,
    UtcDatetime,
)
from schemas.config import CarrierService
from schemas.documents import Address, Order, PackageLine, Refund
from schemas.refunds import RefundRules

Onto = Literal["order", "invoice", "shipment"]
"""The target's document which a part of a shipment is written onto."""


@dataclass(frozen=True)
class Manner:
    """How a target wants things said: do orders need a customer's record first, and what is an invoice there?

    `parts` are the parts of a shipment that are steps of their own there, in the words of `WriteBack.parts`; empty
    where one call takes the whole shipment. `onto` is the document which they go onto, where no invoice is made.
    """

    customers: bool = False
    invoices: Literal["invoice", "payment"] = "invoice"
    parts: frozenset[str] = frozenset()
    onto: Onto = "shipment"


PLAIN = Manner()
"""Orders come alone, and an invoice is an invoice."""


class FieldValue(Model):
    """A value for one field of the target; `type` says how `text` is to be written there (`FieldRule.type`)."""

    name: str
    text: str
    type: Literal["text", "number", "integer", "flag", "date"] = "text"


class StepLine(Model):
    """So much of one order line; `reference` is its key at the source, and the SKU finds it where that fails."""

    reference: str = ""
    sku: str
    name: str = ""
    quantity: Quantity
    lot: str = ""
    fields: tuple[FieldValue, ...] = ()


class StepPackage(Model):
    """One package as the target is told of it: tracking number, and carrier as the mapping says.

    The rest is told to targets that keep packages: `weight` in `weight_unit`, custom `fields` in the target's words.
    """

    tracking_number: str
    carrier_code: str
    title: str
    reference: str = ""
    box: str = ""
    weight: Decimal | None = None
    weight_unit: str = ""
    contents: tuple[PackageLine, ...] = ()
    fields: tuple[FieldValue, ...] = ()


class OrderClue(Model):
    """How the target may find the order: its number at the source, and the number it bears in the other world."""

    order: DocumentRef
    external_number: str | None = None


class AnyStep(Model):
    """What every step has. `document` is ours at the source, which the step carries.

    `needs` are the keys of steps of the same entry that must be done before. `linked`: is what the step makes the
    same document under another number?
    """

    linked: ClassVar[bool] = True

    key: Annotated[str, Field(min_length=1, max_length=512)]
    reference: Identifier
    document: DocumentRef
    needs: tuple[str, ...] = ()


class PlannedStep(AnyStep):
    """What every step about an order has; `notes` is the rendered note."""

    order: OrderClue
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


class ReadyStep(PlannedStep):
    """See, before anything is written, which order is meant, that it can ship so (these lines, with these tracking
    numbers), and that it takes what the later steps set (`sets`, as they were planned). It leaves nothing at the
    target; where it is done is the order that the later steps go onto."""

    kind: Literal["ready"] = "ready"
    linked: ClassVar[bool] = False
    lines: tuple[StepLine, ...]
    tracking_numbers: tuple[str, ...] = ()
    sets: tuple[dict[str, Any], ...] = ()


class ShipmentStep(PlannedStep):
    """Ship these lines of one order at the target, in these packages, with this note."""

    kind: Literal["shipment"] = "shipment"
    lines: tuple[StepLine, ...]
    packages: tuple[StepPackage, ...] = ()
    ship_date: CalendarDate | None = None


class InvoiceStep(PlannedStep):
    """Invoice these lines of one order at the target. `capture`: have the target collect the money.

    `when_open`: an order with nothing left to invoice is left as it is. `total` is the source's, for comparison.
    An invoice that is made for a shipment may bear its date, its `ship_via`, another `ship_to` than the order,
    `charges` (comments and charges of the order come along, although they are not shipped) and `back_order` (lines that
    others ship are back-ordered).
    """

    kind: Literal["invoice"] = "invoice"
    lines: tuple[StepLine, ...]
    capture: bool = False
    when_open: bool = False
    total: Money | None = None
    ship_date: CalendarDate | None = None
    ship_to: Address | None = None
    ship_via: CarrierService | None = None
    charges: bool = False
    back_order: bool = False


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


class FreightStep(PlannedStep):
    """Raise the freight of the document `onto` by `amount`; `replace_untracked`: set it to that, as long as the
    document has no tracking number yet."""

    kind: Literal["freight"] = "freight"
    linked: ClassVar[bool] = False
    onto: Onto
    amount: Money
    replace_untracked: bool = False


class TrackingStep(PlannedStep):
    """Put these packages with their tracking numbers onto the document `onto`.

    `carrier` and `scac` are the source's own words. `freight` goes with the first package where the target keeps it
    per package; `weight` is what all of them weigh. `master` stands for all packages: the master tracking number, or
    that of the freight bill.
    """

    kind: Literal["tracking"] = "tracking"
    linked: ClassVar[bool] = False
    onto: Onto
    packages: tuple[StepPackage, ...]
    carrier: str = ""
    scac: str = ""
    master: str = ""
    freight: Money | None = None
    weight: Decimal | None = None
    weight_unit: str = ""


class NoteStep(PlannedStep):
    """Put `notes` onto the document `onto`: into its note, or as a comment line, as the target has it."""

    kind: Literal["note"] = "note"
    linked: ClassVar[bool] = False
    onto: Onto


Part = Literal["ship_via", "ship_date", "weight", "ship_to", "header", "line"]


class FieldsStep(PlannedStep):
    """Set fields of the document `onto`, one `part` of the write-back at a time.

    Parts: ship_via (`ship_via.code`), ship_date, weight, ship_to, header (`fields`), line (`lines`, by their fields).
    """

    kind: Literal["fields"] = "fields"
    linked: ClassVar[bool] = False
    onto: Onto
    part: Part
    ship_via: CarrierService | None = None
    ship_date: CalendarDate | None = None
    weight: Decimal | None = None
    weight_unit: str = ""
    ship_to: Address | None = None
    fields: tuple[FieldValue, ...] = ()
    lines: tuple[StepLine, ...] = ()


class ConfirmStep(PlannedStep):
    """Confirm the shipment that this entry made or found."""

    kind: Literal["confirm"] = "confirm"
    linked: ClassVar[bool] = False


class RefundStep(PlannedStep):
    """Book at the target what the source gave back. Which document that is depends on how the order was billed there,
    by the table in docs/refunds.md; `rules` say what is left open by it. `paid` is what was paid for the order at the
    source.

    A target that finds the order unbilled, and is to wait, raises NotFound with the code `not billed` for the invoice
    of the order; one where less is left to be given back raises Rejected with the code `money` and both amounts.
    """

    kind: Literal["refund"] = "refund"
    content: Refund
    rules: RefundRules
    paid: Money | None = None


class PayoutStep(PlannedStep):
    """Pay the credit out to the customer by a document of its own, where the refund step made a credit memo; where it
    made what pays by itself (a cash refund, a refund of a deposit) nothing is left to do."""

    kind: Literal["payout"] = "payout"
    linked: ClassVar[bool] = False
    amount: Money
    rules: RefundRules


class InventoryStep(AnyStep):
    """Have so much of an article at the target's warehouse, whatever there is of it now.

    `in_stock`: is it to be had there? None: as the target has it.
    """

    kind: Literal["inventory"] = "inventory"
    linked: ClassVar[bool] = False
    sku: str
    warehouse: str
    quantity: ExactDecimal
    in_stock: bool | None = None


class UndoStep(PlannedStep):
    """Take back what another step did: `undoes` is its reference, `original` the step as it was planned.

    What it did is known when this step runs (`Known.undone`).
    """

    kind: Literal["undo"] = "undo"
    linked: ClassVar[bool] = False
    undoes: Identifier
    original: dict[str, Any]


StepOfOrder = (
    CustomerStep
    | OrderStep
    | ReadyStep
    | ShipmentStep
    | InvoiceStep
    | PaymentStep
    | CommentStep
    | CancelStep
    | FreightStep
    | TrackingStep
    | NoteStep
    | FieldsStep
    | ConfirmStep
    | RefundStep
    | PayoutStep
    | UndoStep
)

Step = StepOfOrder | InventoryStep


@dataclass(frozen=True)
class Undone:
    """What is to be taken back: the step as it was planned, and what is known of its effect.

    `document` is what it made or wrote onto (None where it is not known to have come that far), `ours` whether that
    document was made by it, or only found. `before` and `after` are the amounts of an increment. `done` False: it may
    have been done, or not, as long as until `doubt_at`; whoever takes it back looks.
    """

    step: StepOfOrder
    document: DocumentRef | None
    ours: bool
    done: bool
    before: Decimal | None = None
    after: Decimal | None = None
    doubt_at: datetime | None = None


_STEP: TypeAdapter[Step] = TypeAdapter(Annotated[Step, Field(discriminator="kind")])
_STEP_OF_ORDER: TypeAdapter[StepOfOrder] = TypeAdapter(Annotated[StepOfOrder, Field(discriminator="kind")])


def parse_step(spec: Mapping[str, Any]) -> Step:
    """A stored step as a value; raises ValidationError where another release wrote it differently."""
    return _STEP.validate_python(spec)


def parse_step_of_order(spec: Mapping[str, Any]) -> StepOfOrder:
    """The same, where it is about an order."""
    return _STEP_OF_ORDER.validate_python(spec)
