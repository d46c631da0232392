"""What a flow writes onto the target's documents, as the file says it: freight, tracking, notes, fields and more.

Which steps that becomes is `connector/write_back.py`; what a target can write stands in its adapter.
"""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from schemas.base import ExactDecimal, Model


class NoteRow(Model):
    """One row of notes: what it is about, and a Jinja2 template; a row whose text comes out empty is left out."""

    tag: str = Field(min_length=1)
    value: str = Field(min_length=1)


class Freight(Model):
    """Which freight is written back, and onto which of the target's documents (None: the one that the rest goes onto).

    `amount`: the charge of the shipment that is taken (applied: what is charged; actual: what the carrier takes; list:
    what its list says), a `fixed` one (`value`, in the currency of the order), a `percentage` (`value` in percent of
    the charge `of`), or none. `handling` adds what the shipment says of that. Of a shipment of several orders each gets
    an equal share. `existing`: what becomes of a freight that stands there? It is raised (and lowered when the shipment
    is voided), or replaced as long as the document has no tracking number, and raised afterwards.
    """

    amount: Literal["applied", "actual", "list", "fixed", "percentage", "none"] = "applied"
    value: ExactDecimal | None = Field(default=None, ge=0)
    of: Literal["applied", "actual", "list"] = "applied"
    handling: bool = False
    onto: Literal["order", "invoice", "shipment"] | None = None
    existing: Literal["add", "replace_untracked"] = "add"

    @model_validator(mode="after")
    def _has_its_number(self) -> Self:
        wants = self.amount in ("fixed", "percentage")
        if wants and self.value is None:
            unit = "an amount such as 9.50" if self.amount == "fixed" else "a number of percent such as 110"
            raise ValueError(f"amount {self.amount!r} needs value: {unit}")
        if not wants and self.value is not None:
            raise ValueError(
                f"value says nothing beside amount {self.amount!r}: only fixed and percentage need one"
            )
        return self


class FieldRule(Model):
    """What a custom field of the target becomes: a Jinja2 template, and the field's type and longest text there.

    `too_long`: is a longer text an error, or cut off? A number is written as it is, a flag is true or false, a date
    `2026-01-31`. A text that comes out empty is not written.
    """

    value: str = Field(min_length=1)
    type: Literal["text", "number", "integer", "flag", "date"] = "text"
    length: int | None = Field(default=None, ge=1)
    too_long: Literal["error", "cut"] = "error"


def _as_rule(value: object) -> object:
    return {"value": value} if isinstance(value, str) else value


Rules = dict[str, Annotated[FieldRule, BeforeValidator(_as_rule)]]
"""Name of a field at the target -> what it becomes; a text alone is its template."""


class Fields(Model):
    """Custom fields of the target's documents: at the header, of each line (templates may name `line`, the line of the
    shipment) and of each package (`package`). `onto` None: of the document that the write-back goes onto."""

    onto: Literal["order", "invoice", "shipment"] | None = None
    header: Rules = Field(default_factory=dict)
    line: Rules = Field(default_factory=dict)
    package: Rules = Field(default_factory=dict)


class WriteBack(Model):
    """What the flow writes onto the target's documents beside the facts.

    `notes` goes onto the document that is made (onto the order, for changes and cancellations); `order_comment` and
    `order_status` go onto the order beside it. `invoice`: is an order with nothing left to invoice an error, or left
    as it is? `capture`: does the target collect the money?

    `inventory` and `in_stock` are for levels: which quantity is written, and when it is in stock there: where it is
    positive, always, or as the target has it.

    The rest is for shipments whose target takes the parts of a shipment one by one (an ERP). A switch that is not set
    means: where the target can.
    """

    notes: str | tuple[NoteRow, ...] = Field(
        default="",
        description="Jinja2 template over the event's document and its context, or rows of tag and value",
    )
    notify_customer: bool = False
    order_comment: str = Field(
        default="", description="Jinja2 template over the event's document and its context"
    )
    order_status: str = ""
    invoice: Literal["always", "when_open"] = "always"
    capture: bool = False
    inventory: Literal["available", "on_hand"] = "available"
    in_stock: Literal["positive", "always", "keep"] = "positive"
    freight: Freight | None = None
    tracking: bool | None = None
    ship_via: bool | None = None
    ship_date: bool | None = None
    weight: bool = False
    ship_to: bool = False
    fields: Fields = Fields()
    confirm: bool = False
    create_invoice: bool = False
    charges: bool | None = None
    back_order: bool | None = None

    @property
    def parts(self) -> frozenset[str]:
        """The parts that are asked for by name: the target must be able to write them."""
        asked = {
            name
            for name in (
                "tracking",
                "ship_via",
                "ship_date",
                "weight",
                "ship_to",
                "confirm",
                "create_invoice",
                "charges",
                "back_order",
            )
            if getattr(self, name)
        }
        levels = {f"fields.{level}" for level in ("header", "line", "package") if getattr(self.fields, level)}
        freight = {"freight"} if self.freight is not None and self.freight.amount != "none" else set()
        return frozenset(asked | levels | freight | ({"notes"} if self.notes else set()))
