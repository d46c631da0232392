"""A stub target that takes a shipment's parts one by one, as an ERP does: for tests of write-backs and voids."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connector.errors import CallError, Missing, NotFound, Partial, Rejected
from connector.planned import (
    FreightStep,
    InventoryStep,
    Manner,
    NoteStep,
    ShipmentStep,
    Step,
    StepOfOrder,
    TrackingStep,
    UndoStep,
)
from connector.store import intake
from connector.store.intake import NewEvent, Receipt
from connector.systems.base import Comparing, Effect, Field, Increment, Known, Recipe
from connector.systems.http import Http
from schemas.base import DocumentRef
from schemas.events import EVENT_TYPES
from tests.stub import StubAdapter
from tests.world import World

PARTS = frozenset({"freight", "tracking", "notes", "ship_via", "ship_date"})
CONFIRMED, VOIDED = "shipment.confirmed", "shipment.voided"

FLOWS = """
  - name: write-backs
    event: shipment.confirmed
    from: erp
    to: shop
    mapping: {ship_via: {UPS: {code: UPS}}}
    write_back:
      {freight: {amount: applied, onto: order}, notes: "by {{ shipment.carrier }}", ship_via: false, ship_date: false}
    retry: {first: 0.05, longest: 0.2}
  - {name: voids, event: shipment.voided, from: erp, to: shop, retry: {first: 0.05, longest: 0.2}}
"""


@dataclass
class Paper:
    """A shipment as it stands at the target."""

    reference: str
    lines: dict[str, Decimal]
    notes: list[tuple[str, str]] = field(default_factory=list)
    tracking: list[str] = field(default_factory=list)


@dataclass
class Ledger:
    """What the target holds: shipments by number, freight by order. `refusals` are raised once, by kind of step."""

    shipments: dict[str, Paper] = field(default_factory=dict)
    freight: dict[str, Decimal] = field(default_factory=dict)
    refusals: dict[str, list[CallError]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def refuse(self, kind: str) -> None:
        """Raise what was asked for."""
        if self.refusals.get(kind):
            raise self.refusals[kind].pop(0)


@dataclass
class PartRecipe(Comparing):
    """Finds, makes and takes back the parts of a shipment."""

    ledger: Ledger
    step: StepOfOrder
    known: Known
    native_key: bool = False

    def _paper(self) -> tuple[str, Paper]:
        number = self.known.made[f"shipment:{self.step.order.order.number}"].number
        return number, self.ledger.shipments[number]

    async def find(self) -> tuple[Effect, ...]:
        match self.step:
            case ShipmentStep():
                found = [
                    n for n, paper in self.ledger.shipments.items() if paper.reference == self.step.reference
                ]
                return tuple(self._effect(number) for number in found)
            case TrackingStep():
                number, paper = self._paper()
                wanted = {one.tracking_number for one in self.step.packages}
                return (self._effect(number),) if wanted <= set(paper.tracking) else ()
        number, paper = self._paper()
        return (self._effect(number),) if self.step.reference in dict(paper.notes) else ()

    async def create(self) -> Effect:
        self.ledger.refuse(self.step.kind)
        self.ledger.written.append(self.step.key)
        match self.step:
            case ShipmentStep():
                number = f"P{len(self.ledger.written):03}"
                lines = {line.sku: line.quantity for line in self.step.lines}
                self.ledger.shipments[number] = Paper(self.step.reference, lines)
                return self._effect(number)
            case TrackingStep():
                number, paper = self._paper()
                paper.tracking += [one.tracking_number for one in self.step.packages]
                return self._effect(number)
        number, paper = self._paper()
        paper.notes.append((self.step.reference, self.step.notes))
        return self._effect(number)

    async def verify(self, effect: Effect) -> Effect:
        if effect.document.number not in self.ledger.shipments:
            raise Partial(f"shipment {effect.document.number} is not there")
        return effect

    async def compare(self) -> tuple[Field, ...]:
        if isinstance(self.step, TrackingStep):
            _, paper = self._paper()
            expected = ", ".join(one.tracking_number for one in self.step.packages)
            return (Field("Tracking", expected, ", ".join(paper.tracking)),)
        return ()

    async def standing(self) -> Effect:
        return self._effect(self._paper()[0])

    def _effect(self, number: str) -> Effect:
        return Effect(DocumentRef(connection="shop", kind="shipment", number=number))


@dataclass
class TakenBack:
    """Takes back a part, or the whole shipment."""

    ledger: Ledger
    known: Known
    native_key: bool = False

    @property
    def _number(self) -> str:
        assert self.known.undone is not None
        assert self.known.undone.document is not None
        return self.known.undone.document.number

    async def find(self) -> tuple[Effect, ...]:
        paper, step = self.ledger.shipments.get(self._number), self._step
        gone = {
            "shipment": paper is None,
            "tracking": paper is None or not set(self._tracking) & set(paper.tracking),
            "note": paper is None or step.reference not in dict(paper.notes),
        }
        return (self._effect(),) if gone[step.kind] else ()

    async def create(self) -> Effect:
        self.ledger.refuse("undo")
        self.ledger.written.append(f"undo {self._step.key}")
        paper = self.ledger.shipments[self._number]
        match self._step:
            case ShipmentStep():
                del self.ledger.shipments[self._number]
            case TrackingStep():
                paper.tracking = [one for one in paper.tracking if one not in self._tracking]
            case _:
                paper.notes = [one for one in paper.notes if one[0] != self._step.reference]
        return self._effect()

    async def verify(self, effect: Effect) -> Effect:
        if not await self.find():
            raise Partial("it still stands there")
        return effect

    @property
    def _step(self) -> Step:
        assert self.known.undone is not None
        return self.known.undone.step

    @property
    def _tracking(self) -> list[str]:
        step = self._step
        return [one.tracking_number for one in step.packages] if isinstance(step, TrackingStep) else []

    def _effect(self) -> Effect:
        return Effect(DocumentRef(connection="shop", kind="shipment", number=self._number))


class Amount(Increment):
    """The freight of an order."""

    def __init__(self, ledger: Ledger, order: str, amount: Decimal) -> None:
        self._ledger, self._order, self.amount = ledger, order, amount

    async def read(self) -> Decimal:
        self.document = DocumentRef(connection="shop", kind="order", number=self._order)
        return self._ledger.freight.get(self._order, Decimal("0.00"))

    async def write(self, value: Decimal) -> None:
        self._ledger.refuse("freight")
        self._ledger.written.append(f"freight {value}")
        self._ledger.freight[self._order] = value
        self._ledger.refuse("freight afterwards")

    async def effect(self, value: Decimal) -> Effect:
        assert self.document is not None
        return Effect(self.document, seen={"freight": str(value)})


class PartsAdapter(StubAdapter):
    """A target with parts; its ledger hangs on the shop of the world."""

    capabilities = replace(
        StubAdapter.capabilities,
        source_of=frozenset({CONFIRMED, VOIDED}),
        target_of=frozenset({CONFIRMED, VOIDED}),
        manner=Manner(parts=PARTS, onto="shipment"),
    )

    @property
    def ledger(self) -> Ledger:
        """What the target holds."""
        return ledger_of(self.shop)

    def recipe(self, http: Http, step: Step, known: Known) -> Recipe | Increment:  # type: ignore[override]
        assert not isinstance(step, InventoryStep)
        order = step.order.order.number
        if order in self.shop.orders_missing:
            raise NotFound("the order is not there", missing=Missing("order", order, "erp"))
        match step:
            case FreightStep():
                return Amount(self.ledger, order, step.amount.amount)
            case UndoStep() if known.undone is not None and isinstance(known.undone.step, FreightStep):
                assert known.undone.before is not None
                assert known.undone.after is not None
                return Amount(self.ledger, order, known.undone.before - known.undone.after)
            case UndoStep():
                return TakenBack(self.ledger, known)
            case ShipmentStep() | TrackingStep() | NoteStep():
                return PartRecipe(self.ledger, step, known)
        raise Rejected(f"no {step.kind} here")


def ledger_of(shop: Any) -> Ledger:
    """The ledger that belongs to a shop; made when it is first asked for."""
    if not hasattr(shop, "ledger"):
        shop.ledger = Ledger()
    ledger: Ledger = shop.ledger
    return ledger


def parcel(number: str, *orders: str, freight: str = "9.50", replaces: str = "") -> dict[str, Any]:
    """A shipment of one line per order, with freight and a tracking number."""
    return {
        "number": number,
        "carrier": "UPS",
        "replaces": replaces,
        "freight": {"amount": freight, "currency": "USD"},
        "lines": [{"order": order, "sku": "A", "quantity": "1"} for order in orders or ("1",)],
        "packages": [{"tracking_number": f"T-{number}"}],
    }


def tell(
    world: World, type_: str, shipment: dict[str, Any], revision: int = 1, source: str = "erp"
) -> Receipt:
    """The event is stored, as a publisher or a bridge would have it."""
    data = EVENT_TYPES[type_].model_validate({"shipment": shipment})
    new = NewEvent(
        source,
        type_,
        shipment["number"],
        revision,
        f"{type_}-{shipment['number']}-{revision}",
        "http",
        world.now,
        data.model_dump(mode="json"),
    )
    with world.database.write() as tx:
        return intake.store_events(tx, [new])[0]
