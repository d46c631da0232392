"""Taking back the confirmation of a shipment, so that what was written onto it can be taken away again."""

from connector.errors import Rejected
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.shipment_refusals import explained
from connector.systems.acumatica.shipment_standing import (
    ShipmentStands,
    is_confirmed,
    may_be_corrected,
    read_shipment,
)
from connector.systems.acumatica.writing import Site, wrapped


async def opened(site: Site, shipment: ShipmentStands) -> ShipmentStands:
    """The shipment as it can be changed: one that is confirmed is corrected first.

    Raises Rejected where it is invoiced, or where somebody else made it and confirmed it.
    """
    if not is_confirmed(site, shipment):
        return shipment
    number = shipment.ShipmentNbr
    invoices = ", ".join(f"{row.InvoiceType} {row.InvoiceNbr}" for row in shipment.Orders if row.InvoiceNbr)
    if invoices:
        raise Rejected(
            f"shipment {number} is invoiced ({invoices}), and cannot be taken back any more: reverse the invoice in "
            "Acumatica or take the goods back by a return order, then ignore this entry",
            code="invoiced",
            field="Status",
        )
    if not may_be_corrected(shipment.note):
        raise Rejected(
            f"shipment {number} stands {shipment.Status}, and was neither made nor confirmed here: correct it in "
            "Acumatica (Correct Shipment), then retry",
            code="state forbids",
            field="Status",
        )
    asked = site.missing("shipment", number)
    try:
        await act(site, "Shipment", "CorrectShipment", wrapped(ShipmentNbr=number), asked)
    except Rejected as refusal:
        raise explained(refusal, asked) from refusal
    there = await read_shipment(site, number)
    if is_confirmed(site, there):
        raise Rejected(
            f"Acumatica accepted that {asked} is corrected, and ignored it: it stands {there.Status}; correct it "
            "there, then retry",
            code="ignored",
            field="Status",
        )
    return there
