"""What a flow may ask of Aptify and what it may not, so that the file is refused and not the event. Pure."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from connector.systems.aptify.records import Names, plain_name
from schemas.config import Flow, Problem
from schemas.refunds import RefundRules
from schemas.write_back import WriteBack

if TYPE_CHECKING:
    from connector.systems.aptify.settings import AptifySettings

_FLOWS: Mapping[str, str] = {"order.cancelled": "cancel", "refund.issued": "cancellation"}
"""Event -> the process flow that it needs, under `flows` of the connection."""

_NO_PLACE: Mapping[str, str] = {
    "confirm": "an Aptify order is shipped as the last step in any case: leave it out",
    "create_invoice": "an Aptify order is billed by being shipped: leave it out",
    "charges": "charges of an Aptify order ship with it: leave it out",
    "back_order": "Aptify makes back orders of what is not shipped by itself: leave it out",
    "weight": "an Aptify order has no field for the weight: write it as a custom field (fields.header)",
    "ship_to": "where an Aptify order goes is a person's or a company's address there, and none of the shipment's",
    "fields.line": "lines of an Aptify order bear no custom fields here: write them at the header (fields.header)",
    "fields.package": "an Aptify order has no packages: write their fields at the header (fields.header)",
}

_OWN: Mapping[str, str] = {
    "orderstatusid": "the order is shipped as the last step, and not by a field",
    "trackingnumber": "the tracking number is written by tracking",
    "dateshipped": "the date is written by ship_date",
    "shiptypeid": "the shipment type is written by ship_via",
    "comments": "comments are written by notes",
}
"""Fields of the header that have a part of their own."""


def refusals(flow: Flow, settings: "AptifySettings") -> Iterator[Problem]:
    """What a flow asks that cannot be done here, each with its key inside the flow."""
    needed = _FLOWS.get(flow.event)
    if needed is not None and getattr(settings.flows, needed) is None:
        text = (
            f"{flow.target} has no call for {flow.event}: name a process flow of the site under flows.{needed} of the "
            "connection"
        )
        yield ("event",), text
    for part in sorted(flow.write_back.parts & _NO_PLACE.keys()):
        yield ("write_back", *part.split(".")), _NO_PLACE[part]
    yield from _of_fields(flow.write_back, Names(settings.names))
    if flow.write_back.order_status:
        yield (
            ("write_back", "order_status"),
            "the status of an Aptify order is what was done to it: leave it out",
        )
    if flow.event == "refund.issued":
        yield from _of_refunds(flow.refund)


def _of_fields(rules: WriteBack, names: Names) -> Iterator[Problem]:
    """All goes onto the order, each field by one part."""
    for path, onto in (
        (("write_back", "freight", "onto"), rules.freight.onto if rules.freight else None),
        (("write_back", "fields", "onto"), rules.fields.onto),
    ):
        if onto not in (None, "order"):
            yield path, "an Aptify order is what ships and what is billed: say order, or leave it out"
    for name in rules.fields.header:
        own = _OWN.get(plain_name(names.here("Orders", name)))
        if own is not None:
            yield ("write_back", "fields", "header", name), f"{own}: leave it out"


def _of_refunds(rules: RefundRules) -> Iterator[Problem]:
    """A refund is a cancellation order of what has shipped, and nothing else."""
    if rules.unbilled != "wait":
        yield ("refund", "unbilled"), "a cancellation order is of what has shipped: say wait"
    if rules.document != "credit_memo":
        yield ("refund", "document"), "a refund is a cancellation order here: leave it out"
    for name in ("pay_out", "moves_money"):
        if getattr(rules, name):
            yield ("refund", name), "no money is moved here, a cancellation order is made: leave it out"
