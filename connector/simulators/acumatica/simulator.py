"""The Acumatica simulator: which path goes where, the faults of its own, and the `/_sim` paths of its own.

Beyond the shared control paths it has `options`, `clock`, `sessions`, `push…`, and what a person does in
the ERP: `shipments/{nbr}/confirm|correct|delete`, `orders/{type}/{nbr}/ship|pay|cancel`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ValidationError

from connector.simulators.acumatica import login, orders, payments, seeding, shipments
from connector.simulators.acumatica.contract import ENDPOINT, PAYMENT, SALES_ORDER, SHIPMENT, VERSION
from connector.simulators.acumatica.endpoint import Call, Endpoint, entity_of
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.errors import (
    SeatForm,
    VendorError,
    long_operation,
    not_logged_in,
    plain,
    seats_taken,
    too_many_requests,
)
from connector.simulators.acumatica.operations import Operations
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.push import Announcement, Destination, Push
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.sessions import Sessions
from connector.simulators.acumatica.throttle import Throttle
from connector.simulators.acumatica.values import Clock, as_decimal
from connector.simulators.acumatica.view import Tree, View, show
from connector.simulators.base import Fault, Received, Reply, SeedError, Simulator


class SeatFault(Fault):
    """The licence's seat limit, in one of its observed forms, whatever seats are free."""

    kind: Literal["seat_limit"]
    form: SeatForm = "json"


class OperationFault(Fault):
    """`long_operation` answers 409; `not_created` answers an action with 204 and does nothing."""

    kind: Literal["long_operation", "not_created"]


class AcumaticaSimulator(Simulator):
    """One Acumatica site with one or more tenants."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = {
        "seat_limit": SeatFault,
        "long_operation": OperationFault,
        "not_created": OperationFault,
    }

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.clock = Clock()
        self.sessions = Sessions(options, self.clock)
        self.operations = Operations(options, self.lock)
        self.push = Push(options, self.clock, self.lock)
        self.throttle = Throttle(self.app, options)
        self.app = self.throttle
        self._erps: dict[str, Erp] = {}
        self._endpoint = Endpoint(options, self.operations, self.push.observe)

    def erp(self, tenant: str | None = None) -> Erp:
        """The company of a tenant, by default the first. Raises SeedError for an unknown one."""
        name = tenant or self.options.tenants[0]
        if name not in self.options.tenants:
            raise SeedError(f"there is no tenant {name!r}; known: {', '.join(self.options.tenants)}")
        return self._erps.setdefault(name, Erp(name, self.clock))

    def handle(self, received: Received) -> Reply:
        """Answer one request on the vendor's paths."""
        try:
            self._suffer_own_faults(received)
            return self._route(received)
        except VendorError as error:
            return error.reply

    def _suffer_own_faults(self, received: Received) -> None:
        for fault in received.faults:
            if isinstance(fault, SeatFault):
                raise seats_taken(fault.form)
            if fault.kind == "long_operation":
                raise long_operation()

    def _route(self, received: Received) -> Reply:
        answer = _PATHS.get((received.method, received.path.rstrip("/")))
        if answer is not None:
            return answer(self, received)
        parts = [part for part in received.path.split("/") if part]
        if parts[:3] != ["entity", ENDPOINT, VERSION] or len(parts) < 4:
            raise plain("No HTTP resource was found that matches the request URI.", 404)
        session = self.sessions.identify(received.headers)
        erp = self.erp(session.tenant)
        reply = self._endpoint.answer(Call(received, session, erp, entity_of(parts[3]), tuple(parts[4:])))
        if not session.fresh:
            return reply
        session.fresh = False
        return reply.with_headers(login.session_cookie(session))

    def expired_token_reply(self, received: Received) -> Reply:
        """401, as for a token that is unknown."""
        return not_logged_in().reply

    def rate_limited_reply(self, received: Received) -> Reply:
        """429 as text/plain."""
        return too_many_requests()

    def state(self) -> object:
        """Documents per tenant with everything expanded; sessions, operations and the throttle's counts."""
        return {
            "tenants": {name: self._documents(erp) for name, erp in self._erps.items()},
            "sessions": [login.describe(one) for one in self.sessions.open_sessions()],
            "operations": self.operations.describe(),
            "throttle": self.throttle.describe(),
        }

    def _documents(self, erp: Erp) -> dict[str, object]:
        return {
            entity.name: [show(record, View(_whole(entity))) for record in erp.all(entity)]
            for entity in (SALES_ORDER, SHIPMENT, PAYMENT)
        }

    def seed(self, wanted: Any) -> object:
        """Take documents in the compact form of seeding.py; nothing is pushed for them."""
        seed = seeding.read_seed(wanted)
        erp = self.erp(seed.tenant)
        try:
            return seeding.plant(erp, seed)
        finally:
            self.push.observe(erp, announce=False)

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths."""
        parts = received.path.removeprefix("/_sim/").split("/")
        answer = _CONTROLS.get((received.method, *(part if part in _WORDS else "*" for part in parts)))
        if answer is None:
            return None
        try:
            return answer(self, received, [part for part in parts if part not in _WORDS])
        except VendorError as error:
            return error.reply
        except ValidationError as error:
            raise SeedError(str(error)) from error


def _whole(entity: Entity) -> Tree:
    """Everything that can be expanded."""
    return Tree({name: _whole(inner) for name, inner in {**entity.details, **entity.linked}.items()})


_PATHS: dict[tuple[str, str], Callable[[AcumaticaSimulator, Received], Reply]] = {
    ("GET", "/entity"): lambda simulator, received: login.endpoints(),
    ("POST", "/entity/auth/login"): lambda simulator, received: login.log_in(received, simulator.sessions),
    ("POST", "/entity/auth/logout"): lambda simulator, received: login.log_out(received, simulator.sessions),
    ("POST", "/identity/connect/token"): lambda simulator, received: login.token(
        received, simulator.sessions
    ),
    ("GET", "/identity/.well-known/openid-configuration"): lambda simulator, received: login.discovery(
        received
    ),
}


def _set_options(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    wanted = received.json()
    checked = Options.model_validate({**simulator.options.model_dump(), **wanted})
    for name in wanted:
        setattr(simulator.options, name, getattr(checked, name))
    simulator.operations.wake()
    return Reply.of(simulator.options.model_dump(mode="json"))


class _Advance(BaseModel):
    seconds: float


def _advance_clock(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    simulator.clock.advance(_Advance.model_validate(received.json()).seconds)
    return Reply.of({"now": simulator.clock.now().isoformat()})


def _end_sessions(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    simulator.sessions.end_all()
    return Reply(204)


def _add_destination(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    destination = Destination.model_validate(received.json())
    simulator.push.destinations[destination.url] = destination
    return Reply.of({"destinations": list(simulator.push.destinations)})


def _clear_destinations(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    simulator.push.destinations.clear()
    return Reply(204)


def _announce(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    wanted = Announcement.model_validate(received.json())
    tenant = simulator.erp(wanted.tenant).tenant
    numbers = simulator.push.send(wanted.query, wanted.rows, wanted.deleted, tenant, wanted.copies)
    return Reply.of({"numbers": numbers})


def _list_pushes(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    return Reply.of({"notifications": simulator.push.describe()})


def _resend(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    if not names[0].isdecimal() or not simulator.push.resend(int(names[0])):
        return Reply.of({"error": f"no notification {names[0]} that could be sent again"}, 404)
    return Reply.of({"number": int(names[0])})


def _find(simulator: AcumaticaSimulator, entity: Entity, key: list[str]) -> tuple[Erp, Record]:
    erp = simulator.erp()
    record = erp.find(entity, key)
    if record is None:
        raise SeedError(f"there is no {entity.name} {'/'.join(key)}")
    return erp, record


def _act_on_shipment(
    act: Callable[[Erp, Record], object],
) -> Callable[[AcumaticaSimulator, Received, list[str]], Reply]:
    def answer(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
        erp, shipment = _find(simulator, SHIPMENT, names)
        act(erp, shipment)
        simulator.push.observe(erp)
        return Reply.of(show(shipment, View(_whole(SHIPMENT))))

    return answer


def _ship_order(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    erp, order = _find(simulator, SALES_ORDER, names)
    shipment = shipments.create_from_order(erp, order, None, None)
    simulator.push.observe(erp)
    return Reply.of(show(shipment, View(_whole(SHIPMENT))) if shipment else None)


def _pay_order(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    """Pay `amount`, or what is unpaid."""
    erp, order = _find(simulator, SALES_ORDER, names)
    given = received.json() if received.body else {}
    unpaid = order.link("Totals").number("UnpaidBalance")
    payment = payments.pay_by_hand(erp, order, as_decimal(given["amount"]) if "amount" in given else unpaid)
    simulator.push.observe(erp)
    return Reply.of(show(payment, View(_whole(PAYMENT))))


def _cancel_order(simulator: AcumaticaSimulator, received: Received, names: list[str]) -> Reply:
    erp, order = _find(simulator, SALES_ORDER, names)
    orders.cancel(erp, order)
    simulator.push.observe(erp)
    return Reply.of(show(order, View(_whole(SALES_ORDER))))


_WORDS = frozenset(
    """options clock sessions push destination resend shipments confirm correct delete orders ship pay
    cancel""".split()
)

_CONTROLS: dict[tuple[str, ...], Callable[[AcumaticaSimulator, Received, list[str]], Reply]] = {
    ("POST", "options"): _set_options,
    ("POST", "clock"): _advance_clock,
    ("DELETE", "sessions"): _end_sessions,
    ("POST", "push", "destination"): _add_destination,
    ("DELETE", "push", "destination"): _clear_destinations,
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
