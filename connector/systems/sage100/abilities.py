"""What each way into Sage 100 can do: the parts of a shipment that it takes, and what a flow may ask of it. Pure.

eBusiness Web Services know orders and customers only; invoices, tracking numbers and lists need the agent.
"""

import re
from collections.abc import Iterator

from connector.planned import Manner
from connector.systems.base import Capabilities
from schemas.config import Flow, Problem, WriteBack

BY_SOAP = frozenset({"freight", "notes", "ship_via"})
BY_AGENT = BY_SOAP | {
    *("ship_date", "tracking", "create_invoice", "charges", "back_order", "ship_to"),
    *("fields.header", "fields.line", "fields.package"),
}
ON_AN_INVOICE = ("tracking", "charges", "back_order", "ship_to", "fields.package")
"""Parts that need an invoice to stand on."""

TARGET_OF = frozenset({"order.created", "shipment.confirmed", "shipment.voided"})

_ONLY_ON_INVOICES = {
    "tracking": "tracking hangs on an invoice, never on an order",
    "charges": "comments and charges of an order are carried over to an invoice",
    "back_order": "lines are back-ordered on an invoice",
    "ship_to": "another Ship To is written to the invoice only; the order keeps its own",
    "fields.package": "fields of packages stand in the tracking rows of an invoice",
}


_NOT_THERE = {
    "confirm": "Sage 100 has no shipments to confirm",
    "weight": "the weight of an order is Sage's own, and that of a shipment stands in its tracking rows",
}
_USER_DEFINED = re.compile(r"UDF_[A-Z0-9_]{1,26}")


def capabilities(*, agent: bool) -> Capabilities:
    """What this connection takes; it is no source: it has no events, and its lists are the agent's."""
    return Capabilities(
        target_of=TARGET_OF, manner=Manner(parts=BY_AGENT if agent else BY_SOAP, onto="order")
    )


def refusals(flow: Flow, *, agent: bool) -> Iterator[Problem]:
    """What a flow asks that cannot be done here, each with its key inside the flow."""
    if flow.event not in TARGET_OF:
        return
    rules = flow.write_back
    asked = rules.parts
    for part in sorted(asked - BY_AGENT):
        yield _place(part), f"{_NOT_THERE.get(part, f'Sage 100 has no {part}')}: take it out"
    if not agent:
        for part in sorted((asked & BY_AGENT) - BY_SOAP):
            text = f"{part} needs the agent (eBusiness Web Services know orders only): give agent in the connection"
            yield _place(part), text
    if not rules.create_invoice:
        for part in ON_AN_INVOICE:
            if part in asked:
                text = f"{_ONLY_ON_INVOICES[part]}: set create_invoice: true, or take {part} out"
                yield _place(part), text
    yield from _wrong_documents(rules, agent=agent)
    yield from _wrong_fields(rules)


def _wrong_fields(rules: WriteBack) -> Iterator[Problem]:
    """Custom fields are user-defined columns, and the comment of a header."""
    for level in ("header", "line", "package"):
        for name in getattr(rules.fields, level):
            if not _USER_DEFINED.fullmatch(name) and (level, name) != ("header", "Comment"):
                text = f"{name!r} is no user-defined field: they are called UDF_ and capital letters there"
                yield ("write_back", "fields", level, name), text


def _wrong_documents(rules: WriteBack, *, agent: bool) -> Iterator[Problem]:
    """Documents that Sage has not, or that are not made."""
    given = (
        (("write_back", "freight", "onto"), rules.freight.onto if rules.freight else None, "freight"),
        (("write_back", "fields", "onto"), rules.fields.onto, "fields"),
    )
    for path, onto, what in given:
        if onto == "shipment":
            yield path, f"Sage 100 has no shipments: let {what} go onto the order, or onto the invoice"
        if onto == "invoice" and not rules.create_invoice:
            yield path, f"no invoice is made: set create_invoice: true, or let {what} go onto the order"
    if rules.freight is not None and rules.freight.existing == "replace_untracked" and not agent:
        text = (
            "whether there is a tracking number can only be seen by the agent: give agent in the connection, or say "
            "existing: add"
        )
        yield ("write_back", "freight", "existing"), text


def _place(part: str) -> tuple[str, ...]:
    return ("write_back", *part.split("."))
