"""What people do with an order in the client: ship it, or a part, cancel it, turn it back, lock it, take a payment."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from connector.simulators.aptify import cancelling, ordering, partial, shipping, turning_back
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site


class WorkLine(BaseModel):
    """A part of an order's line, by the line's id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: int
    quantity: Decimal
    location: int | None = None
    not_returned_to_stock: bool = False


class Work(BaseModel):
    """How an order is worked on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Decimal | None = Field(default=None, gt=0)
    reason: str = "Ordered by mistake"
    lines: tuple[WorkLine, ...] | None = None


def do(site: Site, order: Record, action: str, work: Work) -> list[Record]:
    """Do it, and return what was made, or else changed. Raises Refused, and LookupError for an unknown action."""
    with site.book.transaction():
        return ACTIONS[action](site, order, work)


def _ship(site: Site, order: Record, work: Work) -> list[Record]:
    shipping.ship(site, order)
    return [order]


def _ship_partially(site: Site, order: Record, work: Work) -> list[Record]:
    parts = [partial.Part(one.line, one.quantity, one.location) for one in work.lines or ()]
    return partial.ship_partially(site, order, parts)


def _cancel(site: Site, order: Record, work: Work) -> list[Record]:
    cancelling.cancel(site, order)
    return [order]


def _turn_back(site: Site, order: Record, work: Work) -> list[Record]:
    parts = None
    if work.lines is not None:
        parts = [
            turning_back.Returned(one.line, one.quantity, one.not_returned_to_stock) for one in work.lines
        ]
    return [turning_back.turn_back(site, order, work.reason, parts)]


def _lock(site: Site, order: Record, work: Work) -> list[Record]:
    site.book.set(order, Locked=True)
    return [order]


def _unlock(site: Site, order: Record, work: Work) -> list[Record]:
    site.book.set(order, Locked=False)
    return [order]


def _pay(site: Site, order: Record, work: Work) -> list[Record]:
    amount = order.amount("Balance") if work.amount is None else work.amount
    if amount <= 0:
        raise Refused(f"Order {order.id} has nothing left to be paid.", "Amount")
    return [ordering.pay(site, order, amount)]


ACTIONS: Mapping[str, Callable[[Site, Record, Work], list[Record]]] = {
    "ship": _ship,
    "ship_partially": _ship_partially,
    "cancel": _cancel,
    "turn_back": _turn_back,
    "lock": _lock,
    "unlock": _unlock,
    "pay": _pay,
}
"""The last part of `/_sim/orders/{id}/…`."""
