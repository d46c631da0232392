"""What would become of an event, said before it is handed in: flows, conditions, mapped values, steps, requests.

It decides with the very functions that route and deliver use. It stores nothing and writes nothing: a rehearsal stops
at the first call that it may not make, and tells which one that was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.bootstrap import Runtime
from connector.errors import CallError
from connector.plan import Plan, make_plan
from connector.planned import Step
from connector.reference import EventIdentity
from connector.store import Database, links
from connector.systems.base import Increment, Known, Recipe
from connector.systems.http import Exchange, Http, Reply, Request, Seat, Token
from schemas.base import DocumentRef
from schemas.config import Flow
from schemas.documents import Order
from schemas.events import CREATIONS, Event


@dataclass(frozen=True)
class Rehearsed:
    """How far a step came. `calls` were made (look-ups only); `next` is the call that would have come then, and was
    not made; `outcome` says in words what that means."""

    step: Step
    calls: tuple[Mapping[str, Any], ...]
    next: Mapping[str, Any] | None
    outcome: str


@dataclass(frozen=True)
class Explained:
    """One flow's answer to the event."""

    flow: Flow
    plan: Plan
    steps: tuple[Rehearsed, ...]


@dataclass(frozen=True)
class Explanation:
    """The whole answer; `lacking` are the orders whose documents the flows want and nobody gave."""

    event: Event
    flows: tuple[Explained, ...]
    others: tuple[str, ...]
    lacking: tuple[str, ...]


class _Stopped(Exception):
    """The rehearsal ends before this request."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.url)
        self.request = request


class _Rehearsal(Http):
    """Makes reads where it is allowed to, and stops before everything else."""

    def __init__(self, inner: Http, *, look: bool) -> None:
        self.seat = inner.seat if look else Seat(Token("not-logged-in"))
        self.exchanges: list[Exchange] = inner.exchanges
        self._inner = inner
        self._look = look

    async def send(self, request: Request) -> Reply:
        """The answer to a read; raises _Stopped for a write, and for everything where nothing may be asked."""
        if self._look and not request.writes:
            return await self._inner.send(request)
        raise _Stopped(request)


def explain(
    runtime: Runtime, event: Event, orders: Iterable[Order], *, look: bool, database: Database | None
) -> Explanation:
    """Say what would become of an event. `orders` are given beside it; `look` lets look-ups at the targets through;
    the `database`, where there is one, knows which orders are linked already."""
    known = {order.number: order for order in getattr(event.data, "orders", ())}
    known |= {order.number: order for order in orders}
    matching = runtime.loaded.config.flows_of(event.type, event.source)
    identity = EventIdentity(
        source=event.source, type=event.type, document=event.subject, revision=event.revision or 1
    )
    echo = _echo(database, event)
    explained = []
    for flow in matching:
        manner = runtime.connections[flow.target].adapter.capabilities.manner
        plan = make_plan(identity, event.data, known, runtime.loaded.flows[flow.name], echo, manner)
        steps = tuple(_rehearsed(runtime, flow, step, look, database) for step in plan.steps)
        explained.append(Explained(flow, plan, steps))
    wanted = any("order" in flow.context for flow in matching)
    return Explanation(
        event=event,
        flows=tuple(explained),
        others=tuple(_why_not(flow, event) for flow in runtime.loaded.config.flows if flow not in matching),
        lacking=tuple(n for n in event.data.order_numbers if wanted and n not in known),
    )


def _echo(database: Database | None, event: Event) -> int | None:
    if database is None or event.type not in CREATIONS:
        return None
    with database.read() as tx:
        place = (event.source, event.subject)
        return links.makers(tx, event.data.kind, [place]).get(place)


def _why_not(flow: Flow, event: Event) -> str:
    carried = f"it carries {flow.event} from {flow.source}"
    return f"{flow.name}: {carried}, not {event.type} from {event.source}"


# -- rehearsing --------------------------------------------------------------------------------------------


def _rehearsed(runtime: Runtime, flow: Flow, step: Step, look: bool, database: Database | None) -> Rehearsed:
    linked = _linked(database, step, flow.target)

    async def rehearse() -> Rehearsed:
        slots = runtime.slots(flow.target)
        try:
            async with slots.job() as http:
                rehearsal = _Rehearsal(http, look=look)
                recipe = runtime.connections[flow.target].adapter.recipe(rehearsal, step, Known(linked))
                return await _run(runtime, step, recipe, rehearsal)
        finally:
            await slots.close()

    return runtime.loop.run(rehearse())


async def _run(runtime: Runtime, step: Step, recipe: Recipe | Increment, rehearsal: _Rehearsal) -> Rehearsed:
    """Look, then do, as far as it goes."""
    stopped: Request | None = None
    try:
        outcome = await (_raised(recipe) if isinstance(recipe, Increment) else _made(recipe))
    except _Stopped as stop:
        stopped = stop.request
        outcome = _stopped_at(stop.request)
    except CallError as error:
        outcome = f"it would end here: {error.code}: {error.message}"
    calls = tuple(exchange.as_dict() for exchange in rehearsal.exchanges)
    return Rehearsed(step, calls, _shown(runtime, stopped) if stopped else None, outcome)


async def _made(recipe: Recipe) -> str:
    found = await recipe.find()
    if found:
        return f"{found[0].document} bears our reference already: it would be adopted, not made again"
    await recipe.create()
    return "nothing is left to do"


async def _raised(recipe: Increment) -> str:
    before = await recipe.read()
    await recipe.write(before + recipe.amount)
    return "nothing is left to do"


def _stopped_at(request: Request) -> str:
    if request.writes:
        return "this request would be sent"
    return (
        "the target is asked this first, and nothing was asked now; what is sent then depends on the answer "
        "(explain --look lets look-ups through, and shows it)"
    )


def _shown(runtime: Runtime, request: Request) -> Mapping[str, Any]:
    redactor = runtime.redactor
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return {
        "method": request.method,
        "url": redactor.text(request.url),
        "headers": redactor.headers(request.headers),
        "body": redactor.body(request.body or b"", kind),
    }


def _linked(database: Database | None, step: Step, target: str) -> DocumentRef | None:
    if database is None:
        return None
    order = step.order.order
    with database.read() as tx:
        return links.counterparts(tx, "order", [order], target).get((order.connection, order.number))
