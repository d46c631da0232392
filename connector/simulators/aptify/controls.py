"""The `/_sim` paths of this simulator's own: switches, clock, tokens, and people's work on orders and stock."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.simulators.aptify import inventory, saving, seeding, shipping, work
from connector.simulators.aptify.bodies import Reader
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ORDERS, entity_of
from connector.simulators.aptify.errors import Refused, VendorError
from connector.simulators.aptify.inventory import Movement
from connector.simulators.aptify.options import Options
from connector.simulators.base import Received, Reply, SeedError

if TYPE_CHECKING:
    from connector.simulators.aptify.simulator import AptifySimulator

_Answer = Callable[["AptifySimulator", Received, list[str]], Reply]
_FIXED = ("clock", "status_ids", "type_ids", "back_order_ar")
"""What the records of the site were made with."""


class _Move(seeding.Strict):
    """A movement of stock; `to` is where a transfer goes."""

    product: str
    quantity: Decimal
    location: str = "1"
    to: str | None = None
    comments: str = ""


def control(simulator: "AptifySimulator", received: Received) -> Reply | None:
    """Answer a `/_sim` path; None where there is no such path. Raises SeedError for a body that does not fit."""
    first, *rest = received.path.removeprefix("/_sim/").split("/")
    answer = _CONTROLS.get((received.method, first, len(rest)))
    try:
        return answer(simulator, received, rest) if answer else None
    except ValidationError as error:
        raise SeedError(str(error)) from error
    except (Refused, VendorError) as error:
        raise SeedError(f"the site refuses it: {error}") from error


def _options(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    for name, value in _object(received).items():
        if name not in Options.model_fields or name in _FIXED:
            raise SeedError(f"the switch {name!r} cannot be set")
        setattr(simulator.options, name, value)
    return Reply(204)


def _shown_options(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    return Reply.of(simulator.options.model_dump(mode="json", exclude={"clock"}))


def _advance(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    simulator.site.clock.advance(float(_object(received).get("seconds", 0)))
    return Reply.of({"now": simulator.site.clock.now().isoformat()})


def _expire(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    simulator.access.expire()
    return Reply(204)


def _clear_cache(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    simulator.provided.cache.clear()
    return Reply(204)


def _finish(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    return Reply.of({"shipped": shipping.settle(simulator.site, everything=True)})


def _take(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    return _told(seeding.order(simulator.site, seeding.SeedOrder.model_validate(_object(received))))


def _work(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    number, action = rest
    order = simulator.site.book.find(ORDERS, int(number)) if number.isdecimal() else None
    if order is None or action not in work.ACTIONS:
        raise SeedError(f"no order {number!r}, or no work {action!r}; known: {', '.join(work.ACTIONS)}")
    done = work.do(simulator.site, order, action, work.Work.model_validate(_object(received)))
    return Reply.of({"done": [{"entity": one.entity.name, "id": one.id} for one in done]})


def _move(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    site, wanted = simulator.site, _Move.model_validate(_object(received))
    kinds: dict[str, Movement] = {
        "purchase": "Purchase",
        "adjustment": "Adjustment",
        "transfer": "Transfer",
        "batch": "Batch",
    }
    if rest[0] not in kinds:
        raise SeedError(f"no movement {rest[0]!r}; known: {', '.join(kinds)}")
    with site.book.transaction():
        entry = inventory.move(
            site,
            seeding.product_named(site, wanted.product),
            kinds[rest[0]],
            wanted.quantity,
            seeding.location(site, wanted.location),
            None if wanted.to is None else seeding.location(site, wanted.to),
            wanted.comments,
        )
    return _told(entry)


def _edit(simulator: "AptifySimulator", received: Received, rest: list[str]) -> Reply:
    """A person changes a record in the client, by the same rules."""
    entity = entity_of(rest[0])
    if entity is None:
        raise SeedError(f"there is no entity {rest[0]!r}")
    body = {**_object(received), "ID": rest[1], "EntityName": entity.name}
    return _told(saving.save(simulator.site, Reader(simulator.site).read(body)))


def _told(record: Record) -> Reply:
    return Reply.of({"entity": record.entity.name, "id": record.id})


def _object(received: Received) -> dict[str, Any]:
    body = received.json() if received.body else {}
    if not isinstance(body, dict):
        raise SeedError("the body is not an object")
    return body


_CONTROLS: Mapping[tuple[str, str, int], _Answer] = {
    ("GET", "options", 0): _shown_options,
    ("POST", "options", 0): _options,
    ("POST", "clock", 1): _advance,
    ("POST", "tokens", 1): _expire,
    ("POST", "cache", 1): _clear_cache,
    ("POST", "shipping", 1): _finish,
    ("POST", "orders", 0): _take,
    ("POST", "orders", 2): _work,
    ("POST", "inventory", 1): _move,
    ("POST", "edit", 2): _edit,
}
"""Method, first segment, and how many more there are."""
