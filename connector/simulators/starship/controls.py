"""The `/_sim` paths of the station and its bridge: what people do there, who is told, and what came of it.

The station: `GET|POST shipments`, `GET shipments/{id}`, `POST shipments/{id}/{what}` with what being edit, remove,
process, void, delete, post, track, write-back, retry or ignore. The bridge: `POST|DELETE targets`, `GET deliveries`,
`POST deliveries/{number}/resend`, `POST release`. Besides: `GET orders`, `POST options`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.simulators.base import Received, Reply, SeedError
from connector.simulators.starship import views
from connector.simulators.starship.options import Options
from connector.simulators.starship.refusals import Refusal, Unknown
from connector.simulators.starship.shapes import OrderRef, Shape, Wanted
from connector.simulators.starship.station import Move, Shipment, Tracked
from connector.simulators.starship.targets import Release, Target

if TYPE_CHECKING:
    from connector.simulators.starship.simulator import StarShipSimulator

_Answer = Callable[["StarShipSimulator", Received], Reply]
_Work = Callable[["StarShipSimulator", Shipment, dict[str, Any]], None]


def control(simulator: "StarShipSimulator", received: Received) -> Reply | None:
    """Answer a path; None where there is no such path. Raises SeedError for a body that does not fit."""
    try:
        return _route(simulator, received)
    except Unknown as error:
        return Reply.of({"error": str(error)}, 404)
    except Refusal as error:
        return Reply.of({"error": str(error)}, 409)
    except ValidationError as error:
        raise SeedError(str(error)) from error


def _route(simulator: "StarShipSimulator", received: Received) -> Reply | None:
    match [received.method, *received.path.removeprefix("/_sim/").split("/")]:
        case [method, name] if (method, name) in _PATHS:
            return _PATHS[method, name](simulator, received)
        case ["GET", "shipments", number]:
            return Reply.of(views.shipment(simulator.station.find(number), simulator.bridge))
        case ["POST", "shipments", number, what] if what in _WORK:
            shipment = simulator.station.find(number)
            _WORK[what](simulator, shipment, _object(received))
            return Reply.of(views.shipment(shipment, simulator.bridge))
        case ["POST", "deliveries", number, "resend"] if number.isdecimal():
            simulator.bridge.resend(int(number))
            return Reply.of({"number": int(number)})
    return None


def _object(received: Received) -> dict[str, Any]:
    given = received.json() if received.body else {}
    if not isinstance(given, dict):
        raise SeedError("an object is expected")
    return given


def _new(simulator: "StarShipSimulator", received: Received) -> Reply:
    shipment = simulator.station.new(Wanted.model_validate(received.json()))
    return Reply.of(views.shipment(shipment, simulator.bridge), 201)


def _add_target(simulator: "StarShipSimulator", received: Received) -> Reply:
    target = Target.model_validate(received.json())
    simulator.bridge.targets[target.url] = target
    return Reply.of({"targets": list(simulator.bridge.targets)})


def _clear_targets(simulator: "StarShipSimulator", received: Received) -> Reply:
    simulator.bridge.targets.clear()
    return Reply(204)


def _release(simulator: "StarShipSimulator", received: Received) -> Reply:
    return Reply.of({"released": simulator.bridge.release(Release.model_validate(_object(received)))})


def _set_options(simulator: "StarShipSimulator", received: Received) -> Reply:
    wanted = _object(received)
    checked = Options.model_validate({**simulator.options.model_dump(), **wanted})
    for name in wanted:
        setattr(simulator.options, name, getattr(checked, name))
    return Reply.of(simulator.options.model_dump(mode="json"))


_PATHS: dict[tuple[str, str], _Answer] = {
    ("GET", "shipments"): lambda simulator, received: Reply.of({"shipments": simulator.shipments()}),
    ("POST", "shipments"): _new,
    ("GET", "orders"): lambda simulator, received: Reply.of({"orders": simulator.orders()}),
    ("GET", "deliveries"): lambda simulator, received: Reply.of({"deliveries": simulator.deliveries()}),
    ("POST", "targets"): _add_target,
    ("DELETE", "targets"): _clear_targets,
    ("POST", "release"): _release,
    ("POST", "options"): _set_options,
}


def _edit(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    kept = shipment.wanted.model_dump(exclude_unset=True)
    simulator.station.edit(shipment, Wanted.model_validate({**kept, **given}))


def _remove(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    order = OrderRef.model_validate(given)
    simulator.station.remove(shipment, (order.document_type, order.key))


class _Track(Shape):
    status: Tracked


def _track(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    simulator.station.track(shipment, _Track.model_validate(given).status)


def _move(move: Move) -> _Work:
    def work(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
        event = simulator.station.act(shipment, move)
        if event is not None:
            simulator.bridge.tell(event)

    return work


def _write_back(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    simulator.bridge.tell(simulator.station.write_back(shipment))


def _retry(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    simulator.bridge.retry(shipment.number)


def _ignore(simulator: "StarShipSimulator", shipment: Shipment, given: dict[str, Any]) -> None:
    simulator.bridge.ignore(shipment.number)


_WORK: dict[str, _Work] = {
    "edit": _edit,
    "remove": _remove,
    "process": _move("process"),
    "void": _move("void"),
    "delete": _move("delete"),
    "post": _move("post"),
    "track": _track,
    "write-back": _write_back,
    "retry": _retry,
    "ignore": _ignore,
}
