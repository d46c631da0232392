"""Actions of the contract: which there are, and what each does to its document.

How an action is answered (202, 204) and when it runs is for endpoint.py and operations.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.simulators.acumatica import billing, orders, payments, shipments
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.errors import invalid_request, status_invalid
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.values import Kind, read
from connector.simulators.acumatica.writing import unwrap

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """What an action does; `idle` says that there is nothing to do, which is answered like success."""

    run: Callable[[Erp, Record, Parameters], object]
    idle: Callable[[Erp, Record], bool] = lambda erp, record: False


def _create_shipment(erp: Erp, order: Record, parameters: Parameters) -> None:
    date = _value(parameters, "ShipmentDate", Kind.MOMENT)
    warehouse = _value(parameters, "WarehouseID", Kind.TEXT)
    shipments.create_from_order(
        erp,
        order,
        date if isinstance(date, datetime) else None,
        str(warehouse) if warehouse else None,
    )


def _create_receipt(erp: Erp, order: Record, parameters: Parameters) -> None:
    shipments.create_from_order(erp, order, None, None, receipt=True)


def _value(parameters: Parameters, name: str, kind: Kind) -> object:
    try:
        return read(kind, unwrap(parameters, name))
    except ValueError as error:
        raise invalid_request(str(error), f"invocation.parameters.{name}") from error


def _simple(run: Callable[[Erp, Record], object]) -> Action:
    """An action without parameters."""
    return Action(lambda erp, record, parameters: run(erp, record))


ACTIONS: dict[str, dict[str, Action]] = {
    "Customer": {},
    "SalesOrder": {
        "SalesOrderCreateShipment": Action(
            _create_shipment, lambda erp, order: shipments.nothing_to_ship(order)
        ),
        "SalesOrderCreateReceipt": Action(
            _create_receipt, lambda erp, order: shipments.nothing_to_ship(order)
        ),
        "PrepareSalesInvoice": Action(
            lambda erp, order, parameters: billing.prepare_order(erp, order), billing.nothing_to_bill
        ),
        "CancelSalesOrder": _simple(orders.cancel),
        "ReopenSalesOrder": _simple(orders.reopen),
        "ReleaseFromCreditHoldSalesOrder": _simple(orders.leave_credit_hold),
    },
    "Shipment": {
        "ConfirmShipment": _simple(shipments.confirm),
        "CorrectShipment": _simple(shipments.correct),
        "PrepareInvoice": _simple(billing.prepare),
    },
    "SalesInvoice": {
        "ReleaseSalesInvoice": _simple(billing.release),
        "Release": _simple(billing.release),
    },
    "Payment": {
        "ReleasePayment": _simple(payments.release),
        "Release": _simple(payments.release),
        "VoidPayment": _simple(payments.void),
    },
}
"""By entity and name; `Release` is the graph's own name, which works too."""


def _refuse(erp: Erp, record: Record) -> None:
    raise status_invalid()


DELETIONS: dict[str, Callable[[Erp, Record], None]] = {
    "Customer": _refuse,
    "SalesOrder": orders.delete,
    "Shipment": shipments.delete,
    "SalesInvoice": billing.delete,
    "Payment": payments.delete,
}
"""By entity: delete a record, or refuse with a VendorError where its status forbids it."""
