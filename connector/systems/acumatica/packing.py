"""The packages of a shipment with their tracking numbers: those that are missing are added, none is changed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import Partial
from connector.planned import StepPackage, TrackingStep
from connector.systems.acumatica.correcting import changeable
from connector.systems.acumatica.field_values import compared, customs, fields_body, told
from connector.systems.acumatica.shipment_standing import (
    LineShipped,
    PackageThere,
    ShipmentStands,
    by_hand,
    put_shipment,
    read_made,
    read_shipment,
    reference_of,
    same,
    the_made,
)
from connector.systems.acumatica.standing import ZERO, amount
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.freezing import Change
from schemas.documents import PackageLine

_UNITS = {
    "LBS": "LB",
    "POUND": "LB",
    "POUNDS": "LB",
    "KGS": "KG",
    "KILOGRAM": "KG",
    "OUNCE": "OZ",
    "GRAM": "G",
}


@dataclass
class TrackingRecipe(Comparing):
    """All packages of the step that have a tracking number of their own, or that of the whole shipment.

    The vendor knows no key for a package, so the number is it; several packages may bear the same (a freight bill's).
    """

    site: Site
    step: TrackingStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The shipment, where every number is on as many packages as it must be."""
        there = await self._there()
        return (self._effect(there),) if there is not None and not missing(self.step, there) else ()

    async def create(self) -> Effect:
        """Add those that are missing. Raises Rejected, in words, where the shipment takes none any more."""
        there = await the_made(self.site, self.step, self.known, self._custom)
        left = missing(self.step, there)
        await changeable(self.site, there, *(Change("tracking", number_of(self.step, one)) for one in left))
        bodies = [self._body(one, there) for one in left]
        await put_shipment(self.site, {"Packages": bodies}, there.ShipmentNbr)
        return self._effect(there)

    async def verify(self, effect: Effect) -> Effect:
        """Read the packages back and compare; raises Partial with both sides."""
        there = await read_shipment(self.site, effect.document.number, self._custom)
        left = [number_of(self.step, one) for one in missing(self.step, there)]
        problems = [f"no package with {', '.join(left)}"] if left else []
        for asked, stands in self._pairs(there):
            problems += self._differences(asked, stands)
        if problems:
            raise Partial(
                f"shipment {there.ShipmentNbr} has other packages than asked for: {'; '.join(problems)}",
                field="Packages",
            )
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """Numbers, the weight of all, and custom fields. Numbers and weight may stand in the note instead, where people
        put them when they enter a shipment by hand; what we wrote there ourselves does not count."""
        there = await self._there()
        note = by_hand(there.note) if there else ""
        found: list[Field] = []
        for place, (asked, stands) in enumerate(self._pairs(there), start=1):
            number = number_of(self.step, asked)
            suffix = f" (package {place})" if len(self.step.packages) > 1 else ""
            found.append(
                Field(f"Tracking Number{suffix}", number, number if stands or _says(note, number) else "")
            )
            found += compared(asked.fields, stands, self.site.settings.zone, suffix)
        return (*found, *self._weight(there, note))

    async def standing(self) -> Effect:
        """The shipment, whoever packed it."""
        return self._effect(await the_made(self.site, self.step, self.known))

    # -- what is there -----------------------------------------------------------------------------------------------

    @property
    def _custom(self) -> tuple[str, ...]:
        return customs([value for one in self.step.packages for value in one.fields], "Packages")

    async def _there(self) -> ShipmentStands | None:
        return await read_made(self.site, self.step, self.known, self._custom)

    def _pairs(self, there: ShipmentStands | None) -> Iterator[tuple[StepPackage, PackageThere | None]]:
        """Each package that has a number, and what stands there under it."""
        taken: Counter[str] = Counter()
        for one in numbered(self.step):
            number = number_of(self.step, one)
            rows = there.tracked(number) if there else ()
            place = taken[number]
            taken[number] += 1
            yield one, rows[place] if place < len(rows) else None

    def _differences(self, asked: StepPackage, stands: PackageThere | None) -> Iterator[str]:
        if stands is None:
            return
        where = f" of {stands.TrackingNbr}"
        if asked.weight is not None:
            given, unit = f"{asked.weight:f} {_unit(asked.weight_unit)}".strip(), _unit(stands.UOM)
            other_unit = bool(unit and asked.weight_unit) and unit != _unit(asked.weight_unit)
            if amount(stands.Weight) != asked.weight or other_unit:
                yield f"weight{where}: asked {given}, there {amount(stands.Weight):f} {unit}".strip()
        differences = told(compared(asked.fields, stands, self.site.settings.zone, where))
        if differences:
            yield differences

    def _weight(self, there: ShipmentStands | None, note: str) -> tuple[Field, ...]:
        weight, pairs = self.step.weight, list(self._pairs(there))
        if weight is None:
            return ()
        unit = _unit(self.step.weight_unit)
        sum_there = sum((amount(stands.Weight) for _, stands in pairs if stands), ZERO)
        stands = weight if _says(note, f"{weight.normalize():f}") or sum_there == weight else sum_there
        return (Field("Total Weight", f"{weight:f} {unit}".strip(), f"{stands:f} {unit}".strip()),)

    def _effect(self, there: ShipmentStands) -> Effect:
        packages = ", ".join(one.TrackingNbr for one in there.Packages if one.TrackingNbr)
        return Effect(reference_of(self.site, there), seen={"packages": packages} if packages else {})

    # -- adding ------------------------------------------------------------------------------------------------------

    def _body(self, package: StepPackage, there: ShipmentStands) -> dict[str, Any]:
        writes = self.site.settings.shipments
        contents = [row for one in package.contents for row in _content(one, there.Details)]
        return {
            **wrapped(
                BoxID=writes.boxes.get(package.box, package.box) or writes.box,
                TrackingNbr=number_of(self.step, package),
                Weight=package.weight,
                UOM=_unit(package.weight_unit),
                Description=package.title,
            ),
            **fields_body(package.fields, self.site.settings.zone),
            **({"PackageContents": contents} if contents else {}),
        }


def number_of(step: TrackingStep, package: StepPackage) -> str:
    """A package's tracking number; that of the whole shipment (master, PRO, bill of lading) where it has none."""
    return package.tracking_number or step.master


def numbered(step: TrackingStep) -> tuple[StepPackage, ...]:
    """The packages that can be told apart there; one without any number could not be found again."""
    return tuple(one for one in step.packages if number_of(step, one))


def missing(step: TrackingStep, there: ShipmentStands) -> list[StepPackage]:
    """The packages whose number is not there, or not as often as it must be."""
    found: list[StepPackage] = []
    left: dict[str, int] = {}
    for one in numbered(step):
        number = number_of(step, one)
        left.setdefault(number, len(there.tracked(number)))
        left[number] -= 1
        if left[number] < 0:
            found.append(one)
    return found


def _content(content: PackageLine, rows: Sequence[LineShipped]) -> Iterator[dict[str, Any]]:
    """The row of one article, which the product wants by the allocation it is taken from; none where that could be
    several."""
    named = [row for row in rows if same(row.InventoryID, content.sku)]
    fitting = [row for row in named if row.OrderLineNbr == content.order_line] or named
    splits = [split.SplitLineNbr for row in fitting for split in row.Allocations]
    if len(fitting) == 1 and len(splits) == 1 and splits[0]:
        yield wrapped(
            InventoryID=fitting[0].InventoryID,
            Quantity=content.quantity,
            ShipmentSplitLineNbr=int(splits[0]),
        )


def _says(note: str, text: str) -> bool:
    """Does a text stand in the note by itself, and not as a part of a longer number?"""
    return re.search(rf"(?<![\w.]){re.escape(text)}(?!\w*\d)", note, re.IGNORECASE) is not None


def _unit(unit: str) -> str:
    """A unit of weight in the product's usual spelling."""
    upper = unit.strip().rstrip(".").upper()
    return _UNITS.get(upper, upper)
