"""PUT and PATCH: a wire body applied to a copy of a record, checked, and stored whole or refused whole.

Unknown and read-only fields are ignored in silence, as recorded. It never answers; refusals are VendorErrors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.simulators.acumatica import (
    checks,
    customers,
    invoices,
    orders,
    payments,
    shipment_checks,
    shipments,
)
from connector.simulators.acumatica.checks import Problems
from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER, SHIPMENT
from connector.simulators.acumatica.contract_customers import CUSTOMER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import NEW, Erp, order_keys
from connector.simulators.acumatica.errors import entity_has_errors, invalid_request
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import read
from connector.simulators.acumatica.view import Tree, View, everything, show

_SYSTEM = frozenset(
    {"id", "rowNumber", "note", "custom", "error", "files", "_links", "delete", "_workflowActions"}
)


def write(
    erp: Erp,
    entity: Entity,
    existing: Record | None,
    body: Mapping[str, Any],
    refused: Mapping[str, str] = MappingProxyType({}),
) -> Record:
    """Create a record, or change `existing`; `refused` are members of the body that are not accepted, with a text.

    Raises VendorError: 400 malformed body, 422 refused values.
    """
    record = existing.copy() if existing else Record(entity)
    before = order_keys(existing) if existing else set()
    errors = Problems()
    fixed = entity.keys if existing else () if _is_numbered_by_hand(erp, entity) else entity.keys[-1:]
    _apply(record, body, errors, fixed)
    rules = _RULES[entity.name]
    rules.check(erp, record, existing, errors)
    for name, text in refused.items():
        _refuse(record, name, text, errors)
    if errors.found:
        raise _refusal(record, body, errors, existing is not None)
    if existing is None and not record.text(entity.keys[-1]):
        record.fields[entity.keys[-1]] = erp.next_number(entity)
    rules.complete(erp, record)
    rules.store(erp, record, before)
    return record


def _refuse(record: Record, name: str, text: str, errors: Problems) -> None:
    """Note a refusal beside the member that it is about: a field, or the first one of the last row."""
    rows = record.details.get(name)
    about = rows[-1] if rows else record.linked.get(name, record)
    place = name if name in about.entity.fields else next(iter(about.entity.fields))
    errors.add(about, place, text)


def _is_numbered_by_hand(erp: Erp, entity: Entity) -> bool:
    return erp.options.manual_customers if entity is CUSTOMER else erp.options.manual_numbers


def unwrap(body: Mapping[str, Any], name: str) -> object:
    """The value of a wrapped field, None when absent. Raises VendorError (400) when it is not wrapped."""
    wrapped = body.get(name)
    if wrapped is None:
        return None
    if not isinstance(wrapped, dict):
        raise invalid_request(f"Error converting value {wrapped!r} to a value type.", f"entity.{name}")
    return wrapped.get("value")


def _apply(record: Record, body: Mapping[str, Any], errors: Problems, fixed: tuple[str, ...] = ()) -> None:
    for name, given in body.items():
        if name in _SYSTEM or name in record.entity.read_only:
            continue
        if name in record.entity.fields:
            _apply_field(record, name, body, errors, fixed)
        elif name in record.entity.linked:
            _apply(record.link(name), _object(given, name), errors)
        elif name in record.entity.details:
            _apply_rows(record, name, given, errors)
    if "note" in body:
        record.note = str(unwrap(body, "note") or "")
    _apply_custom(record, body.get("custom"))


def _apply_field(
    record: Record, name: str, body: Mapping[str, Any], errors: Problems, fixed: tuple[str, ...]
) -> None:
    value = unwrap(body, name)
    if name in fixed or (value == NEW and name in record.entity.keys):
        return
    try:
        record.fields[name] = read(record.entity.fields[name], value)
    except ValueError:
        errors.add(record, name, f"'{value}' is not a valid value for '{name}'.")


def _apply_rows(record: Record, detail: str, given: Any, errors: Problems) -> None:
    if not isinstance(given, list):
        raise invalid_request("A list of rows is expected.", f"entity.{detail}")
    rows = record.rows(detail)
    for body in given:
        row = _matching(rows, _object(body, detail), record.entity.details[detail])
        if row is None:
            row = Record(record.entity.details[detail])
            rows.append(row)
        if body.get("delete") is True:
            rows.remove(row)
        else:
            _apply(row, body, errors)


def _matching(rows: list[Record], body: Mapping[str, Any], entity: Entity) -> Record | None:
    """The row a body names by `id`, or by all of its keys."""
    if "id" in body:
        return next((row for row in rows if row.id == body["id"]), None)
    wanted = [unwrap(body, name) for name in entity.keys]
    if not wanted or None in wanted:
        return None
    return next(
        (row for row in rows if [row.text(name) for name in entity.keys] == list(map(str, wanted))), None
    )


def _object(given: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise invalid_request("An object is expected.", f"entity.{name}")
    return given


def _apply_custom(record: Record, given: Any) -> None:
    for view, fields in _object(given or {}, "custom").items():
        for name, held in _object(fields, f"custom.{view}").items():
            if "type" not in _object(held, f"custom.{view}.{name}"):
                raise invalid_request(
                    "The type of a custom field is missing.", f"entity.custom.{view}.{name}"
                )
            record.custom.setdefault(view, {})[name] = {"type": held["type"], "value": held.get("value")}


def _refusal(record: Record, body: Mapping[str, Any], errors: Problems, updating: bool) -> Exception:
    """422: the fields sent, those with errors, and the keys; the two spaces are in the product's text."""
    sent = {name for name in body if name in record.entity.fields} | set(record.entity.keys)
    whole = everything(record.entity).below
    details = {name: whole[name] for name in sorted(body) if name in whole}
    last = record.entity.keys[-1]
    if not record.text(last):
        record.fields[last] = NEW
    shown = show(record, View(Tree(details), Tree.of(sorted(sent | details.keys()))), errors=errors.found)
    verb = "Updating" if updating else "Inserting"
    title = record.entity.title
    text = f"{verb}  '{title}' record raised at least one error. Please review the errors."
    return entity_has_errors(
        {"id": shown.pop("id"), "rowNumber": shown.pop("rowNumber"), "error": text, **shown}
    )


def _store_order(erp: Erp, order: Record, before: set[tuple[str, ...]]) -> None:
    orders.recompute(erp, order)
    erp.save(order)


@dataclass(frozen=True)
class _Rules:
    """What an entity checks before, fills in, and does on saving."""

    check: Callable[[Erp, Record, Record | None, Problems], None]
    complete: Callable[[Erp, Record], None]
    store: Callable[[Erp, Record, set[tuple[str, ...]]], None]


_RULES: dict[str, _Rules] = {
    CUSTOMER.name: _Rules(checks.check_customer, customers.complete, customers.store),
    SALES_ORDER.name: _Rules(checks.check_order, orders.complete, _store_order),
    SHIPMENT.name: _Rules(
        shipment_checks.check_shipment,
        shipments.complete,
        lambda erp, shipment, before: shipments.store(erp, shipment),
    ),
    SALES_INVOICE.name: _Rules(checks.check_invoice, invoices.complete, invoices.store),
    PAYMENT.name: _Rules(checks.check_payment, payments.complete, payments.store),
}
