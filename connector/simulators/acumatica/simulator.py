"""The Acumatica simulator: which path goes where, and what it does before and after each call.

Its `/_sim` paths beyond the shared ones are in controls.py, the faults of its own in own_faults.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from connector.simulators.acumatica import backoffice, controls, login, seeding
from connector.simulators.acumatica.contract import ENDPOINT, VERSION
from connector.simulators.acumatica.endpoint import Call, Endpoint, entity_of
from connector.simulators.acumatica.entities import ENTITIES
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.errors import (
    VendorError,
    long_operation,
    not_logged_in,
    plain,
    seats_taken,
    too_many_requests,
)
from connector.simulators.acumatica.operations import Operations
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.own_faults import OWN_FAULTS, LongOperationFault, SeatFault
from connector.simulators.acumatica.push import Push
from connector.simulators.acumatica.sessions import Sessions
from connector.simulators.acumatica.throttle import Throttle
from connector.simulators.acumatica.values import Clock
from connector.simulators.base import Fault, Received, Reply, SeedError, Simulator


class AcumaticaSimulator(Simulator):
    """One Acumatica site with one or more tenants."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = OWN_FAULTS

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
        return self._erps.setdefault(name, Erp(name, self.clock, self.options))

    def erps(self) -> list[Erp]:
        """The companies that were used so far."""
        return list(self._erps.values())

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
            if isinstance(fault, LongOperationFault):
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
            name: [
                backoffice.whole(record) for record in sorted(erp.all(entity), key=lambda record: record.key)
            ]
            for name, entity in ENTITIES.items()
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
        return controls.control(self, received)


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
