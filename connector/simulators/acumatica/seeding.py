"""Seeding: documents in a compact form, completed to what the ERP would hold after people had entered them.

Shapes are pydantic models that refuse unknown members; whatever an entity's contract names may be given.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.simulators.acumatica import billing, customers, orders, payments, shipments
from connector.simulators.acumatica.checks import KINDS_OF_NAMES
from connector.simulators.acumatica.contract import (
    ORDER_LINE,
    PACKAGE,
    PACKAGE_CONTENT,
    PAYMENT,
    SALES_ORDER,
    SHIPMENT,
    SHIPMENT_LINE,
)
from connector.simulators.acumatica.contract_customers import CUSTOMER
from connector.simulators.acumatica.contract_invoices import SALES_INVOICE
from connector.simulators.acumatica.erp import Erp, order_keys
from connector.simulators.acumatica.errors import VendorError
from connector.simulators.acumatica.record import Entity, Record, new_row
from connector.simulators.acumatica.values import as_decimal
from connector.simulators.base import SeedError

_LINKED = ("BillToAddress", "BillToContact", "ShipToAddress", "ShipToContact", "ShippingSettings", "Totals")


class _SeedInvoice(BaseModel):
    """The invoice of a confirmed shipment."""

    model_config = ConfigDict(extra="forbid")

    shipment: str
    released: bool = False


class _Seed(BaseModel):
    """What may be posted to `/_sim/seed`."""

    model_config = ConfigDict(extra="forbid")

    tenant: str | None = None
    customers: list[str | dict[str, Any]] | None = None
    """CustomerIDs, or customers with fields, MainContact and its Address."""
    items: list[str] | None = None
    known: dict[str, list[str]] = Field(default_factory=dict)
    """Further lists of names that may be referred to, such as warehouses; one not given is not checked."""
    orders: list[dict[str, Any]] = Field(default_factory=list)
    shipments: list[dict[str, Any]] = Field(default_factory=list)
    invoices: list[_SeedInvoice] = Field(default_factory=list)
    payments: list[dict[str, Any]] = Field(default_factory=list)
    """Payment fields, the `order` they are applied to, and `released` (true unless told otherwise)."""

    @field_validator("known")
    @classmethod
    def _are_kinds(cls, known: dict[str, list[str]]) -> dict[str, list[str]]:
        strange = sorted(set(known) - KINDS_OF_NAMES)
        if strange:
            raise ValueError(f"{strange[0]} is not one of {', '.join(sorted(KINDS_OF_NAMES))}")
        return known


def read_seed(wanted: object) -> _Seed:
    """The seed of a JSON value. Raises SeedError."""
    try:
        return _Seed.model_validate(wanted)
    except ValidationError as error:
        raise SeedError(str(error)) from error


def plant(erp: Erp, seed: _Seed) -> dict[str, object]:
    """Add the seed's documents to an ERP; returns keys and ids. Raises SeedError, naming the document."""
    for kind, names in {**seed.known, "items": seed.items or []}.items():
        if names:
            erp.known.setdefault(kind, set()).update(names)
    made_customers = [_document(erp, one, CUSTOMER, _customer) for one in seed.customers or ()]
    asked = {}
    made_orders = []
    for one in seed.orders:
        order = _document(erp, one, SALES_ORDER, _order)
        asked[order.key] = one.get("Status")
        made_orders.append(order)
    made_shipments = [_document(erp, one, SHIPMENT, _shipment) for one in seed.shipments]
    for order in made_orders:
        _pin(erp, order, asked[order.key])
    made_payments = [_document(erp, one, PAYMENT, _payment) for one in seed.payments]
    made_invoices = [_document(erp, one, SALES_INVOICE, _invoice) for one in seed.invoices]
    return {
        "customers": [_named(one) for one in made_customers],
        "orders": [_named(one) for one in made_orders],
        "shipments": [_named(one) for one in made_shipments],
        "invoices": [_named(one) for one in made_invoices],
        "payments": [_named(one) for one in made_payments],
    }


def _named(record: Record) -> dict[str, object]:
    return {"id": record.id, **{name: record.fields[name] for name in record.entity.keys}}


def _document(erp: Erp, given: Any, entity: Entity, make: Any) -> Record:
    try:
        record: Record = make(erp, given)
    except (ValueError, TypeError, AttributeError, KeyError, VendorError) as error:
        raise SeedError(f"{entity.name} {given}: {error}") from error
    return record


def _header(given: Mapping[str, Any], entity: Entity, apart: frozenset[str]) -> Record:
    plain = {name: value for name, value in given.items() if name not in apart and name not in entity.linked}
    record = new_row(entity, plain)
    for name in _LINKED:
        if name in given and name in entity.linked:
            linked = entity.linked[name]
            record.linked[name] = new_row(linked, given[name])
    record.note = str(given.get("note", ""))
    record.custom = given.get("custom", {})
    return record


def _customer(erp: Erp, given: str | Mapping[str, Any]) -> Record:
    fields: dict[str, Any] = (
        {"CustomerID": given, "CustomerName": given} if isinstance(given, str) else {**given}
    )
    main = dict(fields.pop("MainContact", {}))
    address = main.pop("Address", {})
    customer = _header(fields, CUSTOMER, frozenset({"note", "custom"}))
    customer.fields.setdefault("CustomerID", erp.next_number(CUSTOMER))
    person = customer.linked["MainContact"] = new_row(CUSTOMER.linked["MainContact"], main)
    person.linked["Address"] = new_row(person.entity.linked["Address"], address)
    erp.known.setdefault("customers", set())
    customers.complete(erp, customer)
    customers.store(erp, customer, set())
    return customer


def _payment(erp: Erp, given: Mapping[str, Any]) -> Record:
    order = erp.find(SALES_ORDER, tuple(map(str, given["order"])))
    if order is None:
        raise ValueError(f"there is no order {given['order']}")
    payment = _header(given, PAYMENT, frozenset({"order", "released", "note", "custom"}))
    unpaid = order.link("Totals").number("UnpaidBalance")
    amount = payment.number("PaymentAmount") or unpaid
    return payments.pay_by_hand(erp, order, min(amount, unpaid), payment, given.get("released", True))


def _invoice(erp: Erp, given: _SeedInvoice) -> Record:
    shipment = erp.find(SHIPMENT, (given.shipment,))
    if shipment is None:
        raise ValueError(f"there is no shipment {given.shipment}")
    invoice = billing.prepare(erp, shipment)
    if given.released:
        billing.release(erp, invoice)
    return invoice


_ORDER_APART = frozenset(
    {"lines", "UnpaidBalance", "OrderTotal", "PrepaymentRequired", "note", "custom", "Status"}
)


def _order(erp: Erp, given: Mapping[str, Any]) -> Record:
    order = _header(given, SALES_ORDER, _ORDER_APART)
    status = given.get("Status")
    order.fields.setdefault("Hold", status == "On Hold")
    order.fields.setdefault("CreditHold", status == "Credit Hold")
    order.fields.setdefault("CustomerID", "C1001")
    order.fields.setdefault("OrderNbr", erp.next_number(SALES_ORDER))
    order.facts["prepayment_required"] = bool(given.get("PrepaymentRequired", status == "Awaiting Payment"))
    if status == "Canceled":
        order.facts["canceled"] = True
    order.facts["seeded_tax"] = order.number("TaxTotal")
    for name in _LINKED[:4]:
        order.fields.setdefault(f"{name}Override", name in given)
    order.details["Details"] = [new_row(ORDER_LINE, line) for line in given.get("lines", [])]
    orders.complete(erp, order)
    if erp.find(SALES_ORDER, order.key):
        raise ValueError(f"there is an order {order.key} already")
    orders.recompute(erp, order)
    _settle(order, given)
    orders.recompute(erp, order)
    erp.save(order)
    return order


def _settle(order: Record, given: Mapping[str, Any]) -> None:
    """Make the given total and unpaid balance come out; the difference counts as charged or paid earlier."""
    total = order.number("OrderTotal")
    unpaid = as_decimal(given["UnpaidBalance"]) if "UnpaidBalance" in given else None
    wanted = as_decimal(given["OrderTotal"]) if "OrderTotal" in given else max(total, unpaid or Decimal(0))
    if unpaid is not None and unpaid > wanted:
        raise ValueError(f"the unpaid balance {unpaid} is more than the total {wanted}")
    order.facts["other_charges"] = wanted - total
    order.facts["paid_before"] = Decimal(0) if unpaid is None else wanted - unpaid


def _pin(erp: Erp, order: Record, status: str | None) -> None:
    current = erp.find(SALES_ORDER, order.key)
    if status and current is not None and current.text("Status") != status:
        current.facts["pinned_status"] = status
        orders.refresh(erp, {current.key})


_SHIPMENT_APART = frozenset({"orders", "lines", "packages", "note", "custom", "Status"})
_SHIPMENT_STATUSES = frozenset({"On Hold", "Open", *orders.POSTED})


def _shipment(erp: Erp, given: Mapping[str, Any]) -> Record:
    shipment = _header(given, SHIPMENT, _SHIPMENT_APART)
    status = given.get("Status", "Open")
    if status not in _SHIPMENT_STATUSES:
        raise ValueError(f"the status of a shipment is one of {', '.join(sorted(_SHIPMENT_STATUSES))}")
    shipment.fields.setdefault("ShipmentNbr", erp.next_number(SHIPMENT))
    if erp.find(SHIPMENT, shipment.key):
        raise ValueError(f"there is a shipment {shipment.key} already")
    shipment.details["Details"] = _lines(erp, given)
    shipment.details["Packages"] = [_package(one, status) for one in given.get("packages", [])]
    shipment.put(Status=status, Hold=status == "On Hold")
    shipments.complete(erp, shipment)
    _check_orders(erp, shipment)
    shipments.store(erp, shipment)
    return shipment


def _lines(erp: Erp, given: Mapping[str, Any]) -> list[Record]:
    """The lines as given, the order filled in where there is one only; without any, all that is open."""
    named = [tuple(map(str, one)) for one in given.get("orders", [])]
    if "lines" in given:
        rows = [new_row(SHIPMENT_LINE, line) for line in given["lines"]]
        for row in rows:
            if len(named) == 1:
                row.fields.setdefault("OrderType", named[0][0])
                row.fields.setdefault("OrderNbr", named[0][1])
            _find_order_line(erp, row)
        return rows
    found = [erp.find(SALES_ORDER, key) for key in named]
    return [
        shipments.line_for(order, line, shipments.open_quantity(line))
        for order in found
        if order is not None
        for line in order.rows("Details")
        if shipments.open_quantity(line) > 0
    ]


def _find_order_line(erp: Erp, row: Record) -> None:
    """Fill in the order line of a row that names its item only."""
    order = erp.find(SALES_ORDER, (row.text("OrderType"), row.text("OrderNbr")))
    if order is None or row.fields.get("OrderLineNbr") is not None:
        return
    fitting = [line for line in order.rows("Details") if line.text("InventoryID") == row.text("InventoryID")]
    if len(fitting) != 1:
        raise ValueError(f"OrderLineNbr is needed for {row.text('InventoryID')}")
    row.put(OrderLineNbr=int(fitting[0].number("LineNbr")))


def _check_orders(erp: Erp, shipment: Record) -> None:
    if not shipment.rows("Details"):
        raise ValueError("a shipment needs lines, or an order with open lines")
    missing = [key for key in order_keys(shipment) if erp.find(SALES_ORDER, key) is None]
    if missing:
        raise ValueError(f"there is no order {missing[0]}")


def _package(given: Mapping[str, Any], status: str) -> Record:
    package = new_row(PACKAGE, {name: value for name, value in given.items() if name != "contents"})
    package.fields.setdefault("Confirmed", status in orders.POSTED)
    package.details["PackageContents"] = [new_row(PACKAGE_CONTENT, one) for one in given.get("contents", [])]
    return package
