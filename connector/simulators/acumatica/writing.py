"""PUT and PATCH: a wire body applied to a copy of a record, checked, and stored whole or refused whole.

Unknown and read-only fields are ignored in silence, as recorded. It never answers; refusals are VendorErrors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.simulators.acumatica import orders, payments, shipments
from connector.simulators.acumatica.contract import PAYMENT, SALES_ORDER, SHIPMENT
from connector.simulators.acumatica.erp import NEW, Erp, order_keys
from connector.simulators.acumatica.errors import entity_has_errors, invalid_request
from connector.simulators.acumatica.record import Entity, Record
from connector.simulators.acumatica.values import read
from connector.simulators.acumatica.view import Tree, View, show

_SYSTEM = frozenset(
    {"id", "rowNumber", "note", "custom", "error", "files", "_links", "delete", "_workflowActions"}
)


@dataclass
class _Errors:
    """What was found wrong, by record and field."""

    found: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, record: Record, name: str, text: str) -> None:
        self.found[record.id, name] = text


def write(
    erp: Erp, entity: Entity, existing: Record | None, body: Mapping[str, Any], manual_numbers: bool
) -> Record:
    """Create a record, or change `existing`. Raises VendorError: 400 malformed body, 422 refused values."""
    record = existing.copy() if existing else Record(entity)
    before = order_keys(existing) if existing else set()
    errors = _Errors()
    fixed = entity.keys if existing else () if manual_numbers else entity.keys[-1:]
    _apply(record, body, errors, fixed)
    rules = _RULES[entity.name]
    rules.check(erp, record, existing, errors)
    if errors.found:
        raise _refusal(record, body, errors, existing is not None)
    if existing is None and not record.text(entity.keys[-1]):
        record.fields[entity.keys[-1]] = erp.next_number(entity)
    rules.complete(erp, record)
    rules.store(erp, record, before)
    return record


def unwrap(body: Mapping[str, Any], name: str) -> object:
    """The value of a wrapped field, None when absent. Raises VendorError (400) when it is not wrapped."""
    wrapped = body.get(name)
    if wrapped is None:
        return None
    if not isinstance(wrapped, dict):
        raise invalid_request(f"Error converting value {wrapped!r} to a value type.", f"entity.{name}")
    return wrapped.get("value")


def _apply(record: Record, body: Mapping[str, Any], errors: _Errors, fixed: tuple[str, ...] = ()) -> None:
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
    record: Record, name: str, body: Mapping[str, Any], errors: _Errors, fixed: tuple[str, ...]
) -> None:
    value = unwrap(body, name)
    if name in fixed or (value == NEW and name in record.entity.keys):
        return
    try:
        record.fields[name] = read(record.entity.fields[name], value)
    except ValueError:
        errors.add(record, name, f"'{value}' is not a valid value for '{name}'.")


def _apply_rows(record: Record, detail: str, given: Any, errors: _Errors) -> None:
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


def _refusal(record: Record, body: Mapping[str, Any], errors: _Errors, updating: bool) -> Exception:
    """422: the fields sent, those with errors, and the keys; the two spaces are in the product's text."""
    sent = {name for name in body if name in record.entity.fields} | set(record.entity.keys)
    details = {name for name in body if name in record.entity.details}
    last = record.entity.keys[-1]
    if not record.text(last):
        record.fields[last] = NEW
    shown = show(record, View(Tree.of(sorted(details)), Tree.of(sorted(sent | details))), errors=errors.found)
    verb = "Updating" if updating else "Inserting"
    title = record.entity.title
    text = f"{verb}  '{title}' record raised at least one error. Please review the errors."
    return entity_has_errors(
        {"id": shown.pop("id"), "rowNumber": shown.pop("rowNumber"), "error": text, **shown}
    )


def _check_order(erp: Erp, order: Record, existing: Record | None, errors: _Errors) -> None:
    _check_customer(erp, order, errors)
    for line in order.rows("Details"):
        _check_item(erp, line, errors)
        if line.number("OrderQty") < line.number("QtyOnShipments"):
            errors.add(line, "OrderQty", "The quantity cannot be less than the quantity on shipments.")


def _check_customer(erp: Erp, record: Record, errors: _Errors) -> None:
    customer = record.text("CustomerID")
    if not customer:
        errors.add(record, "CustomerID", "'Customer' cannot be empty.")
    elif erp.customers is not None and customer not in erp.customers:
        errors.add(record, "CustomerID", "'Customer' cannot be found in the system.")


def _check_item(erp: Erp, line: Record, errors: _Errors) -> None:
    item = line.text("InventoryID")
    if not item:
        errors.add(line, "InventoryID", "'Inventory ID' cannot be empty.")
    elif erp.items is not None and item not in erp.items:
        errors.add(line, "InventoryID", "'Inventory ID' cannot be found in the system.")


def _check_shipment(erp: Erp, shipment: Record, existing: Record | None, errors: _Errors) -> None:
    if not shipment.rows("Details"):
        errors.add(shipment, "ShipmentNbr", "A shipment must have at least one line.")
    if existing and existing.text("Status") in orders.POSTED and _shipped(existing) != _shipped(shipment):
        errors.add(shipment, "Status", "The lines of a confirmed shipment cannot be changed.")
    _spread_orders(erp, shipment)
    asked: dict[tuple[str, ...], Any] = {}
    for line in shipment.rows("Details"):
        _check_shipment_line(erp, line, existing, errors, asked)


def _shipped(shipment: Record) -> list[tuple[object, ...]]:
    return [(*_line_key(line), line.number("ShippedQty")) for line in shipment.rows("Details")]


def _spread_orders(erp: Erp, shipment: Record) -> None:
    """A line that names an order but no order line stands for all open lines of that order."""
    spread: list[Record] = []
    for line in shipment.rows("Details"):
        order = erp.find(SALES_ORDER, (line.text("OrderType"), line.text("OrderNbr")))
        if order is None or line.fields.get("OrderLineNbr") is not None:
            spread.append(line)
            continue
        opened = [one for one in order.rows("Details") if shipments.open_quantity(one) > 0]
        spread += [shipments.line_for(order, one, shipments.open_quantity(one)) for one in opened]
    shipment.details["Details"] = spread


def _check_shipment_line(
    erp: Erp, line: Record, existing: Record | None, errors: _Errors, asked: dict[tuple[str, ...], Any]
) -> None:
    order = erp.find(SALES_ORDER, (line.text("OrderType"), line.text("OrderNbr")))
    origin = shipments.order_line(order, line) if order else None
    if origin is None:
        errors.add(line, "OrderNbr", "'Order Nbr.' cannot be found in the system.")
        return
    own = sum(
        (
            row.number("ShippedQty")
            for row in (existing.rows("Details") if existing else [])
            if _line_key(row) == _line_key(line)
        ),
        orders.NONE,
    )
    available = shipments.open_quantity(origin) + own - asked.get(_line_key(line), orders.NONE)
    if line.fields.get("ShippedQty") is None:
        line.put(ShippedQty=available)
    if line.number("ShippedQty") > available:
        errors.add(
            line, "ShippedQty", "The shipped quantity exceeds the open quantity of the sales order line."
        )
    asked[_line_key(line)] = asked.get(_line_key(line), orders.NONE) + line.number("ShippedQty")


def _line_key(line: Record) -> tuple[str, ...]:
    return line.text("OrderType"), line.text("OrderNbr"), line.text("OrderLineNbr")


def _check_payment(erp: Erp, payment: Record, existing: Record | None, errors: _Errors) -> None:
    _check_customer(erp, payment, errors)
    for row in payment.rows("OrdersToApply"):
        if erp.find(SALES_ORDER, (row.text("OrderType"), row.text("OrderNbr"))) is None:
            errors.add(row, "OrderNbr", "'Order Nbr.' cannot be found in the system.")
    if payments.applied(payment) > payment.number("PaymentAmount"):
        errors.add(payment, "PaymentAmount", "The applied amount exceeds the payment amount.")


def _store_order(erp: Erp, order: Record, before: set[tuple[str, ...]]) -> None:
    orders.recompute(erp, order)
    erp.save(order)


@dataclass(frozen=True)
class _Rules:
    """What an entity checks before, fills in, and does on saving."""

    check: Callable[[Erp, Record, Record | None, _Errors], None]
    complete: Callable[[Erp, Record], None]
    store: Callable[[Erp, Record, set[tuple[str, ...]]], None]


_RULES: dict[str, _Rules] = {
    SALES_ORDER.name: _Rules(_check_order, orders.complete, _store_order),
    SHIPMENT.name: _Rules(
        _check_shipment, shipments.complete, lambda erp, shipment, before: shipments.store(erp, shipment)
    ),
    PAYMENT.name: _Rules(_check_payment, payments.complete, payments.store),
}
