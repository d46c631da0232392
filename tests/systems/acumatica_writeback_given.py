"""What the tests of a shipment's write-back onto Acumatica start from: an order there, and steps as they are planned.

The simulator and the way steps are run come from `acumatica_target_site.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connector.planned import (
    ConfirmStep,
    FieldsStep,
    FieldValue,
    FreightStep,
    NoteStep,
    OrderClue,
    Part,
    PlannedStep,
    ShipmentStep,
    Step,
    StepLine,
    StepPackage,
    TrackingStep,
    Undone,
    UndoStep,
)
from connector.reference import EventIdentity, external_reference
from connector.systems.acumatica import target
from connector.systems.acumatica.client import Client
from connector.systems.base import Comparing, Effect, Field, Increment, Known
from schemas.base import DocumentRef
from schemas.documents import PackageLine
from tests.systems.acumatica_target_site import CONNECTION, TargetSite, new_number, usd

SHIPPING = "starship-dock"
SHIPMENT = "/Shipment$"


@dataclass
class Writing:
    """One order at the site, and the write-back of one shipment of it."""

    site: TargetSite
    order: str
    shipped: str
    made: Effect | None = None

    @property
    def known(self) -> Known:
        """What is known to the steps after the shipment's."""
        assert self.made is not None
        return Known(made={f"shipment:{self.order}": self.made.document})

    @property
    def number(self) -> str:
        """The shipment's number at the site."""
        assert self.made is not None
        return self.made.document.number

    def there(self, number: str = "") -> dict[str, Any]:
        """The shipment as the vendor holds it."""
        wanted = number or self.number
        return next(one for one in self.site.documents("Shipment") if one["ShipmentNbr"]["value"] == wanted)

    def all_there(self) -> list[dict[str, Any]]:
        """All shipments of the order."""
        key = self.order.removeprefix("SO-")
        rows = self.site.documents("Shipment")
        return [one for one in rows if any(row["OrderNbr"]["value"] == key for row in one["Details"])]

    def common(self, kind: str, **changes: Any) -> dict[str, Any]:
        """What every step has; the reference belongs to the shipment and the step."""
        key = f"{kind}:{self.order}"
        identity = EventIdentity(source=SHIPPING, type="shipment.confirmed", document=self.shipped)
        needs = () if kind == "shipment" else (f"shipment:{self.order}",)
        return {
            "key": key,
            "reference": external_reference("ship", identity, key),
            "document": DocumentRef(connection=SHIPPING, kind="shipment", number=self.shipped),
            "order": OrderClue(order=DocumentRef(connection=CONNECTION, kind="order", number=self.order)),
            "needs": needs,
        } | changes

    # -- steps --

    def shipment(self, *lines: StepLine, **changes: Any) -> ShipmentStep:
        """All that was ordered, unless lines are given."""
        default = (line("1", "24-MB01", "2"), line("2", "24-WG02", "1"))
        return ShipmentStep(**self.common("shipment", **changes), lines=lines or default)

    def freight(self, amount: str, **changes: Any) -> FreightStep:
        return FreightStep(**(self.common("freight") | {"onto": "shipment", "amount": usd(amount)} | changes))

    def tracking(self, *packages: StepPackage, **changes: Any) -> TrackingStep:
        """Two packages of 5.25 pounds in all."""
        default = (package("1Z1", "4.00"), package("1Z2", "1.25"))
        given = {
            "onto": "shipment",
            "packages": packages or default,
            "weight": Decimal("5.25"),
            "weight_unit": "lb",
        }
        return TrackingStep(**(self.common("tracking") | given | changes))

    def note(self, text: str = "Shipped 2026-11-27\nby UPS") -> NoteStep:
        return NoteStep(**self.common("note"), onto="shipment", notes=text)

    def fields(self, part: Part, **values: Any) -> FieldsStep:
        return FieldsStep(**self.common(f"fields.{part}"), part=part, onto="shipment", **values)

    def confirm(self) -> ConfirmStep:
        return ConfirmStep(**self.common("confirm"))

    # -- running --

    def ship(self, *lines: StepLine, **changes: Any) -> Effect:
        """Run the shipment's step; later steps write onto what it made."""
        self.made = self.site.run(self.shipment(*lines, **changes)).effect
        return self.made

    def run(self, step: Step, **changes: Any) -> Effect:
        """Run a step that follows the shipment's."""
        return self.site.run(step, self.known, **changes).effect

    def compare(self, step: Step, **changes: Any) -> dict[str, tuple[str, str]]:
        """Label -> what must be there, and what is."""
        fields = self.site.job(self.site.settings(**changes), lambda client: self._compared(client, step))
        return {one.label: (one.expected, one.there) for one in fields}

    async def _compared(self, client: Client, step: Step) -> tuple[Field, ...]:
        known = self.known if self.made else Known()
        recipe = target.recipe(client, self.site.settings(), step, known)
        assert isinstance(recipe, Comparing)
        return await recipe.compare()

    def raise_by(self, step: Step, known: Known | None = None) -> tuple[Decimal, Decimal, Effect]:
        """Run an increment: what it was, what it became, and its effect."""

        async def whole(client: Client) -> tuple[Decimal, Decimal, Effect]:
            recipe = target.recipe(client, self.site.settings(), step, known or self.known)
            assert isinstance(recipe, Increment)
            before = await recipe.read()
            after = recipe.becomes(before)
            if before != after:
                await recipe.write(after)
            return before, after, await recipe.effect(after)

        return self.site.job(self.site.settings(), whole)

    def undo(self, step: PlannedStep, effect: Effect | None, **changes: Any) -> tuple[UndoStep, Known]:
        """The step that takes another one back, and what is known of it."""
        common = self.common(f"undo:{step.key}") | {"needs": ()}
        undoing = UndoStep(**common, undoes=step.reference, original=step.model_dump(mode="json"))
        undone = Undone(
            step,  # type: ignore[arg-type]
            document=effect.document if effect else None,
            ours=effect.ours if effect else True,
            done=effect is not None,
        )
        return undoing, Known(undone=replace(undone, **changes))

    def take_back(self, step: PlannedStep, effect: Effect | None, **changes: Any) -> Effect:
        """Run the undo of a step."""
        return self.site.run(*self.undo(step, effect, **changes)).effect


def writing(site: TargetSite, **order: Any) -> Writing:
    """An open order of two bags and a watch, entered at the site by somebody."""
    seeded: Mapping[str, Any] = {
        "CustomerID": "C1001",
        "ShipVia": "UPSGROUND",
        "lines": [
            {"LineNbr": 1, "InventoryID": "24-MB01", "OrderQty": "2", "UnitPrice": "34.00"},
            {"LineNbr": 2, "InventoryID": "24-WG02", "OrderQty": "1", "UnitPrice": "36.50"},
        ],
        "ShipToAddress": {"AddressLine1": "1 Mill Lane", "City": "Austin", "State": "TX", "Country": "US"},
    }
    made = site.post("seed", {"orders": [{**seeded, **order}]})["orders"][0]
    return Writing(site, f"{made['OrderType']}-{made['OrderNbr']}", f"SS{new_number()}")


def line(reference: str, sku: str, quantity: str, **changes: Any) -> StepLine:
    return StepLine(reference=reference, sku=sku, quantity=Decimal(quantity), **changes)


def package(number: str, weight: str | None = None, **changes: Any) -> StepPackage:
    """A package of the carrier; of the first line's goods where nothing is said."""
    given: dict[str, Any] = {
        "tracking_number": number,
        "carrier_code": "UPS",
        "title": "UPS Ground",
        "box": "SMALL",
        "weight": None if weight is None else Decimal(weight),
        "weight_unit": "lb",
        "contents": (PackageLine(sku="24-MB01", quantity=Decimal(1)),),
    }
    return StepPackage(**(given | changes))


def value(name: str, text: str, kind: Any = "text") -> FieldValue:
    return FieldValue(name=name, text=text, type=kind)


def shipped(shipment: Mapping[str, Any]) -> dict[str, Decimal]:
    """Quantity by SKU of a shipment as the vendor holds it."""
    return {row["InventoryID"]["value"]: Decimal(row["ShippedQty"]["value"]) for row in shipment["Details"]}


def tracked(shipment: Mapping[str, Any]) -> list[str]:
    return [row["TrackingNbr"].get("value", "") for row in shipment["Packages"]]
