"""`ProcessFlowsController/{name}`: the flows that the site has configured, by name.

An HTTP error answers an unknown or forbidden flow and missing parameters. A flow that ends in failure is answered
with 200; its result says so. The form of the result is chosen here: `ResultCode` SUCCESS or FAILED, and `Message`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from connector.simulators.aptify import cancelling, partial, saving, shipping, turning_back, values
from connector.simulators.aptify.bodies import Sent, as_rows, read_body
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ORDERS, key_of
from connector.simulators.aptify.errors import Refused, VendorError, failure
from connector.simulators.aptify.own_faults import suffer_flow
from connector.simulators.aptify.site import Site
from connector.simulators.base import Received, Reply

Given = Mapping[str, Any]
"""Parameters by lower-case name."""
Result = dict[str, Any]


@dataclass(frozen=True)
class Flow:
    """What a flow needs and does."""

    required: tuple[str, ...]
    run: Callable[[Site, Record, Given], Result]


def execute(site: Site, received: Received, name: str) -> Reply:
    """Execute a flow with the posted parameters. Raises VendorError."""
    known = {key_of(one): act for one, act in site.options.flows.items()}
    flow = FLOWS.get(known.get(key_of(name), ""))
    if flow is None:
        raise _refusal(site, "unknown", f"There is no process flow '{name}'.")
    if key_of(name) in {key_of(one) for one in site.options.forbidden_flows}:
        raise _refusal(site, "forbidden", f"The user may not execute the process flow '{name}'.")
    given = {key_of(key): value for key, value in read_body(received).items()}
    missing = [one for one in flow.required if not str(given.get(key_of(one)) or "").strip()]
    if missing:
        raise _refusal(site, "missing", f"The input parameter '{missing[0]}' is missing.")
    try:
        suffer_flow(received)
        with site.book.transaction():
            found = flow.run(site, _order(site, given), given)
    except Refused as refused:
        return Reply.of({"ResultCode": "FAILED", "Message": refused.message})
    return Reply.of({"ResultCode": "SUCCESS", "Message": "", **found})


def _refusal(site: Site, why: Literal["unknown", "forbidden", "missing"], text: str) -> VendorError:
    return failure(text, site.options.flow_statuses[why])


def _order(site: Site, given: Given) -> Record:
    return site.book.get(ORDERS, _read(site, "OrderID", "integer", given))


def _read(site: Site, name: str, kind: str, given: Given) -> Any:
    """A parameter's value. Raises Refused."""
    try:
        return values.read(kind, given.get(key_of(name)), site.options)
    except ValueError as error:
        raise Refused(f"The parameter '{name}' is {error}.", name) from error


def _written(site: Site, order: Record, given: Given) -> None:
    """Tracking number, date and person of the shipping, where they are given, stand before it ships."""
    names = {"TrackingNumber": "text", "DateShipped": "moment", "ShippedBy": "ref:Employees"}
    told = {name: _read(site, name, kind, given) for name, kind in names.items() if given.get(key_of(name))}
    if told:
        saving.save(site, Sent(ORDERS, order.id, told))


def _rows(site: Site, given: Given) -> list[Given]:
    return [{key_of(key): value for key, value in row.items()} for row in as_rows(given.get("lines"))]


def _ship(site: Site, order: Record, given: Given) -> Result:
    shipping.check(site, order)
    _written(site, order, given)
    shipping.ship(site, order)
    return {"OrderID": order.id}


def _ship_partially(site: Site, order: Record, given: Given) -> Result:
    shipping.check(site, order)
    _written(site, order, given)
    parts = [
        partial.Part(
            _read(site, "OrderLineID", "integer", row) or 0,
            _read(site, "Quantity", "number", row) or Decimal(0),
            _read(site, "InventoryLocationID", "ref:Inventory Locations", row),
        )
        for row in _rows(site, given)
    ]
    made = partial.ship_partially(site, order, parts)
    return {"OrderID": order.id, "BackOrderIDs": [one.id for one in made]}


def _cancel(site: Site, order: Record, given: Given) -> Result:
    cancelling.cancel(site, order)
    return {"OrderID": order.id}


def _turn_back(site: Site, order: Record, given: Given) -> Result:
    parts = [
        turning_back.Returned(
            _read(site, "OrderLineID", "integer", row) or 0,
            _read(site, "Quantity", "number", row) or Decimal(0),
            _read(site, "NotReturnedToStock", "flag", row),
        )
        for row in _rows(site, given)
    ]
    made = turning_back.turn_back(site, order, str(given["reason"]), parts or None)
    return {"OrderID": order.id, "CancellationOrderID": made.id}


FLOWS: Mapping[str, Flow] = {
    "ship": Flow(("OrderID",), _ship),
    "ship_partially": Flow(("OrderID", "Lines"), _ship_partially),
    "cancel": Flow(("OrderID",), _cancel),
    "cancellation": Flow(("OrderID", "Reason"), _turn_back),
}
"""What the flows of the options do."""
