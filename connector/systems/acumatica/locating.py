"""Finding sales orders at the site: by the link, or by the storefront's number in the field that bears it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Missing, NotFound, Rejected
from connector.planned import PlannedStep
from connector.reference import bears, marked
from connector.systems.acumatica.numbers import order_keys, order_number
from connector.systems.acumatica.standing import OrderThere
from connector.systems.acumatica.writing import Site, quoted, wrapped
from connector.systems.base import Known, Link
from schemas.base import DocumentRef

CANCELED = "Canceled"

_EXPAND = ("Details", "Totals", "Shipments", "Payments")


@dataclass(frozen=True)
class Located:
    """An order as it stands, and the link that was learnt by finding it."""

    order: OrderThere
    reference: DocumentRef
    links: tuple[Link, ...] = ()


async def read_order(site: Site, number: str) -> OrderThere:
    """The order with this number in our form, with lines, totals, shipments and payments; raises NotFound."""
    asked = site.missing("order", number)
    custom = (site.settings.order_reference,) if site.settings.custom_reference else ()
    return await site.read(
        "SalesOrder", order_keys(number, asked), OrderThere, asked, expand=_EXPAND, custom=custom
    )


async def orders_named(site: Site, number: str) -> tuple[OrderThere, ...]:
    """The orders of our type that bear the storefront's number, in whatever status, each read in full."""
    settings = site.settings
    field = settings.order_reference
    if settings.custom_reference:
        field = f"cf.String(f={quoted(field)})"
    condition = f"OrderType eq {quoted(settings.orders.type)} and {field} eq {quoted(number)}"
    fields = ("OrderType", "OrderNbr", "Status")
    asked = site.missing("order", number)
    rows = await site.list("SalesOrder", condition, fields, OrderThere, asked)
    return tuple([await read_order(site, number_there(row)) for row in rows])


def _linked(site: Site, step: PlannedStep, known: Known) -> DocumentRef | None:
    """The order by its link, or as an earlier step of the same entry made it, whose link is not stored yet; one whose
    number is Acumatica's own, as a shipping system names it, needs none."""
    ours = step.order.order
    if ours.connection == site.connection:
        return ours
    made = (known.made[key] for key in step.needs if key in known.made)
    return known.order or next((one for one in made if one.kind == "order"), None)


async def locate(site: Site, step: PlannedStep, known: Known) -> Located:
    """The order that a step is about, rather one that is not cancelled. Raises NotFound where it is not there (yet),
    Rejected where several could be meant."""
    linked = _linked(site, step, known)
    if linked is not None:
        order = await read_order(site, linked.number)
        return Located(order, reference_to(site, order))
    ours = step.order.order
    named = await orders_named(site, ours.number)
    found = [one for one in named if one.Status != CANCELED] or named
    if len(found) > 1:
        numbers = " and ".join(number_there(one) for one in found)
        raise Rejected(
            f"{len(found)} orders have {site.settings.order_reference} {ours.number}: {numbers}; which one is meant "
            "cannot be told: clear the field in the others, then retry",
            code="ambiguous order",
            field=site.settings.order_reference,
        )
    if not found:
        raise NotFound(
            f"no order with {site.settings.order_reference} {ours.number} at {site.connection}",
            missing=Missing("order", ours.number, ours.connection),
        )
    reference = reference_to(site, found[0])
    return Located(found[0], reference, (Link(ours, reference),))


def number_there(order: OrderThere) -> str:
    """The order's number in our form."""
    return order_number(order.OrderType, order.OrderNbr)


def reference_to(site: Site, order: OrderThere) -> DocumentRef:
    """The order as a document of this connection."""
    return DocumentRef(
        connection=site.connection, kind="order", number=number_there(order), key=order.NoteID or None
    )


def keys_body(order: OrderThere) -> Mapping[str, Any]:
    """The keys of an order in a request."""
    return wrapped(OrderType=order.OrderType, OrderNbr=order.OrderNbr)


async def add_note(site: Site, order: OrderThere, text: str, reference: str) -> None:
    """Put a text with its marker behind what the order's note says; once only, however often it is asked for."""
    if bears(order.note, reference):
        return
    note = "\n".join(part for part in (order.note.rstrip(), marked(text, reference)) if part)
    asked = site.missing("order", number_there(order))
    body = {**keys_body(order), **wrapped(note=note)}
    await site.put("SalesOrder", body, OrderThere, asked, insert=False)
