"""Acumatica's JSON as models: value-wrapped, tolerant of absent, empty and unknown members, named as theirs.

Nothing is interpreted here; the files of the documents translate into ours.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from schemas.base import ExactDecimal

LONGEST_IDENTIFIER = 255
"""Characters of a number or key that we keep, as `schemas.base.Identifier` says."""

_STAMP_DIGITS = 19


def _plain(value: object) -> object:
    """`{"value": x}` -> x, `{}` and null -> None; older contracts give some fields bare."""
    return value.get("value") if isinstance(value, Mapping) else value


def _text(value: object) -> object:
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return str(plain).lower()
    return format(plain, "f") if isinstance(plain, Decimal) else str(plain).strip()


def _number(value: object) -> object:
    plain = _plain(value)
    return None if plain == "" else plain


def _moment(value: object) -> object:
    plain = _plain(value)
    if not isinstance(plain, str):
        return plain
    return datetime.fromisoformat(plain) if plain.strip() else None


def _rows(value: object) -> object:
    return () if value is None or value == {} else value


def _entity(value: object) -> object:
    return {} if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
"""Trimmed; empty where there is none. Numbers and booleans become text."""

Number = Annotated[ExactDecimal | None, BeforeValidator(_number)]
"""Exact, or None; a binary float is refused."""

Moment = Annotated[datetime | None, BeforeValidator(_moment)]
"""As it was written: with a zone or without one."""


class Entity(BaseModel):
    """What all entities have; `note` is wrapped since contract 4, bare or null before.

    `custom` is view -> field -> value as text.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    note: Text = ""
    custom: Annotated[dict[str, dict[str, Text]], BeforeValidator(_entity)] = {}
    NoteID: Text = ""

    def custom_text(self, view: str, field: str) -> str:
        """The value of a custom field, empty where it is not there."""
        return self.custom.get(view, {}).get(field, "")


class WireAddress(Entity):
    """Address."""

    AddressLine1: Text = ""
    AddressLine2: Text = ""
    City: Text = ""
    State: Text = ""
    PostalCode: Text = ""
    Country: Text = ""


class WireContact(Entity):
    """DocContact."""

    Attention: Text = ""
    BusinessName: Text = ""
    Email: Text = ""
    Phone1: Text = ""


AddressMember = Annotated[WireAddress, BeforeValidator(_entity)]
ContactMember = Annotated[WireContact, BeforeValidator(_entity)]


class WireOrderLine(Entity):
    """SalesOrderDetail."""

    LineNbr: Text = ""
    InventoryID: Text = ""
    LineDescription: Text = ""
    LineType: Text = ""
    OrderQty: Number = None
    QtyOnShipments: Number = None
    UOM: Text = ""
    UnitPrice: Number = None
    DiscountAmount: Number = None
    Amount: Number = None
    WarehouseID: Text = ""


class WireTotals(Entity):
    """Totals; the only place of the unpaid balance."""

    LineTotalAmount: Number = None
    MiscTotalAmount: Number = None
    DiscountTotal: Number = None
    TaxTotal: Number = None
    Freight: Number = None
    PremiumFreight: Number = None
    UnpaidBalance: Number = None


class WireOrderShipment(Entity):
    """SalesOrderShipment: one shipment of an order, as the order sees it, with the invoice that bills it."""

    ShipmentNbr: Text = ""
    Status: Text = ""
    InvoiceType: Text = ""
    InvoiceNbr: Text = ""


class WireOrder(Entity):
    """SalesOrder."""

    OrderType: Text = ""
    OrderNbr: Text = ""
    Status: Text = ""
    ExternalRef: Text = ""
    CustomerOrder: Text = ""
    PaymentRef: Text = ""
    Date: Moment = None
    LastModified: Moment = None
    CurrencyID: Text = ""
    CustomerID: Text = ""
    ShipVia: Text = ""
    PaymentMethod: Text = ""
    OrderTotal: Number = None
    TaxTotal: Number = None
    Totals: Annotated[WireTotals, BeforeValidator(_entity)] = WireTotals()
    Details: Annotated[tuple[WireOrderLine, ...], BeforeValidator(_rows)] = ()
    Shipments: Annotated[tuple[WireOrderShipment, ...], BeforeValidator(_rows)] = ()
    ShipToAddress: AddressMember = WireAddress()
    ShipToContact: ContactMember = WireContact()
    BillToAddress: AddressMember = WireAddress()
    BillToContact: ContactMember = WireContact()


class WireShipmentLine(Entity):
    """ShipmentDetail."""

    LineNbr: Text = ""
    OrderType: Text = ""
    OrderNbr: Text = ""
    OrderLineNbr: Text = ""
    InventoryID: Text = ""
    Description: Text = ""
    ShippedQty: Number = None
    UOM: Text = ""


class WirePackageContent(Entity):
    """ShipmentPackageDetail."""

    InventoryID: Text = ""
    Quantity: Number = None


class WirePackage(Entity):
    """ShipmentPackage."""

    LineNbr: Text = ""
    BoxID: Text = ""
    TrackingNbr: Text = ""
    Weight: Number = None
    UOM: Text = ""
    PackageContents: Annotated[tuple[WirePackageContent, ...], BeforeValidator(_rows)] = ()


class WireShipmentOrder(Entity):
    """ShipmentOrderDetail: one order of a shipment, as the shipment sees it."""

    OrderType: Text = ""
    OrderNbr: Text = ""


class WireShipTo(Entity):
    """ShipToSettings."""

    ShipToAddress: AddressMember = WireAddress()
    ShipToContact: ContactMember = WireContact()


class WireShipment(Entity):
    """Shipment; `FreightAmount` is what endpoint 20.200.001 calls FreightPrice."""

    ShipmentNbr: Text = ""
    Type: Text = ""
    Operation: Text = ""
    Status: Text = ""
    ShipmentDate: Moment = None
    CreatedDateTime: Moment = None
    LastModifiedDateTime: Moment = None
    ShipVia: Text = ""
    WarehouseID: Text = ""
    FreightPrice: Number = None
    FreightAmount: Number = None
    FreightCost: Number = None
    FreightCurrencyID: Text = ""
    Details: Annotated[tuple[WireShipmentLine, ...], BeforeValidator(_rows)] = ()
    Packages: Annotated[tuple[WirePackage, ...], BeforeValidator(_rows)] = ()
    Orders: Annotated[tuple[WireShipmentOrder, ...], BeforeValidator(_rows)] = ()
    ShippingSettings: Annotated[WireShipTo, BeforeValidator(_entity)] = WireShipTo()


class WireInvoiceLine(Entity):
    """SalesInvoiceDetail; `TransactionDescr` is the line's own description."""

    LineNbr: Text = ""
    OrderType: Text = ""
    OrderNbr: Text = ""
    OrderLineNbr: Text = ""
    ShipmentNbr: Text = ""
    InventoryID: Text = ""
    TransactionDescr: Text = ""
    Description: Text = ""
    Qty: Number = None
    UnitPrice: Number = None
    DiscountAmount: Number = None
    Amount: Number = None


class WireInvoice(Entity):
    """SalesInvoice; `LastModifiedDateTime` since endpoint 23.200.001."""

    Type: Text = ""
    ReferenceNbr: Text = ""
    Status: Text = ""
    Date: Moment = None
    LastModifiedDateTime: Moment = None
    LastModifiedDate: Moment = None
    Currency: Text = ""
    DetailTotal: Number = None
    DiscountTotal: Number = None
    FreightPrice: Number = None
    TaxTotal: Number = None
    Amount: Number = None
    Balance: Number = None
    Details: Annotated[tuple[WireInvoiceLine, ...], BeforeValidator(_rows)] = ()


class WirePaidOrder(Entity):
    """PaymentOrderDetail."""

    OrderType: Text = ""
    OrderNbr: Text = ""


class WirePaidDocument(Entity):
    """PaymentDetail: a document that the payment is to be applied to."""

    DocType: Text = ""
    ReferenceNbr: Text = ""


class WireApplication(Entity):
    """PaymentApplicationHistoryDetail: a document that the payment was applied to."""

    AdjustedDocType: Text = ""
    AdjustedRefNbr: Text = ""


class WirePayment(Entity):
    """Payment."""

    Type: Text = ""
    ReferenceNbr: Text = ""
    ExternalRef: Text = ""
    PaymentRef: Text = ""
    OrdersToApply: Annotated[tuple[WirePaidOrder, ...], BeforeValidator(_rows)] = ()
    DocumentsToApply: Annotated[tuple[WirePaidDocument, ...], BeforeValidator(_rows)] = ()
    ApplicationHistory: Annotated[tuple[WireApplication, ...], BeforeValidator(_rows)] = ()


def _identifier(value: object) -> object:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_IDENTIFIER or not text.isprintable():
        raise ValueError(f"should be a text of at most {LONGEST_IDENTIFIER} characters")
    return text


def _stamp(value: object) -> object:
    """A 64-bit whole number from a JSON number or text, never by way of a float."""
    if value is None:
        return 0
    text = value.strip() if isinstance(value, str) else ""
    if text.isascii() and text.isdecimal() and len(text) <= _STAMP_DIGITS:
        value = int(text)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("should be a whole number of 64 bits, as number or text")
    return value


PushText = Annotated[str, BeforeValidator(_identifier)]
PushRows = Annotated[tuple[dict[str, Any], ...], BeforeValidator(_rows)]


def cell(row: Mapping[str, Any], column: str) -> str:
    """The trimmed text or whole number in a column of an inquiry; empty where there is none."""
    value = row.get(column)
    readable = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).strip() if readable else ""


class WirePush(BaseModel):
    """The envelope of a push notification; rows are the columns of the inquiry `Query`, not value-wrapped.

    `Id` names the transaction, `TimeStamp` looks like .NET ticks (above 2^53) and is 0 where there is none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    Inserted: PushRows = ()
    Deleted: PushRows = ()
    Query: PushText
    Id: PushText
    CompanyId: Text = ""
    TimeStamp: Annotated[int, BeforeValidator(_stamp)] = 0
