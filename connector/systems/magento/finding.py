"""Which order of the shop a step means, and what stands for it now: shared by all recipes but the one that makes
orders.

Reads, and decides nothing else; what is done to the order is said in the recipes.
"""

from dataclasses import dataclass

from connector.errors import Missing, NotFound, Rejected
from connector.planned import OrderClue, PlannedStep
from connector.systems.base import Link
from connector.systems.magento.client import Client, Criteria, Filter
from connector.systems.magento.source import own_reference
from connector.systems.magento.wire import Order
from schemas.base import DocumentRef

LONGEST_EDIT_CHAIN = 10


@dataclass(frozen=True)
class Found:
    """The order that a step means: as it was `named`, and the `latest` of its successors where it was edited.

    `links` are the pairs that were learnt: from where the order was born to where it was carried, and from an
    edited order to its successor.
    """

    named: Order
    latest: Order
    links: tuple[Link, ...]


def missing_order(step: PlannedStep) -> Missing:
    """What is missing where the order is not there: it, as its source knows it."""
    order = step.order.order
    return Missing("order", order.number, order.connection)


def order_ref(connection: str, order: Order) -> DocumentRef:
    """An order of the shop by number and key."""
    return DocumentRef(connection=connection, kind="order", number=order.increment_id, key=order.entity_id)


async def find_order(client: Client, step: PlannedStep, linked: DocumentRef | None) -> Found:
    """The step's order; `linked` is its own number here, where a link says so.

    Raises NotFound where it is not there, Rejected where it cannot be told from others.
    """
    missing = missing_order(step)
    if linked and (linked.key or "").isdecimal():
        named, by = await client.get(f"/orders/{linked.key}", Order, missing), ""
    else:
        named, by = await _named(client, step, linked)
    latest = await _latest(client, named, missing)
    here, ours = order_ref(client.connection, named), step.order.order
    learnt = Link(here, ours) if by == "increment_id" else Link(ours, here)
    pairs = (learnt,) if linked is None else ()
    if latest.increment_id != named.increment_id:
        pairs = (*pairs, Link(here, order_ref(client.connection, latest)))
    return Found(named, latest, pairs)


async def _named(client: Client, step: PlannedStep, linked: DocumentRef | None) -> tuple[Order, str]:
    """The order, and the clue that found it."""
    clues = _clues(step.order, linked)
    for name, value in clues:
        found = await client.list("/orders", Criteria(((Filter(name, value),),)), Order)
        if len(found) > 1:
            which = ", ".join(f"{order.increment_id} (id {order.entity_id})" for order in found)
            raise Rejected(
                f"{len(found)} orders have {name} {value}: {which}; which one is meant cannot be told",
                code="ambiguous order",
                field=name,
            )
        if found:
            return found[0], name
    pushed = None if linked else await _pushed(client, step)
    if pushed is not None:
        return pushed, "pushed"
    tried = " and ".join(f"{name} {value}" for name, value in clues)
    raise NotFound(f"no order with {tried} at {client.connection}", missing=missing_order(step))


def _clues(clue: OrderClue, linked: DocumentRef | None) -> tuple[tuple[str, str], ...]:
    """Attribute and value to find the order by, the surest first; a link leaves no doubt."""
    if linked:
        return (("increment_id", linked.number),)
    by_source = ("ext_order_id", clue.order.number)
    return (("increment_id", clue.external_number), by_source) if clue.external_number else (by_source,)


async def _pushed(client: Client, step: PlannedStep) -> Order | None:
    """The order under the number by which we push it, where it bears a reference as ours do: another order may have
    that number."""
    number = client.settings.orders.prefix + step.order.order.number
    found = await client.list("/orders", Criteria(((Filter("increment_id", number),),)), Order)
    ours = [order for order in found if own_reference(order)]
    return ours[0] if len(ours) == 1 else None


async def _latest(client: Client, order: Order, missing: Missing) -> Order:
    """Editing an order in the back office cancels it and makes a successor, which counts from then on."""
    number = order.increment_id
    for _ in range(LONGEST_EDIT_CHAIN):
        if order.state != "canceled" or not order.relation_child_id:
            return order
        order = await client.get(f"/orders/{order.relation_child_id}", Order, missing)
    raise Rejected(f"order {number} was edited more than {LONGEST_EDIT_CHAIN} times")
