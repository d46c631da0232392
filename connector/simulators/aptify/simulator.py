"""The Aptify simulator: which path goes where, and what stands before each call.

Its `/_sim` paths beyond the shared ones are in controls.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from connector.simulators.aptify import controls, flows, records, seeding, shipping, state
from connector.simulators.aptify.access import Access
from connector.simulators.aptify.batch import Batches
from connector.simulators.aptify.errors import VendorError, not_found
from connector.simulators.aptify.options import Options
from connector.simulators.aptify.own_faults import OWN_FAULTS
from connector.simulators.aptify.site import Site
from connector.simulators.aptify.views import Provided
from connector.simulators.base import Fault, Received, Reply, Simulator

_Handler = Callable[["AptifySimulator", Received, list[str]], Reply]


class AptifySimulator(Simulator):
    """One site."""

    fault_kinds: ClassVar[Mapping[str, type[Fault]]] = OWN_FAULTS

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.site = Site(options)
        self.access = Access(options, self.site.clock)
        self.provided = Provided(self.site)
        self.batches = Batches(self.site)

    def handle(self, received: Received) -> Reply:
        """Answer one request on the services' paths."""
        shipping.settle(self.site)
        try:
            parts = self._parts(received)
            if [one.lower() for one in parts[:2]] == ["authentication", "login"] and len(parts) == 3:
                return self.access.log_in(received, parts[2])
            self.access.admit(received)
            handler = _HANDLERS.get((received.method, _name(parts), len(parts)))
            if handler is None:
                raise not_found(received.path)
            return handler(self, received, parts)
        except VendorError as error:
            return error.reply

    def _parts(self, received: Received) -> list[str]:
        """The segments behind the base path. Raises VendorError (404)."""
        base = f"{self.options.base_path}/".lower()
        if not received.path.lower().startswith(base):
            raise not_found(received.path)
        return [part for part in received.path[len(base) :].split("/") if part]

    def expired_token_reply(self, received: Received) -> Reply:
        """404, as for every token that is not accepted."""
        return not_found(received.path).reply

    def state(self) -> object:
        """Orders with all that belongs to them, every other record, messages, batches and refused log-ins."""
        shipping.settle(self.site)
        return {
            **state.describe(self.site),
            "batches": self.batches.made,
            "logins": self.access.refused,
            "tokens_given": self.access.given,
        }

    def seed(self, wanted: Any) -> object:
        """Take a starting state, see seeding.Seed. Raises SeedError."""
        return seeding.plant(self.site, self.provided, wanted)

    def control(self, received: Received) -> Reply | None:
        """The further `/_sim` paths."""
        return controls.control(self, received)


def _name(parts: list[str]) -> str:
    """The service: the first segment, and the second of those that have two."""
    names = [part.lower() for part in parts[:2]]
    return "/".join(names) if names[:1] in (["genericentity"], ["basicgenericentity"]) else "".join(names[:1])


def _now(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    """The server's time in UTC, as a JSON text."""
    return Reply.of(f"{simulator.site.clock.now():%Y-%m-%dT%H:%M:%SZ}")


def _user(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    options = simulator.options
    return Reply.of({"UserId": 11, "UserName": options.username, "EmployeeId": options.employee})


def _get(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return records.get(simulator.site, received, parts[1], parts[2])


def _save(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return records.save(simulator.site, received)


def _view(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return simulator.provided.execute(received)


def _data(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return simulator.provided.data(received, parts[1])


def _flow(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return flows.execute(simulator.site, received, parts[1])


def _batch(simulator: AptifySimulator, received: Received, parts: list[str]) -> Reply:
    return simulator.batches.submit(received, parts[1])


_HANDLERS: Mapping[tuple[str, str, int], _Handler] = {
    ("GET", "checkconnection", 1): _now,
    ("GET", "userinformation", 1): _user,
    ("GET", "getrecord", 3): _get,
    ("GET", "aptifyviews", 1): _view,
    ("GET", "dataobjects", 2): _data,
    ("POST", "genericentity/savedata", 2): _save,
    ("POST", "basicgenericentity/savedata", 2): _save,
    ("POST", "basicgenericentity/savedata", 3): _save,
    ("POST", "genericentity/savedata", 3): _save,
    ("POST", "genericentity/adddata", 3): _save,
    ("POST", "processflowscontroller", 2): _flow,
    ("POST", "batchcreateupdatedelete", 2): _batch,
    ("PUT", "batchcreateupdatedelete", 2): _batch,
}
"""Method, service, and how many segments the path has."""
