"""Tracking rows on an invoice: one a package, found by their TrackingID, in whichever table they stand.

A row has no place for our reference, unless a user-defined field is set aside for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from connector.errors import Partial
from connector.planned import StepPackage, TrackingStep
from connector.systems.base import Comparing, Effect, Known
from connector.systems.base import Field as Compared
from connector.systems.sage100.fields import written
from connector.systems.sage100.freight import invoice_of, refuse_posted
from connector.systems.sage100.invoices import next_package
from connector.systems.sage100.lengths import fitting
from connector.systems.sage100.order_body import amount_in
from connector.systems.sage100.rows import Row, money, same
from connector.systems.sage100.settings import Sage100Settings
from connector.systems.sage100.site import Site

CENT = Decimal("0.01")
POUNDS = {
    "LB": Decimal(1),
    "LBS": Decimal(1),
    "POUND": Decimal(1),
    "OZ": Decimal("0.0625"),
    "KG": Decimal("2.2046226218"),
    "KGS": Decimal("2.2046226218"),
    "G": Decimal("0.0022046226218"),
}
"""What one of a unit of weight is in pounds."""


@dataclass
class TrackingRecipe(Comparing):
    """The rows of one shipment on one invoice. What is missing is written; what stands there is left."""

    site: Site
    step: TrackingStep
    known: Known
    native_key: bool = False
    _number: str = field(default="", init=False)

    async def find(self) -> tuple[Effect, ...]:
        """The invoice, where all rows stand on it."""
        number, rows = await self._read()
        return () if self._missing(rows) else (self._effect(number, rows),)

    async def create(self) -> Effect:
        """Write the rows that are missing, each under the next free number."""
        number, rows = await self._read()
        invoice = refuse_posted(await self.site.invoices.read(number), "no tracking number can be added")
        for values in self._missing(rows):
            await self.site.invoices.put_tracking(invoice, next_package(rows), values)
            rows = await self.site.invoices.tracking(number)
        return self._effect(number, rows)

    async def verify(self, effect: Effect) -> Effect:
        """Read the rows back; raises Partial with both sides."""
        number, rows = await self._read()
        wrong = [one for one in self._compared(rows) if one.differs]
        if wrong:
            said = "; ".join(
                f"{one.label}: asked {one.expected}, there {one.there or 'nothing'}" for one in wrong
            )
            raise Partial(f"tracking of invoice {number} differs from what was asked: {said}")
        return self._effect(number, rows)

    async def compare(self) -> tuple[Compared, ...]:
        """Each value of each row beside what stands there."""
        _, rows = await self._read()
        return self._compared(rows)

    async def standing(self) -> Effect:
        """The invoice with its rows."""
        number, rows = await self._read()
        return self._effect(number, rows)

    async def _read(self) -> tuple[str, list[Row]]:
        self._number = self._number or await invoice_of(self.site, self.step, self.known)
        return self._number, await self.site.invoices.tracking(self._number)

    def _missing(self, rows: list[Row]) -> list[Mapping[str, str]]:
        matched = match(asked_rows(self.step, self.site.settings), rows)
        return [asked for asked, there in matched if there is None]

    def _compared(self, rows: list[Row]) -> tuple[Compared, ...]:
        found: list[Compared] = []
        for place, (asked, there) in enumerate(
            match(asked_rows(self.step, self.site.settings), rows), start=1
        ):
            for column, text in asked.items():
                stands = there.text(column) if there else ""
                found.append(
                    Compared(f"Tracking {place}: {column}", text, text if same(text, stands) else stands)
                )
        return tuple(found)

    def _effect(self, number: str, rows: list[Row]) -> Effect:
        matched = match(asked_rows(self.step, self.site.settings), rows)
        ids = [there.text("TrackingID") for _, there in matched if there]
        return Effect(
            self.site.reference_to("invoice", number), seen={"tracking": ", ".join(ids) or "none"}, ours=False
        )


def asked_rows(step: TrackingStep, settings: Sage100Settings) -> list[Mapping[str, str]]:
    """The rows, one for each package that has a number: the first carries the freight, and all carry the weight of what
    went for the order. Raises Rejected for what does not fit."""
    numbered = [(one, tracking_id(one, step)) for one in step.packages]
    rows: list[Mapping[str, str]] = []
    for package, number in numbered:
        if number:
            freight = amount_in(settings, step.freight) if step.freight and not rows else Decimal(0)
            rows.append(fitting(_row(package, number, freight, step, settings), settings))
    return rows


def tracking_id(package: StepPackage, step: TrackingStep) -> str:
    """Of freight, which a SCAC tells, the number of the freight bill; of parcels their own."""
    own, master = package.tracking_number.strip(), step.master.strip()
    return (master or own) if step.scac else (own or master)


def _row(
    package: StepPackage, number: str, freight: Decimal, step: TrackingStep, settings: Sage100Settings
) -> dict[str, str]:
    return {
        "TrackingID": number,
        "Comment": f"ISS: {step.carrier}",
        "StarshipShipVia": step.scac or step.carrier,
        "SendPackageToStarship": "Y",
        "Weight": money(weight_in(settings.weight_unit, step)),
        "FreightAmt": money(freight),
        "FreightAmtAddedToInv": "0.00",
        **{one.name: written(one) for one in package.fields},
        **({settings.tracking_reference: step.reference} if settings.tracking_reference else {}),
    }


def weight_in(unit: str, step: TrackingStep) -> Decimal:
    """The weight of all packages of the order in the company's unit; in the shipment's own where that is not known."""
    weight = step.weight or Decimal(0)
    ours, theirs = POUNDS[unit.upper()], POUNDS.get(step.weight_unit.strip().upper().rstrip("."))
    return (weight * theirs / ours if theirs else weight).quantize(CENT, ROUND_HALF_UP)


def match(asked: list[Mapping[str, str]], rows: list[Row]) -> list[tuple[Mapping[str, str], Row | None]]:
    """Each row that was asked for with the one that stands there, by TrackingID and comment, each one once."""
    left = list(rows)
    matched: list[tuple[Mapping[str, str], Row | None]] = []
    for one in asked:
        found = next((row for row in left if _is(row, one)), None)
        if found is not None:
            left.remove(found)
        matched.append((one, found))
    return matched


def _is(there: Row, asked: Mapping[str, str]) -> bool:
    keys = ["TrackingID", "Comment", *(name for name in asked if name.startswith("UDF_"))]
    return all(there.text(key).casefold() == asked[key].strip().casefold() for key in keys[:2]) and all(
        same(asked[key], there.text(key)) for key in keys[2:]
    )


def ours_of(step: TrackingStep, rows: list[Row], settings: Sage100Settings) -> list[Row]:
    """The rows that this step left, of those that stand there."""
    return [there for _, there in match(asked_rows(step, settings), rows) if there is not None]
