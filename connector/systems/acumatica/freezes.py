"""What a confirmed shipment and a released invoice take no more: data for `connector/systems/freezing.py`.

A confirmed shipment takes a note and nothing else. A released invoice is final, and with it what it took from order and
shipment: a freight that is raised there afterwards reaches no invoice.
"""

from collections.abc import Set

from connector.systems.freezing import Change, Freezable, Freeze, Freezes

LINES = Change("lines")
FREIGHT = Change("freight")
NOTES = Change("notes")

_OF_SHIPMENT = ("lines", "freight", "tracking", "ship_via", "ship_date", "ship_to", "fields", "notes")
_OF_INVOICE = ("lines", "freight")

_CORRECT = "Correct it in Acumatica (Correct Shipment), then retry."
_REMEDIES = {
    "Partially Invoiced": f"Delete its invoice in Acumatica first. {_CORRECT}",
    "Invoiced": f"Delete its invoice in Acumatica first. {_CORRECT}",
    "Completed": "It is invoiced for good: enter by hand what Acumatica still takes, or ignore this entry.",
}
"""By status as the product names it in English; the others are those of a shipment that was only confirmed."""


def freezes(confirmed: Set[str], unconfirmed: Set[str], released: Set[str], unreleased: Set[str]) -> Freezes:
    """The table for a site with these statuses of shipments and invoices."""
    left = frozenset(_OF_SHIPMENT) - {"notes"}
    final = Freeze(
        frozenset(_OF_INVOICE), "Reverse or credit it in Acumatica by hand, then ignore this entry."
    )
    return {
        "shipment": Freezable(
            _OF_SHIPMENT,
            {
                **dict.fromkeys(unconfirmed, Freeze()),
                **{status: Freeze(left, _REMEDIES.get(status, _CORRECT)) for status in confirmed},
            },
        ),
        "invoice": Freezable(
            _OF_INVOICE, {**dict.fromkeys(unreleased, Freeze()), **dict.fromkeys(released, final)}
        ),
    }
