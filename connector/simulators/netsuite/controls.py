"""The `/_sim` paths of this simulator's own: credentials, switches, clock, tokens, limits, and people's work."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.simulators.base import Received, Reply, SeedError
from connector.simulators.netsuite import contract, work, writing
from connector.simulators.netsuite.account import Record
from connector.simulators.netsuite.body import Reader
from connector.simulators.netsuite.errors import VendorError
from connector.simulators.netsuite.options import Options

if TYPE_CHECKING:
    from connector.simulators.netsuite.simulator import NetSuiteSimulator

_Answer = Callable[["NetSuiteSimulator", Received, list[str]], Reply]


def control(simulator: "NetSuiteSimulator", received: Received) -> Reply | None:
    """Answer a `/_sim` path; None where there is no such path. Raises SeedError for a body that does not fit."""
    first, *rest = received.path.removeprefix("/_sim/").split("/")
    answer = _CONTROLS.get((received.method, first, len(rest)))
    try:
        return answer(simulator, received, rest) if answer else None
    except ValidationError as error:
        raise SeedError(str(error)) from error
    except VendorError as error:
        raise SeedError(f"the account refuses it: {error}") from error
    except LookupError as error:
        raise SeedError(str(error)) from error


def _credentials(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    return Reply.of(simulator.credentials(received.base_url))


def _options(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    for name, value in _object(received).items():
        if name not in Options.model_fields or name in ("clock", "public_key", "key_type"):
            raise SeedError(f"the switch {name!r} cannot be set")
        setattr(simulator.options, name, value)
    return Reply(204)


def _advance(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    simulator.clock.advance(float(_object(received).get("seconds", 0)))
    return Reply.of({"now": simulator.clock.now().isoformat()})


def _expire(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    simulator.access.expire()
    return Reply(204)


def _hold(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    simulator.concurrency.held = int(_object(received).get("requests", 0))
    return Reply(204)


def _finish(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    return Reply.of({"finished": simulator.jobs.finish()})


def _work(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    number, action = rest
    orders = simulator.account.all(contract.SALES_ORDER)
    order = next((one for one in orders if number in (one.id, one.values["tranId"])), None)
    if order is None or action not in work.ACTIONS:
        raise SeedError(f"no order {number!r}, or no work {action!r}; known: {', '.join(work.ACTIONS)}")
    wanted = work.Work.model_validate(_object(received))
    return _told(work.do(simulator.account, order, action, wanted))


def _edit(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    record = _record(simulator, rest)
    sent = Reader(simulator.account, record.type, strict=True).read(_object(received))
    writing.update(simulator.account, record, sent)
    return _told(record)


def _delete(simulator: "NetSuiteSimulator", received: Received, rest: list[str]) -> Reply:
    writing.delete(simulator.account, _record(simulator, rest))
    return Reply(204)


def _record(simulator: "NetSuiteSimulator", rest: list[str]) -> Record:
    record_type = contract.type_of(rest[0])
    record = simulator.account.find(record_type, rest[1]) if record_type else None
    if record is None:
        raise SeedError(f"there is no {rest[0]} {rest[1]}")
    return record


def _told(record: Record) -> Reply:
    return Reply.of({"type": record.type.name, "id": record.id, "tranId": record.values.get("tranId")})


def _object(received: Received) -> dict[str, Any]:
    body = received.json() if received.body else {}
    if not isinstance(body, dict):
        raise SeedError("the body is not an object")
    return body


_CONTROLS: Mapping[tuple[str, str, int], _Answer] = {
    ("GET", "credentials", 0): _credentials,
    ("POST", "options", 0): _options,
    ("POST", "clock", 1): _advance,
    ("POST", "tokens", 1): _expire,
    ("POST", "hold", 0): _hold,
    ("POST", "jobs", 1): _finish,
    ("POST", "orders", 2): _work,
    ("POST", "edit", 2): _edit,
    ("POST", "delete", 2): _delete,
}
"""Method, first segment, and how many more there are."""
