"""The acts at the packing stations: parcels written back to both ERPs, in part, taken back, shared, and refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from connector.demo.books import Wire, shipments_of
from connector.demo.orders import Line
from connector.demo.packed import BORN, FREIGHT, GOODS, INVOICED, MENDED, SHARED, SHARED_FREIGHT, VOIDED
from connector.demo.site import DemoFailed
from connector.demo.stage import ERP, SAGE_STATION, STATION, Stage
from connector.demo.trade import carried, invoice_in_shop, place
from connector.expected import differs
from connector.status import Status
from connector.store import browse
from connector.store.entries import EntryRow
from schemas.events import ShipmentConfirmed, ShipmentVoided

MADE: Mapping[str, int] = {
    "Customer": 1,
    "SalesOrder": 3,
    "Shipment": 3,
    "Payment": 1,
    "orders": 1,
    "shipments": 1,
    "invoices": 1,
    "Sage orders": len(SHARED) + 1,
    "Sage invoices": len(SHARED) + 1,
}
"""How many documents of each kind all this leaves, by the names of `Books.counts`; one invoice is a person's."""

NOT_FOR_US = "invoiced by hand; the invoice is posted today"
"""Why the refused parcel is left alone."""

_REFUSED = {
    "kind": "fields_refused",
    "path": "/Shipment$",
    "fields": ["Packages"],
    "text": "Serial items are used.",
}
_REFUSES = "Currently being invoiced"


@dataclass(frozen=True)
class Parcel:
    """A shipment of a station: its number there, its orders in their ERP, and what it tells of its last processing."""

    number: str
    orders: tuple[str, ...]
    tracking: tuple[str, ...]


@dataclass(frozen=True)
class Packed:
    """What was done at the stations, and what was seen on the way.

    `born` is the shop's order, `confirmed` its shipment in the ERP. `lacking` are the rows of the field table that
    differed while only a part was written, `mending` the members that were sent to mend it. `left` is how many
    shipments of the voided order the ERP held after the void. `told` is how often the shared parcel was delivered.
    """

    born: str
    onward: Parcel
    confirmed: str
    mended: Parcel
    lacking: Sequence[Mapping[str, str]]
    mending: Sequence[str]
    voided: Parcel
    left: int
    shared: Parcel
    told: int
    refused: Parcel
    by_hand: str


def pack(stage: Stage) -> Packed:
    """All of it, in the order in which people do it."""
    born = place(stage, BORN, "a guest orders in the shop what is packed at a station")
    shared, told = _ship_together(stage)
    refused, by_hand = _ship_what_is_invoiced(stage)
    onward, confirmed = _ship_onward(stage, born)
    mended, lacking, mending = _ship_in_part(stage)
    voided, left = _void_and_ship_again(stage)
    return Packed(
        born=born,
        onward=onward,
        confirmed=confirmed,
        mended=mended,
        lacking=lacking,
        mending=mending,
        voided=voided,
        left=left,
        shared=shared,
        told=told,
        refused=refused,
        by_hand=by_hand,
    )


# -- the first ERP -----------------------------------------------------------------------------------------


def _ship_onward(stage: Stage, born: str) -> tuple[Parcel, str]:
    """The shop's order is paid, shipped at the station and confirmed in the ERP; its shipment there."""
    order = carried(stage, born)
    invoice_in_shop(stage, born)
    parcel = _ship_of_erp(stage, order, BORN.lines)
    _written_back(stage, parcel)
    (there,) = _in_erp(stage, order)
    stage.say(f"{there['ShipmentNbr']}, which came from the station, is confirmed by a person in the ERP")
    stage.in_erp(f"shipments/{there['ShipmentNbr']}/confirm")
    stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, ERP, there["ShipmentNbr"])
    return parcel, str(there["ShipmentNbr"])


def _ship_in_part(stage: Stage) -> tuple[Parcel, list[Mapping[str, str]], list[str]]:
    """The ERP takes no packages for a while; the rows that differ then, and what is sent once it does again."""
    stage.say("the ERP takes no packages for the time being")
    stage.in_erp("faults", _REFUSED)
    parcel = _ship_of_erp(stage, MENDED.number, MENDED.lines)
    entry = stage.becomes(Status.ERRORED, ShipmentConfirmed.type, STATION, parcel.number)
    lacking = _field_table(stage, entry)
    stage.say("the ERP takes packages again; a person has the entry tried again")
    stage.site.control(stage.site.erp, "DELETE", "faults")
    stage.site.control(stage.site.erp, "DELETE", "requests")
    stage.site.operate(f"entries/{entry.id}/retry")
    _written_back(stage, parcel)
    return parcel, lacking, _members_written(stage)


def _void_and_ship_again(stage: Stage) -> tuple[Parcel, int]:
    """A parcel is set back to open and processed anew; how many shipments there were in between."""
    first = _ship_of_erp(stage, VOIDED.number, VOIDED.lines)
    entry = _written_back(stage, first)
    stage.say(f"{first.number} is voided at the station")
    _press(stage, stage.site.station, first.number, "void")
    stage.becomes(Status.PUBLISHED, ShipmentVoided.type, STATION, first.number)
    left = len(_in_erp(stage, VOIDED.number))
    stage.say(f"{first.number} is processed again, with another tracking number")
    _press(stage, stage.site.station, first.number, "process")
    again = _told(stage, stage.site.station, first.number, first.orders)
    _written_back(stage, again, after=entry.id)
    return again, left


def _ship_of_erp(stage: Stage, order: str, lines: Iterable[Line]) -> Parcel:
    """All of one order of the first ERP is packed and processed at its station."""
    type_, key = order.split("-")
    rows = [
        {"line_key": str(place), "item": line.sku, "quantity": str(line.quantity)}
        for place, line in enumerate(lines, start=1)
    ]
    known = {"source": "Acumatica", "document_type": type_, "key": key, "status": "Open", "lines": rows}
    stage.site.control(stage.site.station, "POST", "seed", {"orders": [known]})
    wanted = {"orders": [{"document_type": type_, "key": key}], "charges": {"applied": str(FREIGHT)}}
    parcel = _process(stage, stage.site.station, wanted, (order,))
    stage.say(f"{parcel.number} of {order} is processed at the station, which tells us")
    return parcel


def _written_back(stage: Stage, parcel: Parcel, after: int = 0) -> EntryRow:
    return stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, STATION, parcel.number, after)


def _in_erp(stage: Stage, order: str) -> list[Wire]:
    """The first ERP's shipments of one order, as they are now."""
    return shipments_of(stage.site.erp_documents("Shipment"), order)


def _field_table(stage: Stage, entry: EntryRow) -> list[Mapping[str, str]]:
    """What differs of what was asked, told as operations staff sees it."""
    with stage.site.runtime.database.read() as tx:
        record = browse.entry_record(tx, entry.id)
    rows = [field for step in (record.steps if record else ()) for field in step.fields or ()]
    wrong = [field for field in rows if differs(field)]
    table = "".join(
        f"\n    {field['label']:<16} {field['expected']:<20} {field['there'] or 'nothing'}" for field in wrong
    )
    stage.say(f"entry {entry.id} is errored ({entry.code}); what was asked, and what stands there:{table}")
    return wrong


def _members_written(stage: Stage) -> list[str]:
    """The members of the shipments that were sent to the first ERP since its requests were forgotten."""
    requests = stage.site.control(stage.site.erp, "GET", "requests")
    bodies = [one["body"] for one in requests if one["method"] == "PUT" and one["path"].endswith("/Shipment")]
    return sorted({name for body in bodies for name in body} - {"id", "ShipmentNbr", "Type"})


# -- the second ERP ----------------------------------------------------------------------------------------


def _ship_together(stage: Stage) -> tuple[Parcel, int]:
    """Three orders in one parcel, whose delivery is made twice; how often it arrived."""
    numbers = tuple(order.number for order in SHARED)
    stage.say(f"{', '.join(numbers)} of Sage 100 go in one parcel, for {SHARED_FREIGHT} USD together")
    parcel = _ship_of_sage(stage, numbers, str(SHARED_FREIGHT))
    stage.becomes(Status.PUBLISHED, ShipmentConfirmed.type, SAGE_STATION, parcel.number)

    def delivered(times: int) -> bool:
        told = _delivery(stage, parcel)
        return told["status"] == "delivered" and len(told["attempts"]) == times

    stage.until(lambda: delivered(1), f"the delivery of {parcel.number}")
    stage.say(f"{parcel.number}: its bridge delivers the very same message again")
    number = _delivery(stage, parcel)["number"]
    stage.site.control(stage.site.sage_station, "POST", f"deliveries/{number}/resend")
    stage.until(lambda: delivered(2), f"the second delivery of {parcel.number}")
    return parcel, len(_delivery(stage, parcel)["attempts"])


def _ship_what_is_invoiced(stage: Stage) -> tuple[Parcel, str]:
    """An order that is being invoiced by hand is shipped: that invoice, which is left alone."""
    seed = {"invoices": [{"order": INVOICED.number, "origin": "invoice_data_entry"}]}
    (by_hand,) = stage.site.control(stage.site.sage, "POST", "seed", seed)["invoices"]
    stage.say(
        f"{INVOICED.number} of Sage 100 is invoiced by hand, as {by_hand}, and goes out at the same time"
    )
    parcel = _ship_of_sage(stage, (INVOICED.number,), str(FREIGHT))
    entry = stage.becomes(Status.ERRORED, ShipmentConfirmed.type, SAGE_STATION, parcel.number)
    if _REFUSES not in entry.reason:
        raise DemoFailed(f"entry {entry.id} is errored for another reason: {entry.reason}")
    stage.say(f"entry {entry.id} is errored; a person leaves it, and says why: {NOT_FOR_US}")
    stage.site.operate(f"entries/{entry.id}/ignore", {"reason": NOT_FOR_US})
    stage.becomes(Status.IGNORED, ShipmentConfirmed.type, SAGE_STATION, parcel.number)
    return parcel, str(by_hand)


def _ship_of_sage(stage: Stage, numbers: tuple[str, ...], freight: str) -> Parcel:
    """The goods of these orders are packed and processed at the second station."""
    quantities = {order.number: order.quantity for order in (*SHARED, INVOICED)}
    known = [
        {
            "source": "Sage 100",
            "key": number,
            "lines": [{"line_key": "000001", "item": GOODS, "quantity": str(quantities[number])}],
        }
        for number in numbers
    ]
    stage.site.control(stage.site.sage_station, "POST", "seed", {"orders": known})
    wanted = {"orders": [{"key": number} for number in numbers], "charges": {"applied": freight}}
    return _process(stage, stage.site.sage_station, wanted, numbers)


def _delivery(stage: Stage, parcel: Parcel) -> Mapping[str, Any]:
    """What the second station's bridge made of the parcel's event."""
    held = stage.site.control(stage.site.sage_station, "GET", "deliveries")["deliveries"]
    (found,) = (one for one in held if one["shipment_id"] == parcel.number)
    return dict(found)


# -- at either station -------------------------------------------------------------------------------------


def _process(
    stage: Stage, station: httpx.Client, wanted: Mapping[str, Any], orders: tuple[str, ...]
) -> Parcel:
    number = str(stage.site.control(station, "POST", "shipments", wanted)["shipment_id"])
    _press(stage, station, number, "process")
    return _told(stage, station, number, orders)


def _press(stage: Stage, station: httpx.Client, number: str, button: str) -> None:
    stage.site.control(station, "POST", f"shipments/{number}/{button}")


def _told(stage: Stage, station: httpx.Client, number: str, orders: tuple[str, ...]) -> Parcel:
    """The parcel as the station told of it last."""
    newest = stage.site.control(station, "GET", f"shipments/{number}")["events"][-1]
    return Parcel(number, orders, tuple(one["tracking"] for one in newest["packages"]))
