"""What Acumatica says when it refuses a shipment, or a change of one, and what a person can do about it.

Texts are those of the product's own messages (`PX.Objects.SO.Messages`, `PX.Objects.IN.Messages`), and of the shipping
software that writes onto it; on sites in another language the product's own text stands alone.
"""

from dataclasses import dataclass

from connector.errors import Missing, Rejected


@dataclass(frozen=True)
class Refusal:
    """One row: words of the product's text, our code for it, and what would be right."""

    words: str
    code: str
    remedy: str


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "process shipments",
        "order type",
        "its order type does not ship: check Process Shipments on the form Order Types (SO201000), then retry",
    ),
    Refusal(
        "already has the",
        "open shipment",
        "the order has an open shipment: confirm it or delete it in Acumatica, then retry",
    ),
    Refusal(
        "unassigned location and/or lot/serial number",
        "serial",
        "it holds an item whose serial numbers are assigned when it is used: assign them on the shipment in Acumatica, "
        "then retry; where that is done after shipping, set write_back.tracking to false and enter packages by hand",
    ),
    Refusal(
        "no sales order line can be found",
        "nothing left",
        "the order's line cannot be shipped: nothing of it is left, it is not planned for that day, its warehouse is "
        "another one, or its order type has not checked Process Shipments",
    ),
    Refusal(
        "does not contain any items planned for shipment",
        "nothing left",
        "nothing of the order is planned for that day: put it right on the order, then retry",
    ),
    Refusal(
        "cannot add the shipment details",
        "nothing left",
        "the order has nothing that could be shipped: see its lines and its status in Acumatica, then retry",
    ),
    Refusal(
        "'box id'",
        "box",
        "give packages a box that is known there: set shipments.boxes or shipments.box of the connection",
    ),
    Refusal("'ship via'", "ship via", "add the code in Acumatica, or correct mapping.ship_via of the flow"),
    Refusal(
        "'state'", "address", "country and state of the ship-to address are no pair that Acumatica knows"
    ),
    Refusal(
        "document status is invalid",
        "state forbids",
        "its status forbids it: look at it in Acumatica, put it right there, then retry",
    ),
)


def explained(refusal: Rejected, asked: Missing) -> Rejected:
    """The refusal with what a person can do, where its reason is known; else as it is."""
    said = refusal.message.casefold()
    for row in REFUSALS:
        if row.words in said:
            return Rejected(f"{refusal.message} ({asked}: {row.remedy})", code=row.code, field=refusal.field)
    return refusal
