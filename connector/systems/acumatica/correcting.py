"""May a shipment or an order still be changed? What is frozen is refused; our own confirmation is taken back first."""

from collections.abc import Iterable

from connector.errors import Rejected
from connector.systems.acumatica.actions import act
from connector.systems.acumatica.numbers import number_of
from connector.systems.acumatica.refund_standing import bills_there
from connector.systems.acumatica.shipment_refusals import explained
from connector.systems.acumatica.shipment_standing import (
    OrderOfShipment,
    ShipmentStands,
    is_confirmed,
    may_be_corrected,
    read_shipment,
    reference_of,
)
from connector.systems.acumatica.standing import OrderThere, ShipmentThere, amount
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.freezing import Change, frozen
from schemas.base import DocumentRef


async def changeable(site: Site, shipment: ShipmentStands, *changed: Change) -> None:
    """Raises Rejected where the shipment, or a released invoice that bills it, takes one of these changes no more."""
    refusal = await _against(site, shipment, *changed)
    if refusal is not None:
        raise refusal


async def opened(site: Site, shipment: ShipmentStands, *changed: Change) -> ShipmentStands:
    """The shipment as it takes these changes: one that we made or confirmed is corrected first.

    Raises Rejected where it is invoiced, or where somebody else made it and confirmed it.
    """
    refusal = await _against(site, shipment, *changed)
    if refusal is None:
        return shipment
    ours = is_confirmed(site, shipment) and may_be_corrected(shipment.note)
    if _bills(shipment.Orders) or not ours:
        raise refusal
    number = shipment.ShipmentNbr
    asked = site.missing("shipment", number)
    try:
        await act(site, "Shipment", "CorrectShipment", wrapped(ShipmentNbr=number), asked)
    except Rejected as reason:
        raise explained(reason, asked) from reason
    there = await read_shipment(site, number)
    if is_confirmed(site, there):
        raise Rejected(
            f"Acumatica accepted that {asked} is corrected, and ignored it: it stands {there.Status}; correct it "
            "there, then retry",
            code="ignored",
            field="Status",
        )
    return there


async def billable(site: Site, order: OrderThere, *changed: Change) -> None:
    """Raises Rejected where no invoice is left that could take these changes over from the order: all that was ordered
    is billed, by invoices that are released."""
    left = any(amount(line.OrderQty) > amount(line.QtyOnShipments) for line in order.Details)
    if left or not all(row.InvoiceNbr for row in order.Shipments):
        return
    bills = _bills(order.Shipments)
    refusals = await _final(site, bills, *changed)
    if refusals and len(refusals) == len(bills):
        raise refusals[0]


async def _against(site: Site, shipment: ShipmentStands, *changed: Change) -> Rejected | None:
    for refusal in await _final(site, _bills(shipment.Orders), *changed):
        return refusal
    return frozen(site.settings, reference_of(site, shipment), shipment.Status, *changed)


async def _final(site: Site, bills: Iterable[str], *changed: Change) -> list[Rejected]:
    """What each of these invoices says against the changes, those that say nothing left out."""
    refusals = [
        frozen(
            site.settings,
            DocumentRef(connection=site.connection, kind="invoice", number=invoice.number),
            invoice.Status,
            *changed,
        )
        for invoice in await bills_there(site, bills)
    ]
    return [refusal for refusal in refusals if refusal is not None]


def _bills(rows: Iterable[OrderOfShipment | ShipmentThere]) -> tuple[str, ...]:
    """The numbers of the invoices that the rows name, each once."""
    numbers = (number_of("invoice", (row.InvoiceType, row.InvoiceNbr)) for row in rows)
    return tuple(dict.fromkeys(filter(None, numbers)))
