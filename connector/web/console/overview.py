"""The first page: what a person must know now, then how each flow and each connection fares, and charts."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from connector import overview
from connector.overview import FIGURES, LAST_DAY, LAST_HOUR, SPANS, TALLIED, Span
from connector.store import Transaction, alerts, gauges, lanes, listings, takeovers, tallies
from connector.web.console import charts
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Form, Operator, Viewer, loaded_of
from connector.web.problems import NOT_VALID, Problem
from connector.web.readiness import Ready
from connector.web.room import room_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)


async def ready_now(request: Request) -> Ready:
    """Is work being done? Asked by an event loop, answered from memory for a moment."""
    room = await room_of(request)
    return await room.readiness.ask()


@router.get("/")
def show_overview(
    request: Request, _known: Viewer, ready: Annotated[Ready, Depends(ready_now)], span: str = "24h"
) -> Response:
    """The page; `span` is what the charts show."""
    chosen = next((one for one in SPANS if one.name == span), None)
    if chosen is None:
        names = ", ".join(one.name for one in SPANS)
        raise Problem(NOT_VALID, f"there is no span {span}: charts show {names}")
    loaded, room = loaded_of(request), request.app.state.room
    with room.database.read() as tx:
        found = _found(tx, request, chosen)
    return page(
        request,
        "overview.html",
        **found,
        ready=ready,
        faults=room.readiness.progress.faults,
        version=loaded.version,
        span=chosen,
        spans=SPANS,
    )


def _found(tx: Transaction, request: Request, span: Span) -> dict[str, Any]:
    """All that the page asks of the store; nothing of it grows with what is finished."""
    config, now = loaded_of(request).config, tx.now
    entries, notices = gauges.open_entries(tx), gauges.open_notices(tx)
    standing = alerts.listed(tx)
    silent = {one.subject: one.sentence for one in standing if one.kind == "silence"}
    hour, day, drawn = (
        tallies.series(tx, *one.bounds(now), one.step, TALLIED) for one in (LAST_HOUR, LAST_DAY, span)
    )
    slots = overview.slots(drawn, span, now)
    return {
        "now": now,
        "figures": overview.figures(entries),
        "statuses": dict(FIGURES),
        "unfetched": sum(one.count for one in notices if one.status != "errored"),
        "errored_notices": sum(one.count for one in notices if one.status == "errored"),
        "unrouted": gauges.waiting_events(tx).unrouted,
        "alerts": standing,
        "not_taken": Counter(one.reason for one in takeovers.standing(tx)),
        "flows": overview.flow_states(config, entries, hour, day, silent, now),
        "connections": overview.connection_states(
            config, lanes.overview(tx), listings.overview(tx, listings.POLL), entries, notices, now
        ),
        "drawn": bool(drawn),
        "slots": slots,
        "throughput": charts.throughput(slots, span.step),
        "latency": charts.latency(slots, span.step),
        "spark": charts.spark,
    }


@router.post("/connections/{connection}/resume")
def resume(request: Request, connection: str, known: Operator, _form: Form) -> Response:
    """A connection goes on that is paused, or of which the circuit is open."""
    was_paused = request.app.state.room.operator.resume(connection, known.name)
    before = "was paused and goes on now" if was_paused else "is called again now"
    return back_to("/", f"{connection} {before}. Where it still fails, it stops again by itself.")
