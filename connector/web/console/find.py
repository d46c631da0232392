"""The search box: to the order, to the one entry, to the list; else what was searched, and what to do."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from connector.store import Transaction, browse, intake, numbers
from connector.store.browse import Filters
from connector.store.links import Place
from connector.web.asked import printable
from connector.web.console.asking import LONGEST, Asked
from connector.web.console.entries import address
from connector.web.console.pages import PageRoute, back_to, page
from connector.web.console.viewer import Viewer
from connector.web.problems import NOT_VALID, Problem

router = APIRouter(route_class=PageRoute, include_in_schema=False)

NEAR = 5
"""So many numbers are told that are near the one that was looked for."""


@router.get("/find")
def find(request: Request, _known: Viewer, q: str = "") -> Response:
    """Where what was typed leads to; customers write a # before a number."""
    text = _typed(q).lstrip("#")
    if not text:
        return page(request, "find.html", q="", orders=(), notices=(), events=(), near=())
    with request.app.state.room.database.read() as tx:
        orders = _orders(tx, text)
        if len(orders) == 1:
            return back_to(order_address(orders[0]))
        rows = () if orders else browse.list_entries(tx, Filters(q=text), limit=2).rows
        if len(rows) == 1:
            return back_to(f"/entries/{rows[0].id}")
        if rows:
            return back_to(address(Asked(q=text)))
        return page(
            request,
            "find.html",
            q=text,
            orders=[(*place, order_address(place)) for place in orders],
            notices=() if orders else intake.notices_of_number(tx, numbers.connections(tx), text),
            events=() if orders else numbers.others(tx, text),
            near=() if orders else [(*place, order_address(place)) for place in numbers.near(tx, text, NEAR)],
        )


def _typed(text: str) -> str:
    try:
        found = printable(text).strip()
    except ValueError as error:
        raise Problem(NOT_VALID, f"what was typed {error}") from error
    if len(found) > LONGEST:
        raise Problem(NOT_VALID, f"{len(found)} characters were typed; at most {LONGEST} are looked for")
    return found


def _orders(tx: Transaction, typed: str) -> list[Place]:
    """One place of each order that bears this number somewhere, as it was typed or else in capital letters."""
    found = dict[frozenset[Place], Place]()
    for place in numbers.known(tx, typed) or numbers.known(tx, typed.upper()):
        found.setdefault(frozenset(numbers.numbers_of(tx, place)), place)
    return list(found.values())


def order_address(place: Place) -> str:
    """The page of an order."""
    connection, number = (quote(part, safe="") for part in place)
    return f"/orders/{connection}/{number}"
