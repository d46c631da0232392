"""Documents as they stand at the site after we wrote them: tolerant models of what is read back and compared.

Nothing is decided here; what the sources of events are read with is `wire.py`.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from connector.systems.acumatica.wire import Entity, Number, Text

ZERO = Decimal(0)


def _rows(value: object) -> object:
    return () if value is None or value == {} else value


def _entity(value: object) -> object:
    return {} if value is None else value


class CustomerThere(Entity):
    """Customer."""

    CustomerID: Text = ""
    CustomerName: Text = ""
    CustomerClass: Text = ""
    AccountRef: Text = ""
    Email: Text = ""
    Status: Text = ""


class LineThere(Entity):
    """SalesOrderDetail; `Amount` is after the line's discount, `QtyOnShipments` counts open and confirmed ones."""

    LineNbr: Text = ""
    InventoryID: Text = ""
    WarehouseID: Text = ""
    OrderQty: Number = None
    QtyOnShipments: Number = None
    Amount: Number = None


class ShipmentThere(Entity):
    """SalesOrderShipment: the bridge from an order to its shipments, and to the documents that bill them."""

    ShipmentNbr: Text = ""
    Status: Text = ""
    InvoiceType: Text = ""
    InvoiceNbr: Text = ""


class AppliedThere(Entity):
    """SalesOrderPayment: a payment as the order sees it."""

    DocType: Text = ""
    ReferenceNbr: Text = ""
    Status: Text = ""
    AppliedToOrder: Number = None
    TransferredtoInvoice: Number = None


class TotalsThere(Entity):
    """Totals of an order."""

    UnpaidBalance: Number = None
    Freight: Number = None
    PremiumFreight: Number = None
    DiscountTotal: Number = None


class OrderThere(Entity):
    """SalesOrder."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    Status: Text = ""
    CustomerID: Text = ""
    LocationID: Text = ""
    CurrencyID: Text = ""
    ExternalRef: Text = ""
    CustomerOrder: Text = ""
    PaymentRef: Text = ""
    ShipVia: Text = ""
    PaymentMethod: Text = ""
    OrderTotal: Number = None
    TaxTotal: Number = None
    Totals: Annotated[TotalsThere, BeforeValidator(_entity)] = TotalsThere()
    Details: Annotated[tuple[LineThere, ...], BeforeValidator(_rows)] = ()
    Shipments: Annotated[tuple[ShipmentThere, ...], BeforeValidator(_rows)] = ()
    Payments: Annotated[tuple[AppliedThere, ...], BeforeValidator(_rows)] = ()


class OrderPaid(Entity):
    """PaymentOrderDetail: an order as a payment sees it."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    AppliedToOrder: Number = None


class PaymentThere(Entity):
    """Payment. `AppliedToDocuments` is what is applied to invoices."""

    Type: Text = ""
    ReferenceNbr: Text = ""
    Status: Text = ""
    CustomerID: Text = ""
    CurrencyID: Text = ""
    PaymentMethod: Text = ""
    PaymentAmount: Number = None
    AppliedToDocuments: Number = None
    OrdersToApply: Annotated[tuple[OrderPaid, ...], BeforeValidator(_rows)] = ()


def amount(value: Decimal | None) -> Decimal:
    """An amount, 0 where there is none."""
    return ZERO if value is None else value
