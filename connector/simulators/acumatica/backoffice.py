"""What a person does in the ERP, over `/_sim`: documents entered, edited and deleted, actions run at once.

The same rules hold as for requests from outside; values are plain here, without `{"value": …}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connector.simulators.acumatica.actions import ACTIONS, DELETIONS
from connector.simulators.acumatica.entities import ENTITIES
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.view import View, everything, show
from connector.simulators.acumatica.writing import write
from connector.simulators.base import SeedError

_RAW = frozenset({"id", "delete", "custom"})


def entity_named(name: str) -> Entity:
    """The entity of that name. Raises SeedError."""
    if name not in ENTITIES:
        raise SeedError(f"there is no entity {name}; known: {', '.join(ENTITIES)}")
    return ENTITIES[name]


def find(erp: Erp, entity: Entity, key: Sequence[str]) -> Record:
    """The record with that key. Raises SeedError."""
    record = erp.find(entity, key)
    if record is None:
        raise SeedError(f"there is no {entity.name} {'/'.join(key)}")
    return record


def whole(record: Record) -> dict[str, object]:
    """A record with everything expanded."""
    return show(record, View(everything(record.entity)))


def enter(erp: Erp, entity: Entity, given: Mapping[str, Any]) -> Record:
    """Enter a new document. Raises VendorError where the ERP refuses it."""
    return write(erp, entity, None, _wrapped(given, entity))


def edit(erp: Erp, entity: Entity, key: Sequence[str], given: Mapping[str, Any]) -> Record:
    """Change a document; rows are found by their keys, such as LineNbr. Raises VendorError, SeedError."""
    return write(erp, entity, find(erp, entity, key), _wrapped(given, entity))


def act(erp: Erp, entity: Entity, key: Sequence[str], name: str, parameters: Mapping[str, Any]) -> Record:
    """Run an action of the contract at once. Raises VendorError, SeedError."""
    action = ACTIONS[entity.name].get(name)
    if action is None:
        raise SeedError(f"{entity.name} has no action {name}; known: {', '.join(ACTIONS[entity.name])}")
    record = find(erp, entity, key)
    action.run(erp, record, {label: {"value": value} for label, value in parameters.items()})
    return record


def delete(erp: Erp, entity: Entity, key: Sequence[str]) -> None:
    """Delete a document. Raises VendorError where its status forbids it, SeedError where there is none."""
    DELETIONS[entity.name](erp, find(erp, entity, key))


def _wrapped(given: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
    """Plain values in the wire form. Raises SeedError for a name that the entity does not have."""
    body: dict[str, Any] = {}
    for name, value in given.items():
        if name in _RAW:
            body[name] = value
        elif name in entity.details:
            body[name] = [_wrapped(row, entity.details[name]) for row in value]
        elif name in entity.linked:
            body[name] = _wrapped(value, entity.linked[name])
        elif name in entity.fields or name == "note":
            body[name] = {"value": value}
        else:
            raise SeedError(f"{entity.name} has no field {name}")
    return body
