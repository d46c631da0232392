"""The page of an order: everything that happened to it over all systems; or, where it is not known, what is near."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from connector import advice, timeline
from connector.status import Status
from connector.store import Transaction, heard, numbers
from connector.store import orders as stored
from connector.store.columns import storable
from connector.store.intake import EventRow
from connector.store.links import Place
from connector.timeline_sides import plain
from connector.web.console import error_groups
from connector.web.console.entry_view import order_page
from connector.web.console.order_view import view
from connector.web.console.pages import SAFE, PageRoute, page
from connector.web.console.viewer import Viewer
from connector.web.room import Here

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LONGEST_NUMBER = 255
NEAR = 5


@router.get("/orders/{connection}/{number:path}")
def show_order(
    request: Request,
    room: Here,
    known: Viewer,
    connection: str,
    number: str,
    kind: Annotated[list[str], Query()] = [],  # noqa: B006 FastAPI makes a new one for each request
    form: Annotated[str, Query(alias="as")] = "page",
) -> Response:
    """One order by any of its numbers; `?as=json` is the story as the API answers it."""
    number = storable(number)[:LONGEST_NUMBER]
    with room.database.read() as tx:
        try:
            record = stored.record(tx, numbers.find(tx, number, storable(connection)))
        except numbers.NumberUnknown:
            return _unknown(request, tx, connection, number)
        errored = [row.id for row in record.entries if row.status == Status.ERRORED]
        causes = error_groups.of_entries(tx, room.releasing, errored)
    if form == "json":
        return JSONResponse(timeline.tell(record).model_dump(mode="json"), headers=SAFE)
    told = timeline.tell(record, advice.BUTTONS)
    config = request.app.state.runtime.loaded.config
    return page(
        request,
        "order.html",
        told=told,
        view=view(record, told, config, kind),
        causes=causes,
        may_act=known.may("operator"),
        address=order_page(connection, number),
        number=number,
        plain=plain,
    )


def _unknown(request: Request, tx: Transaction, connection: str, number: str) -> Response:
    """What the number may be instead, and where to ask for it."""
    elsewhere = numbers.known(tx, number)
    return page(
        request,
        "order_unknown.html",
        status=404,
        number=number,
        connection=connection,
        configured=connection in request.app.state.runtime.loaded.config.connections,
        elsewhere=_linked(elsewhere),
        others=[_other(row) for row in numbers.others(tx, number)],
        near=_linked(numbers.near(tx, number, NEAR)),
    )


def _linked(places: Sequence[Place]) -> list[tuple[str, str, str]]:
    return [(connection, number, order_page(connection, number)) for connection, number in places]


def _other(row: EventRow) -> tuple[str, list[tuple[str, str, str]]]:
    """Another document of this number, and the orders that it belongs to."""
    orders = [(row.source, number) for number in heard.order_numbers(row)]
    return f"{numbers.kind_of(row.type)} {row.document} @ {row.source}", _linked(orders)
