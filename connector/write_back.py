"""A shipment's write-back, for targets that take its parts one by one: which steps it is, and how it is taken back.

Pure. Which parts a target has stands in its `Manner`; which of them are wanted stands in the flow's `write_back`. Each
part is a step of its own, so that what failed is tried again alone. A target that takes a whole shipment in one call
has none of this (`planning.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connector.asked import Asked
from connector.freight import share_of
from connector.mapping import LookUps
from connector.planned import (
    ConfirmStep,
    FieldsStep,
    FieldValue,
    FreightStep,
    InvoiceStep,
    NoteStep,
    Onto,
    Part,
    ReadyStep,
    ShipmentStep,
    Step,
    StepLine,
    StepPackage,
    TrackingStep,
    UndoStep,
)
from connector.reference import external_reference
from schemas.base import Money
from schemas.config import CarrierService, WriteBack
from schemas.documents import Address, Package, Shipment, ShipmentLine

TAKEN_BACK = ("note", "tracking", "freight", "invoice", "shipment")
"""The kinds of steps that a void takes back, in this order. What was set (ship via, dates, custom fields) stays: what
stood there before is not known."""


_SETTING = (FreightStep, TrackingStep, FieldsStep)
"""The kinds of steps that set a value of the document."""


def write_back(asked: Asked, tables: LookUps, number: str) -> tuple[Step, ...]:
    """The steps of one order of a shipment; raises Rejected."""
    return _Parts(asked, tables, number).steps()


@dataclass
class _Parts:
    """What is wanted for one order of a shipment."""

    asked: Asked
    tables: LookUps
    number: str

    def __post_init__(self) -> None:
        self.shipment: Shipment = self.asked.data.document  # type: ignore[assignment]
        self.lines = [line for line in self.shipment.lines if line.order == self.number]

    @property
    def rules(self) -> WriteBack:
        """What the flow wants written."""
        return self.asked.compiled.flow.write_back

    def wants(self, part: str) -> bool:
        """Is this part written: asked for, or not said and possible there?"""
        wanted: bool | None = getattr(self.rules, part)
        return part in self.asked.manner.parts if wanted is None else wanted

    @cached_property
    def onto(self) -> Onto:
        """The document that is made for the shipment, or else the one that stands there."""
        return "invoice" if self.rules.create_invoice else self.asked.manner.onto

    @cached_property
    def ships_order(self) -> bool:
        """Is it the order itself that ships there? Then it is seen first whether it can, and shipped last, since it can
        change no more afterwards."""
        return self.onto == "order" and "shipment" in self.asked.manner.parts

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The step that makes the document which the parts go onto, or sees that it is ready for them."""
        if self.ships_order:
            return (f"ready:{self.number}",)
        return (f"{self.onto}:{self.number}",) if self.onto != "order" else ()

    def steps(self) -> tuple[Step, ...]:
        """In the order in which they are done: a freight that replaces must see whether there is a tracking number."""
        made: list[Step] = [
            *self._document(),
            *self._freight(),
            *self._tracking(),
            *self._note(),
            *self._fields(),
        ]
        if self.ships_order:
            made[0] = self._ready(made[1:])
            made.append(self._shipment(tuple(step.key for step in made)))
        if self.wants("confirm") and self.onto == "shipment":
            needs = tuple(step.key for step in made)
            made.append(ConfirmStep(**self._common("confirm", needs)))
        return tuple(made)

    def _common(self, kind: str, needs: tuple[str, ...] | None = None) -> dict[str, Any]:
        return self.asked.common(kind, self.number) | {"needs": self.needs if needs is None else needs}

    def _needs_of(self, onto: Onto) -> tuple[str, ...]:
        return self.needs if onto == self.onto else ()

    # -- the document --

    def _document(self) -> list[Step]:
        if self.onto == "shipment":
            return [self._shipment(())]
        if self.onto == "order":
            return [self._ready(())] if self.ships_order else []
        return [
            InvoiceStep(
                **self._common("invoice", ()),
                lines=self._lines(),
                ship_date=self.shipment.ship_date if self.wants("ship_date") else None,
                ship_to=self._other_address() if self.rules.ship_to else None,
                ship_via=self._ship_via,
                charges=self.wants("charges"),
                back_order=self.wants("back_order"),
            )
        ]

    def _ready(self, later: Sequence[Step]) -> ReadyStep:
        sets = tuple(step.model_dump(mode="json") for step in later if isinstance(step, _SETTING))
        numbers = dict.fromkeys(one.tracking_number for one in self._packages if one.tracking_number)
        master = (self._master,) if self._master else ()
        return ReadyStep(
            **self._common("ready", ()),
            lines=self._lines(),
            tracking_numbers=tuple(numbers) or master,
            sets=sets,
        )

    def _shipment(self, needs: tuple[str, ...]) -> ShipmentStep:
        date = None if self.rules.ship_date is False else self.shipment.ship_date
        return ShipmentStep(**self._common("shipment", needs), lines=self._lines(), ship_date=date)

    def _lines(self) -> tuple[StepLine, ...]:
        return tuple(
            StepLine(
                reference=line.order_line, sku=line.sku, name=line.name, quantity=line.quantity, lot=line.lot
            )
            for line in self.lines
        )

    def _other_address(self) -> Address | None:
        """Where it went, unless that is where the order goes anyway."""
        order = self.asked.orders.get(self.number)
        same = order is not None and order.ship_to == self.shipment.ship_to
        return None if same else self.shipment.ship_to

    # -- its parts --

    @cached_property
    def _share(self) -> Money | None:
        rule, order = self.rules.freight, self.asked.orders.get(self.number)
        if rule is None or not set(self.asked.manner.parts) & {"freight"}:
            return None
        return share_of(rule, self.shipment, self.number, order.currency if order else "")

    def _freight(self) -> list[Step]:
        rule, share = self.rules.freight, self._share
        if rule is None or share is None:
            return []
        onto = rule.onto or self.onto
        replace = rule.existing == "replace_untracked"
        common = self._common("freight", self._needs_of(onto))
        return [FreightStep(**common, onto=onto, amount=share, replace_untracked=replace)]

    @cached_property
    def _packages(self) -> list[Package]:
        return [one for one in self.shipment.packages if self._is_of_order(one)]

    @cached_property
    def _weight(self) -> dict[str, Any]:
        """What the packages of the order weigh together, and in which unit; None where no package says it."""
        weights = [one.weight for one in self._packages if one.weight is not None]
        unit = next((one.weight_unit for one in self._packages if one.weight_unit), "")
        return {"weight": sum(weights[1:], weights[0]) if weights else None, "weight_unit": unit}

    @property
    def _master(self) -> str:
        """What stands for all packages."""
        return self.shipment.pro or self.shipment.bol or self.shipment.master_tracking

    def _tracking(self) -> list[Step]:
        nowhere = self.onto == "order" and not self.ships_order
        if nowhere or not self.wants("tracking") or not self._packages:
            return []
        shipment = self.shipment
        step = TrackingStep(
            **self._common("tracking"),
            onto=self.onto,
            packages=tuple(self._package(one) for one in self._packages),
            carrier=shipment.carrier or shipment.ship_via,
            scac=shipment.scac,
            master=self._master,
            freight=self._share,
            **self._weight,
        )
        return [step]

    def _is_of_order(self, package: Package) -> bool:
        """A package that does not say whose goods it holds counts for every order of its shipment."""
        orders = {content.order for content in package.contents if content.order}
        return not orders or self.number in orders

    def _package(self, package: Package) -> StepPackage:
        shipment = self.shipment
        texts = self.asked.texts(self.number)
        return StepPackage(
            tracking_number=package.tracking_number,
            carrier_code=shipment.carrier,
            title=shipment.service or shipment.ship_via,
            reference=package.reference,
            box=package.box,
            weight=package.weight,
            weight_unit=package.weight_unit,
            contents=tuple(one for one in package.contents if one.order in ("", self.number)),
            fields=self.asked.compiled.fields["package"].values(**texts, package=package),
        )

    def _note(self) -> list[Step]:
        text = self.asked.note(self.number)
        if not text.strip():
            return []
        onto = self.asked.manner.onto
        return [NoteStep(**self._common("note", self._needs_of(onto)), onto=onto, notes=text)]

    @cached_property
    def _ship_via(self) -> CarrierService | None:
        if not self.shipment.ship_via or not self.wants("ship_via"):
            return None
        return self.tables.ship_via(self.shipment.ship_via, "code")

    def _fields(self) -> list[Step]:
        shipment, compiled, texts = self.shipment, self.asked.compiled, self.asked.texts(self.number)
        home = self.asked.manner.onto
        found: list[tuple[Part, Onto, dict[str, Any]]] = []
        if self._ship_via is not None:
            found.append(("ship_via", home, {"ship_via": self._ship_via}))
        # The date on which an order shipped is none of its own: it is written there only where that is asked for.
        its_own = self.onto != "order" or self.ships_order
        dated = self.wants("ship_date") if its_own else bool(self.rules.ship_date)
        if self.onto != "invoice" and shipment.ship_date is not None and dated:
            found.append(("ship_date", home, {"ship_date": shipment.ship_date}))
        if self.rules.weight and self._weight["weight"]:
            found.append(("weight", home, self._weight))
        if self.onto == "shipment" and self.rules.ship_to and self._other_address() is not None:
            found.append(("ship_to", home, {"ship_to": self._other_address()}))
        onto = self.rules.fields.onto or home
        if values := compiled.fields["header"].values(**texts):
            found.append(("header", onto, {"fields": values}))
        if lines := tuple(one for one in map(self._line_fields, self.lines) if one.fields):
            found.append(("line", onto, {"lines": lines}))
        return [
            FieldsStep(
                **self._common(f"fields.{part}", self._needs_of(there)), part=part, onto=there, **values
            )
            for part, there, values in found
        ]

    def _line_fields(self, line: ShipmentLine) -> StepLine:
        values: tuple[FieldValue, ...] = self.asked.compiled.fields["line"].values(
            **self.asked.texts(self.number), line=line
        )
        return StepLine(
            reference=line.order_line, sku=line.sku, name=line.name, quantity=line.quantity, fields=values
        )


def take_back(asked: Asked, tables: LookUps, number: str) -> tuple[Step, ...]:
    """The steps that take back what was written for one order of a shipment: freight by exactly what it was raised by,
    notes, tracking numbers, and the document itself where we made it."""
    carried: Sequence[Mapping[str, Any]] = asked.carried.get(number, ())
    undoable = [spec for kind in TAKEN_BACK for spec in carried if spec["kind"] == kind]
    steps: list[Step] = []
    for spec in undoable:
        common = asked.common("undo", number)
        key = f"undo:{spec['key']}"
        if any(step.key == key for step in steps):  # another flow carried the same part there
            key = f"{key}:{spec['reference']}"
        reference = external_reference(asked.compiled.flow.name, asked.identity, key)
        makes = spec["kind"] in ("invoice", "shipment")
        needs = tuple(step.key for step in steps) if makes else ()
        steps.append(
            UndoStep(
                **common | {"key": key, "reference": reference, "needs": needs},
                undoes=spec["reference"],
                original=dict(spec),
            )
        )
    return tuple(steps)
