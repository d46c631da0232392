"""The endpoint Default/25.200.001: GET, PUT, PATCH, DELETE and POST of actions, on one tenant's records.

It turns requests into replies; who calls is known already, and what documents do is in their own files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.simulators.acumatica import odata
from connector.simulators.acumatica.actions import ACTIONS, DELETIONS, Action
from connector.simulators.acumatica.entities import ENTITIES
from connector.simulators.acumatica.erp import NEW, Erp
from connector.simulators.acumatica.errors import (
    cannot_optimize,
    invalid_request,
    no_entity,
    plain,
    precondition_failed,
)
from connector.simulators.acumatica.operations import Operations
from connector.simulators.acumatica.options import Options
from connector.simulators.acumatica.own_faults import not_created, refused_fields, without_ignored
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.sessions import Session
from connector.simulators.acumatica.values import is_guid
from connector.simulators.acumatica.view import read_view, show
from connector.simulators.acumatica.writing import unwrap, write
from connector.simulators.base import Received, Reply


@dataclass(frozen=True)
class Call:
    """One request on an entity: `rest` are the path segments behind the entity's name."""

    received: Received
    session: Session
    erp: Erp
    entity: Entity
    rest: tuple[str, ...]

    def option(self, name: str) -> str | None:
        """A query option such as `$top`."""
        return next((text for key, text in self.received.query_pairs if key.lower() == name), None)


class Endpoint:
    """Answers calls on entities. `published` is called after each change, so that pushes go out."""

    def __init__(self, options: Options, operations: Operations, published: Callable[[Erp], None]) -> None:
        self._options = options
        self._operations = operations
        self._published = published

    def answer(self, call: Call) -> Reply:
        """The reply to a call. Raises VendorError."""
        if len(call.rest) == 3 and call.rest[1] == "status":
            return self._poll(call)
        self._operations.check_free(call.session, call.entity.name)
        handler = _METHODS.get(call.received.method)
        if handler is None:
            raise plain("The requested resource does not support this http method.", 405)
        reply = handler(self, call)
        self._published(call.erp)
        return reply

    def _poll(self, call: Call) -> Reply:
        status = self._operations.status(call.entity.name, call.rest[0], call.rest[2])
        if status is None:
            raise plain("The operation is not found.", 404)
        return status

    def get(self, call: Call) -> Reply:
        """One record by keys or id, or a list in the order of the keys."""
        view = read_view(call.received.query_pairs, call.entity)
        if call.rest:
            return Reply.of(show(_located(call), view))
        self._check_list(call)
        found = self._listed(call)
        return Reply.of([show(record, view, row) for row, record in enumerate(found, 1)])

    def _listed(self, call: Call) -> list[Record]:
        found = sorted(call.erp.all(call.entity), key=lambda record: record.key)
        condition = call.option("$filter")
        if condition:
            holds = odata.compile_filter(condition, call.entity)
            found = [record for record in found if holds(record)]
        skip, top = _count(call, "$skip"), _count(call, "$top")
        found = found[skip or 0 :]
        return found if top is None else found[:top]

    def _check_list(self, call: Call) -> None:
        """A list that would return a delegate field fails; a narrow `$select` avoids it."""
        select = call.option("$select")
        chosen = {name.split("/")[0].strip() for name in select.split(",")} if select else None
        named = [
            field.split(".")[1]
            for field in self._options.delegate_fields
            if field.startswith(call.entity.name)
        ]
        failing = [name for name in named if chosen is None or name in chosen]
        if failing:
            raise cannot_optimize(failing, f"View {call.entity.view} has BQL delegate")

    def put(self, call: Call) -> Reply:
        """Upsert: update by `id`, keys or `$filter`, else insert. 200 for both."""
        if call.rest:
            raise plain("The requested resource does not support this http method.", 405)
        body = _body(call)
        existing = _existing(call, body)
        _check_conditions(call, existing)
        return self._write(call, existing, body)

    def patch(self, call: Call) -> Reply:
        """Update only: 404 without a target."""
        body = _body(call)
        existing = _existing(call, body)
        _check_conditions(call, existing)
        if existing is None:
            raise plain("The record is not found.", 404)
        return self._write(call, existing, body)

    def _write(self, call: Call, existing: Record | None, body: Mapping[str, Any]) -> Reply:
        view = read_view(call.received.query_pairs, call.entity)
        faults = call.received.faults
        refused = refused_fields(faults, body)
        record = write(call.erp, call.entity, existing, without_ignored(faults, body), refused)
        return Reply.of(show(record, view))

    def delete(self, call: Call) -> Reply:
        """Delete a record whose status allows it."""
        record = _located(call)
        DELETIONS[call.entity.name](call.erp, record)
        return Reply(204)

    def post(self, call: Call) -> Reply:
        """An action: 202 with the status to poll, or 204, done or with nothing to do."""
        action = ACTIONS[call.entity.name].get(call.rest[0]) if len(call.rest) == 1 else None
        if action is None:
            raise plain("No action was found that matches the request.", 404)
        body = _body(call)
        given = body.get("entity")
        if not isinstance(given, dict):
            raise invalid_request("The entity field is required.", "invocation.Entity")
        record = _existing(call, given)
        if record is None:
            raise no_entity()
        ignored = not_created(call.received.faults)
        if (ignored is not None and ignored.answer == 204) or action.idle(call.erp, record):
            return Reply(204)
        if ignored is not None:
            return self._begin(call, lambda: None)
        return self._act(call, action, record, body.get("parameters") or {})

    def _act(self, call: Call, action: Action, record: Record, parameters: Mapping[str, Any]) -> Reply:
        def effect() -> None:
            current = call.erp.by_id(call.entity, record.id)
            if current is None:
                raise no_entity()
            action.run(call.erp, current, parameters)
            self._published(call.erp)

        if self._options.actions == "immediate":
            effect()
            return Reply(204, headers=[("Location", f"{_root(call)}/{record.id}")])
        return self._begin(call, effect)

    def _begin(self, call: Call, effect: Callable[[], None]) -> Reply:
        """202: the effect comes when the operation ends."""
        name = call.rest[0]
        operation = self._operations.start(call.session, call.entity.name, name, effect)
        host = call.received.base_url if self._options.location == "absolute" else ""
        return Reply(202, headers=[("Location", f"{host}{_root(call)}/{name}/status/{operation.id}")])


def _root(call: Call) -> str:
    return call.received.path.partition(f"/{call.entity.name}/")[0] + f"/{call.entity.name}"


_METHODS: dict[str, Callable[[Endpoint, Call], Reply]] = {
    "GET": Endpoint.get,
    "PUT": Endpoint.put,
    "PATCH": Endpoint.patch,
    "DELETE": Endpoint.delete,
    "POST": Endpoint.post,
}


def entity_of(name: str) -> Entity:
    """The entity of a path segment. Raises VendorError (404)."""
    if name not in ENTITIES:
        raise plain(f"No HTTP resource was found for the entity '{name}'.", 404)
    return ENTITIES[name]


def _located(call: Call) -> Record:
    """The record of a path: `id`, or keys split by `/` or `|`. Raises VendorError (500)."""
    parts = [part for segment in call.rest for part in segment.split("|")]
    if len(parts) == 1 and is_guid(parts[0]):
        record = call.erp.by_id(call.entity, parts[0])
    else:
        record = call.erp.find(call.entity, parts)
    if record is None:
        raise no_entity()
    return record


def _existing(call: Call, body: Mapping[str, Any]) -> Record | None:
    """The record a body means: its `id` must exist, its keys or `$filter` may."""
    if "id" in body:
        record = call.erp.by_id(call.entity, str(body["id"]))
        if record is None:
            raise no_entity()
        return record
    condition = call.option("$filter")
    if condition:
        holds = odata.compile_filter(condition, call.entity)
        return next((record for record in call.erp.all(call.entity) if holds(record)), None)
    key = [unwrap(body, name) for name in call.entity.keys]
    if None in key or NEW in key:
        return None
    return call.erp.find(call.entity, [str(part) for part in key])


def _body(call: Call) -> Mapping[str, Any]:
    if not call.received.body.strip():
        raise invalid_request("The request body should not be empty.")
    try:
        body = call.received.json()
    except ValueError as error:
        raise invalid_request(f"The request body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise invalid_request("The request body should be an object.")
    return body


def _check_conditions(call: Call, existing: Record | None) -> None:
    headers = call.received.headers
    if headers.get("if-none-match") == "*" and existing is not None:
        raise precondition_failed("The entity already exists and cannot be inserted.")
    if headers.get("if-match") == "*" and existing is None:
        raise precondition_failed("The entity does not exist and cannot be updated.")


def _count(call: Call, name: str) -> int | None:
    text = call.option(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise invalid_request(f"The value '{text}' is not valid for {name}.", name)
    return int(text)
