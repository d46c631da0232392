"""The `/_sim` paths of this simulator's own: switches, clock, sessions, tokens, pushes, and people's work.

People's work: `enter/{Entity}`, `edit/{Entity}/{keys}`, `act/{Entity}/{keys}/{Action}` and `delete/{Entity}/{keys}`
for every document, and short forms for what is done most: `shipments/{nbr}/confirm|correct|delete`,
`orders/{type}/{nbr}/ship|pay|cancel`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from connector.simulators.acumatica import backoffice, orders, payments, shipments
from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER, SHIPMENT
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.errors import VendorError
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.push import Announcement, Destination, InquiryShape
from connector.simulators.acumatica.record import Record, new_row
from connector.simulators.acumatica.values import as_decimal
from connector.simulators.base import Received, Reply, SeedError

if TYPE_CHECKING:
    from connector.simulators.acumatica.simulator import AcumaticaSimulator

_Answer = Callable[["AcumaticaSimulator", Received, list[str]], Reply]


def control(simulator: "AcumaticaSimulator", received: Received) -> Reply | None:
    """Answer a `/_sim` path; None where there is no such path. Raises SeedError for a body that does not fit."""
    parts = received.path.removeprefix("/_sim/").split("/")
    answer = _WORK.get((received.method, parts[0])) if len(parts) > 1 else None
    names = parts[1:]
    if answer is None:
        answer = _CONTROLS.get((received.method, *(part if part in _WORDS else "*" for part in parts)))
        names = [part for part in parts if part not in _WORDS]
    if answer is None:
        return None
    try:
        return answer(simulator, received, names)
    except VendorError as error:
        return error.reply
    except ValidationError as error:
        raise SeedError(str(error)) from error


def _set_options(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    wanted = received.json()
    checked = Options.model_validate({**simulator.options.model_dump(), **wanted})
    for name in wanted:
        setattr(simulator.options, name, getattr(checked, name))
    simulator.operations.wake()
    return Reply.of(simulator.options.model_dump(mode="json"))


class _Advance(BaseModel):
    seconds: float


def _advance_clock(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    simulator.clock.advance(_Advance.model_validate(received.json()).seconds)
    return Reply.of({"now": simulator.clock.now().isoformat()})


def _end_sessions(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    simulator.sessions.end_all()
    return Reply(204)


def _revoke_tokens(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    simulator.sessions.revoke()
    return Reply(204)


def _expire_tokens(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    simulator.sessions.expire_tokens()
    return Reply(204)


def _add_destination(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    destination = Destination.model_validate(received.json())
    simulator.push.destinations[destination.url] = destination
    return Reply.of({"destinations": list(simulator.push.destinations)})


def _clear_destinations(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    simulator.push.destinations.clear()
    return Reply(204)


def _add_inquiry(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    shape = InquiryShape.model_validate(received.json())
    try:
        inquiry = shape.made()
    except ValueError as error:
        raise SeedError(str(error)) from error
    simulator.push.watch(inquiry, simulator.erps())
    return Reply.of({"inquiries": list(simulator.push.inquiries)})


def _announce(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    wanted = Announcement.model_validate(received.json())
    tenant = simulator.erp(wanted.tenant).tenant
    numbers = simulator.push.send(wanted.query, wanted.rows, wanted.deleted, tenant, wanted.copies)
    return Reply.of({"numbers": numbers})


def _list_pushes(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    return Reply.of({"notifications": simulator.push.describe()})


def _resend(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    if not names[0].isdecimal() or not simulator.push.resend(int(names[0])):
        return Reply.of({"error": f"no notification {names[0]} that could be sent again"}, 404)
    return Reply.of({"number": int(names[0])})


def _enter(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    record = backoffice.enter(erp, backoffice.entity_named(names[0]), _object(received))
    return _done(simulator, erp, record)


def _edit(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    record = backoffice.edit(erp, backoffice.entity_named(names[0]), names[1:], _object(received))
    return _done(simulator, erp, record)


def _act(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    entity = backoffice.entity_named(names[0])
    record = backoffice.act(erp, entity, names[1:-1], names[-1], _object(received))
    return _done(simulator, erp, record)


def _delete(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    backoffice.delete(erp, backoffice.entity_named(names[0]), names[1:])
    return _done(simulator, erp, None)


def _object(received: Received) -> dict[str, object]:
    given = received.json() if received.body else {}
    if not isinstance(given, dict):
        raise SeedError("an object is expected")
    return given


def _done(simulator: "AcumaticaSimulator", erp: Erp, record: Record | None) -> Reply:
    simulator.push.observe(erp)
    return Reply.of(backoffice.whole(record)) if record else Reply(204)


def _act_on_shipment(act: Callable[[Erp, Record], object]) -> _Answer:
    def answer(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
        erp = simulator.erp()
        shipment = backoffice.find(erp, SHIPMENT, names)
        act(erp, shipment)
        return _done(simulator, erp, shipment)

    return answer


def _ship_order(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    order = backoffice.find(erp, SALES_ORDER, names)
    shipment = shipments.create_from_order(erp, order, None, None)
    simulator.push.observe(erp)
    return Reply.of(backoffice.whole(shipment) if shipment else None)


def _pay_order(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    """Pay `amount`, or what is unpaid; other members are fields of the payment, `released` may be false."""
    erp = simulator.erp()
    order = backoffice.find(erp, SALES_ORDER, names)
    given = _object(received)
    unpaid = order.link("Totals").number("UnpaidBalance")
    amount = as_decimal(given.pop("amount")) if "amount" in given else unpaid
    released = given.pop("released", True) is True
    payment = payments.pay_by_hand(erp, order, amount, new_row(PAYMENT, given), released)
    return _done(simulator, erp, payment)


def _cancel_order(simulator: "AcumaticaSimulator", received: Received, names: list[str]) -> Reply:
    erp = simulator.erp()
    order = backoffice.find(erp, SALES_ORDER, names)
    orders.cancel(erp, order)
    return _done(simulator, erp, order)


_WORK: dict[tuple[str, str], _Answer] = {
    ("POST", "enter"): _enter,
    ("POST", "edit"): _edit,
    ("POST", "act"): _act,
    ("POST", "delete"): _delete,
}

_WORDS = frozenset(
    """options clock sessions tokens expire push destination inquiry resend shipments confirm correct delete
    orders ship pay cancel""".split()
)

_CONTROLS: dict[tuple[str, ...], _Answer] = {
    ("POST", "options"): _set_options,
    ("POST", "clock"): _advance_clock,
    ("DELETE", "sessions"): _end_sessions,
    ("DELETE", "tokens"): _revoke_tokens,
    ("POST", "tokens", "expire"): _expire_tokens,
    ("POST", "push", "destination"): _add_destination,
    ("DELETE", "push", "destination"): _clear_destinations,
    ("POST", "push", "inquiry"): _add_inquiry,
    ("POST", "push"): _announce,
    ("GET", "push"): _list_pushes,
    ("POST", "push", "*", "resend"): _resend,
    ("POST", "shipments", "*", "confirm"): _act_on_shipment(shipments.confirm),
    ("POST", "shipments", "*", "correct"): _act_on_shipment(shipments.correct),
    ("POST", "shipments", "*", "delete"): _act_on_shipment(shipments.delete),
    ("POST", "orders", "*", "*", "ship"): _ship_order,
    ("POST", "orders", "*", "*", "pay"): _pay_order,
    ("POST", "orders", "*", "*", "cancel"): _cancel_order,
}
"""Method and path, with `*` for a document's number."""
