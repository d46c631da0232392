"""A shipment as it stands at the site, read to be compared and written to; and the lines of its note that are ours.

What is written onto it stands in the file of each recipe; what the source of events reads is `wire.py`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict

from connector.errors import NotFound, Rejected
from connector.planned import PlannedStep
from connector.reference import bears, marker, references_in
from connector.systems.acumatica.numbers import keys_of
from connector.systems.acumatica.shipment_refusals import explained
from connector.systems.acumatica.standing import OrderThere
from connector.systems.acumatica.wire import Entity, Moment, Number, Text, WireShipTo
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Known
from schemas.base import DocumentRef

EXPAND = ("Details", "Details/Allocations", "Packages", "Orders", "ShippingSettings",
          "ShippingSettings/ShipToAddress", "ShippingSettings/ShipToContact")  # fmt: skip

TAKEN = "taken over by the connector, not made by it:"
CONFIRMED = "taken over and confirmed by the connector, not made by it:"
"""Before the marker of a shipment that somebody else had made; the second one once we confirmed it."""


def _rows(value: object) -> object:
    return () if value is None or value == {} else value


def _entity(value: object) -> object:
    return {} if value is None else value


class Open(Entity):
    """An entity whose further fields are kept as they came, for those that the configuration names."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str = ""

    def text(self, name: str) -> str:
        """A field of the contract, or a custom one as `View.Field`, as text; empty where it is not there."""
        view, dot, field = name.rpartition(".")
        if dot:
            return self.custom_text(view, field)
        value = getattr(self, name, None)
        plain = value.get("value") if isinstance(value, Mapping) else value
        if plain is None:
            return ""
        if isinstance(plain, bool):
            return str(plain).lower()
        return format(plain, "f") if isinstance(plain, Decimal) else str(plain).strip()


class AllocationThere(Entity):
    """ShipmentDetailAllocation."""

    SplitLineNbr: Text = ""
    LotSerialNbr: Text = ""
    Qty: Number = None


class LineShipped(Open):
    """ShipmentDetail."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    OrderLineNbr: Text = ""
    InventoryID: Text = ""
    ShippedQty: Number = None
    Allocations: Annotated[tuple[AllocationThere, ...], BeforeValidator(_rows)] = ()


class PackageThere(Open):
    """ShipmentPackage."""

    BoxID: Text = ""
    TrackingNbr: Text = ""
    Weight: Number = None
    UOM: Text = ""


class OrderOfShipment(Entity):
    """ShipmentOrderDetail."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    InvoiceType: Text = ""
    InvoiceNbr: Text = ""


class ShipmentStands(Open):
    """Shipment."""

    ShipmentNbr: Text = ""
    Status: Text = ""
    ShipmentDate: Moment = None
    ShipVia: Text = ""
    FreightPrice: Number = None
    FreightCurrencyID: Text = ""
    Details: Annotated[tuple[LineShipped, ...], BeforeValidator(_rows)] = ()
    Packages: Annotated[tuple[PackageThere, ...], BeforeValidator(_rows)] = ()
    Orders: Annotated[tuple[OrderOfShipment, ...], BeforeValidator(_rows)] = ()
    ShippingSettings: Annotated[WireShipTo, BeforeValidator(_entity)] = WireShipTo()

    def tracked(self, number: str) -> tuple[PackageThere, ...]:
        """The packages with this tracking number."""
        return tuple(one for one in self.Packages if same(one.TrackingNbr, number))


# -- reading and writing -----------------------------------------------------------------------------------------------


async def read_shipment(site: Site, number: str, custom: tuple[str, ...] = ()) -> ShipmentStands:
    """The shipment with all its rows, and these custom fields; raises NotFound."""
    asked = site.missing("shipment", number)
    keys = keys_of("shipment", number, asked)
    return await site.read("Shipment", keys, ShipmentStands, asked, expand=EXPAND, custom=custom)


async def shipments_of(site: Site, order: OrderThere) -> tuple[ShipmentStands, ...]:
    """All shipments of an order, as it lists them; one that is deleted meanwhile is left out."""
    found = []
    for number in dict.fromkeys(row.ShipmentNbr for row in order.Shipments if row.ShipmentNbr):
        try:
            found.append(await read_shipment(site, number))
        except NotFound:
            continue
    return tuple(found)


async def put_shipment(
    site: Site, body: Mapping[str, Any], number: str = "", about: str = ""
) -> ShipmentStands:
    """Change the shipment with this number, or make one where there is none; `about` names it in errors. A refusal is
    explained where its reason is known."""
    asked = site.missing("shipment", number or about)
    sent = {**wrapped(ShipmentNbr=number), **body}
    try:
        return await site.put("Shipment", sent, ShipmentStands, asked, insert=not number)
    except Rejected as refusal:
        raise explained(refusal, asked) from refusal


def reference_of(site: Site, shipment: ShipmentStands) -> DocumentRef:
    """The shipment as a document of this connection."""
    return DocumentRef(
        connection=site.connection,
        kind="shipment",
        number=shipment.ShipmentNbr,
        key=shipment.NoteID or None,
    )


def made_shipment(step: PlannedStep, known: Known) -> DocumentRef | None:
    """The shipment that an earlier step of the entry made or found; None in a rehearsal, which made none."""
    made = (known.made[key] for key in step.needs if key in known.made)
    return next((one for one in made if one.kind == "shipment"), None)


async def read_made(
    site: Site, step: PlannedStep, known: Known, custom: tuple[str, ...] = ()
) -> ShipmentStands | None:
    """The shipment of the entry as it stands, None in a rehearsal; raises Rejected where somebody deleted it."""
    document = made_shipment(step, known)
    if document is None:
        return None
    try:
        return await read_shipment(site, document.number, custom)
    except NotFound as gone:
        raise Rejected(
            f"{document} is no longer there: somebody deleted it. Have the shipment written back once more from where "
            "it was shipped, or ignore this entry",
            code="deleted",
        ) from gone


async def the_made(
    site: Site, step: PlannedStep, known: Known, custom: tuple[str, ...] = ()
) -> ShipmentStands:
    """The same, where there must be one."""
    there = await read_made(site, step, known, custom)
    if there is None:
        raise Rejected(f"the shipment which {step.key} belongs to is not known", code="no shipment")
    return there


def is_confirmed(site: Site, shipment: ShipmentStands) -> bool:
    """Has it left, by its status?"""
    return shipment.Status in site.settings.confirmed_statuses


# -- its note ----------------------------------------------------------------------------------------------------------


def lines_of(text: str) -> list[str]:
    """The lines of a note, without spaces at their ends."""
    return [line.rstrip() for line in text.splitlines()]


def was_taken(note: str, reference: str) -> bool:
    """Does the note say that the shipment with this marker was not made by us?"""
    return bool(_taken_lines(note, reference))


def may_be_corrected(note: str) -> bool:
    """Is the confirmation ours to take back? Not where the shipment was only taken over, and not confirmed by us."""
    return not any(line.startswith(TAKEN) for line in lines_of(note))


def _taken_lines(note: str, reference: str) -> list[str]:
    return [line for line in lines_of(note) if line.startswith((TAKEN, CONFIRMED)) and bears(line, reference)]


def taken_note(note: str, reference: str) -> str:
    """The note of a shipment that is taken over."""
    return joined(note, f"{TAKEN} {marker(reference)}")


def confirmed_note(note: str) -> str:
    """The same note once we confirmed the shipment."""
    return note.replace(TAKEN, CONFIRMED)


def given_back(note: str, reference: str) -> str:
    """The note without the line that says that the shipment was taken over."""
    ours = _taken_lines(note, reference)
    return "\n".join(line for line in lines_of(note) if line not in ours)


def made_references(note: str) -> tuple[str, ...]:
    """The markers of a note, but for that of a shipment that was only taken over."""
    own = [line for line in lines_of(note) if not line.startswith((TAKEN, CONFIRMED))]
    return references_in("\n".join(own))


def by_hand(note: str) -> str:
    """What people wrote into a note: all but what stands between the first marker and the last one, which is ours."""
    lines = lines_of(note)
    marks = [place for place, line in enumerate(lines) if references_in(line)]
    return "\n".join((*lines[: marks[0]], *lines[marks[-1] + 1 :])) if marks else note


def joined(*texts: str) -> str:
    """Texts below each other; empty ones are left out."""
    return "\n".join(text.rstrip() for text in texts if text.strip())


# -- comparing ---------------------------------------------------------------------------------------------------------


def same(one: str, other: str) -> bool:
    """Equal without regard to case and spaces around: codes are shown in capitals there."""
    return one.strip().casefold() == other.strip().casefold()


def days_of(moment: datetime | None, zone: ZoneInfo) -> frozenset[date]:
    """The days that a date field may mean: as it is written, and in the site's zone."""
    if moment is None:
        return frozenset()
    local = moment.astimezone(zone) if moment.tzinfo else moment
    return frozenset({moment.date(), local.date()})
