"""What would become of an event: flows, conditions, mapped values, steps, requests. It writes nothing anywhere.

It decides with the very functions that route and deliver use. A rehearsal stops at the first call that it may not make,
and tells which one that was. What is stored beside the event is read in `explain_known.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.bootstrap import Runtime
from connector.errors import CallError
from connector.explain_known import Background, as_row
from connector.plan import Plan, filtered, make_plan, overtaken
from connector.planned import (
    ConfirmStep,
    FieldsStep,
    FreightStep,
    NoteStep,
    Step,
    TrackingStep,
    UndoStep,
)
from connector.store import Database
from connector.store.intake import EventRow
from connector.systems.base import Increment, Known, Recipe
from connector.systems.http import Exchange, Http, Reply, Request, Seat, Token
from schemas.config import Flow
from schemas.documents import Order
from schemas.events import Event, ShipmentVoided

ASKED_FIRST = (
    "the target is asked this first, and nothing was asked now; what is sent then depends on the answer"
)

_PARTS = (FreightStep, TrackingStep, NoteStep, FieldsStep, ConfirmStep)
"""Steps that go onto a document which an earlier step of the entry makes."""


@dataclass(frozen=True)
class Given:
    """An event to explain, and the orders that were given with it; `row` where it is a stored one."""

    event: Event
    orders: tuple[Order, ...] = ()
    row: EventRow | None = None


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
    """The whole answer; `lacking` are the orders whose documents the flows want and nobody gave, `notes` says what else
    could not be known."""

    event: Event
    flows: tuple[Explained, ...]
    others: tuple[str, ...]
    lacking: tuple[str, ...]
    notes: tuple[str, ...] = ()


def explain(runtime: Runtime, given: Given, *, look: bool, database: Database | None) -> Explanation:
    """Say what would become of an event by the runtime's configuration.

    `look` lets look-ups at the targets through; the `database`, where there is one, knows the event's context, its
    links, and what it takes back.
    """
    event, config = given.event, runtime.loaded.config
    background = Background(database, given.row or as_row(event), config)
    known = _orders(getattr(event.data, "orders", ())) | background.orders() | _orders(given.orders)
    matching = config.flows_of(event.type, event.source)
    explained = []
    for flow in matching:
        plan = _plan(runtime, flow, background, event, known)
        steps = tuple(_rehearsed(runtime, flow, step, look, background) for step in plan.steps)
        explained.append(Explained(flow, plan, steps))
    wanted = any("order" in flow.context for flow in matching)
    return Explanation(
        event=event,
        flows=tuple(explained),
        others=tuple(_why_not(flow, event) for flow in config.flows if flow not in matching),
        lacking=tuple(n for n in event.data.order_numbers if wanted and n not in known),
        notes=tuple(_notes(event, explained, database)),
    )


def _orders(orders: Iterable[Order]) -> dict[str, Order]:
    return {order.number: order for order in orders}


def _plan(
    runtime: Runtime, flow: Flow, background: Background, event: Event, orders: Mapping[str, Order]
) -> Plan:
    later = background.later()
    if later is not None:
        return overtaken(flow, later)
    plan = make_plan(
        background.row.identity,
        event.data,
        orders,
        runtime.loaded.flows[flow.name],
        background.echo(flow),
        runtime.connections[flow.target].adapter.capabilities.manner,
        runtime.loaded.config.orders_at(event.source),
        background.carried(flow),
    )
    void = background.taken_back() if plan.decision != "filtered" else None
    return plan if void is None else filtered(plan, "voided", f"event {void} takes it back")


def _why_not(flow: Flow, event: Event) -> str:
    carried = f"it carries {flow.event} from {flow.source}"
    return f"{flow.name}: {carried}, not {event.type} from {event.source}"


def _notes(event: Event, explained: Iterable[Explained], database: Database | None) -> Iterator[str]:
    if event.type != ShipmentVoided.type:
        return
    for one in explained:
        if one.plan.decision != "deliver" or one.plan.steps:
            continue
        if database is None:
            yield f"{one.flow.name}: what is to be taken back stands in the database, which is not there"
        else:
            yield f"{one.flow.name}: nothing was carried to {one.flow.target} that could be taken back"


# -- rehearsing --------------------------------------------------------------------------------------------


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


def _rehearsed(runtime: Runtime, flow: Flow, step: Step, look: bool, background: Background) -> Rehearsed:
    known = background.known(flow, step)
    if why := _not_rehearsed(runtime, flow, step, known):
        return Rehearsed(step, (), None, why)

    async def rehearse() -> Rehearsed:
        slots = runtime.slots(flow.target)
        try:
            async with slots.job() as http:
                return await _run(runtime, flow, step, known, _Rehearsal(http, look=look))
        finally:
            await slots.close()

    return runtime.loop.run(rehearse())


def _not_rehearsed(runtime: Runtime, flow: Flow, step: Step, known: Known) -> str:
    """Why it cannot be told what would be sent; empty where it can."""
    if flow.event not in runtime.connections[flow.target].adapter.capabilities.target_of:
        return f"this release cannot deliver {flow.event} to {flow.target}: its entry would be errored"
    if isinstance(step, UndoStep) and known.undone is None:
        return "what it takes back was never begun: nothing is sent"
    unmade = [key for key in step.needs if key not in known.made and not key.startswith("ready:")]
    if isinstance(step, _PARTS) and unmade:
        return f"it goes onto what {unmade[0]} makes, and what is sent then depends on that"
    return ""


async def _run(runtime: Runtime, flow: Flow, step: Step, known: Known, rehearsal: _Rehearsal) -> Rehearsed:
    """Look, then do, as far as it goes."""
    stopped: Request | None = None
    try:
        recipe = runtime.connections[flow.target].adapter.recipe(rehearsal, step, known)
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
        return f"{found[0].document} stands there already: it would be adopted, not made again"
    await recipe.create()
    return "nothing is left to do"


async def _raised(recipe: Increment) -> str:
    await recipe.write(recipe.becomes(await recipe.read()))
    return "nothing is left to do"


def _stopped_at(request: Request) -> str:
    if request.writes:
        return "this request would be sent"
    return ASKED_FIRST


def _shown(runtime: Runtime, request: Request) -> Mapping[str, Any]:
    redactor = runtime.redactor
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return {
        "method": request.method,
        "url": redactor.text(request.url),
        "headers": redactor.headers(request.headers),
        "body": redactor.body(request.body or b"", kind),
    }
