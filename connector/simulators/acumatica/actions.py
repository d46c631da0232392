"""Actions of the contract: which there are, and what each does to its document.

How an action is answered (202, 204) and when it runs is for endpoint.py and operations.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.simulators.acumatica import orders, payments, shipments
from connector.simulators.acumatica.erp import Erp
from connector.simulators.acumatica.errors import invalid_request
from connector.simulators.acumatica.record import Record
from connector.simulators.acumatica.values import Kind, read
from connector.simulators.acumatica.writing import unwrap

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """What an action does; `idle` says that there is nothing to do, which is answered like success."""

    run: Callable[[Erp, Record, Parameters], object]
    idle: Callable[[Record], bool] = lambda record: False


def _create_shipment(erp: Erp, order: Record, parameters: Parameters) -> None:
    date = _value(parameters, "ShipmentDate", Kind.MOMENT)
    warehouse = _value(parameters, "WarehouseID", Kind.TEXT)
    shipments.create_from_order(
        erp,
        order,
        date if isinstance(date, datetime) else None,
        str(warehouse) if warehouse else None,
    )


def _value(parameters: Parameters, name: str, kind: Kind) -> object:
    try:
        return read(kind, unwrap(parameters, name))
    except ValueError as error:
        raise invalid_request(str(error), f"invocation.parameters.{name}") from error


ACTIONS: dict[str, dict[str, Action]] = {
    "SalesOrder": {
        "SalesOrderCreateShipment": Action(_create_shipment, shipments.nothing_to_ship),
        "CancelSalesOrder": Action(lambda erp, order, parameters: orders.cancel(erp, order)),
        "ReopenSalesOrder": Action(lambda erp, order, parameters: orders.reopen(erp, order)),
    },
    "Shipment": {
        "ConfirmShipment": Action(lambda erp, shipment, parameters: shipments.confirm(erp, shipment)),
        "CorrectShipment": Action(lambda erp, shipment, parameters: shipments.correct(erp, shipment)),
    },
    "Payment": {
        "ReleasePayment": Action(lambda erp, payment, parameters: payments.release(erp, payment)),
        "Release": Action(lambda erp, payment, parameters: payments.release(erp, payment)),
        "VoidPayment": Action(lambda erp, payment, parameters: payments.void(erp, payment)),
    },
}
"""By entity and name; `Payment/Release` is the graph's own name, which works too."""
