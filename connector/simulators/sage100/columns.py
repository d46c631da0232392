"""Columns of Sage 100's tables that the simulator keeps, with kind and length, and what may stand in them.

Lengths are those of the published file layouts; amounts have 2 decimals, quantities 6.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from connector.simulators.sage100.refusals import Refusal

Kind = Literal["text", "amount", "quantity", "date", "switch"]
USER_FIELD = re.compile(r"UDF_[A-Z0-9_]+")
USER_FIELD_LENGTH = 254
_CODES: Mapping[str, str] = {"OrderType": "SBMRQP1", "OrderStatus": "NOCH", "ItemType": "12345"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Column:
    """`length` counts characters of a text, or all digits of a number with those after the point."""

    kind: Kind
    length: int


def _texts(spec: str) -> dict[str, Column]:
    pairs = (one.split(":") for one in spec.split())
    return {name: Column("text", int(length)) for name, length in pairs}


def _of(kind: Kind, names: str, length: int) -> dict[str, Column]:
    return {name: Column(kind, length) for name in names.split()}


_BILL_TO = _texts(
    "BillToName:50 BillToAddress1:40 BillToAddress2:40 BillToAddress3:40 BillToCity:30 BillToState:2 "
    "BillToZipCode:10 BillToCountryCode:3"
)
SHIP_TO = _texts(
    "ShipToCode:4 ShipToName:50 ShipToAddress1:40 ShipToAddress2:40 ShipToAddress3:40 ShipToCity:30 "
    "ShipToState:2 ShipToZipCode:10 ShipToCountryCode:3"
)
_WIDE = _of("amount", "TaxableAmt NonTaxableAmt", 12)
_TOTALS = {**_WIDE, **_of("amount", "FreightAmt SalesTaxAmt DiscountAmt Weight", 11)}
_PARTIES = {**_texts("ARDivisionNo:2 CustomerNo:20 CustomerPONo:30"), **_BILL_TO, **SHIP_TO}
_SHIPPING = _texts("ShipVia:15 WarehouseCode:3 Comment:30 TermsCode:2 TaxSchedule:9")
_LINE = {
    **_texts("LineKey:6 LineSeqNo:14 ItemCode:30 ItemType:1 ItemCodeDesc:30 WarehouseCode:3 UnitOfMeasure:4"),
    **_texts("SalesKitLineKey:6 CommentText:2048"),
    **_of("switch", "DropShip ExplodedKitItem", 1),
    **_of("quantity", "QuantityOrdered QuantityShipped QuantityBackordered UnitPrice", 15),
    **_of("amount", "ExtensionAmt LineWeight", 11),
}
_TRACKING = {
    **_texts("InvoiceNo:7 PackageNo:4 TrackingID:30 Comment:30 StarshipShipVia:15"),
    **_of("switch", "UpdatedFromStarship SendPackageToStarship", 1),
    **_of("amount", "Weight", 12),
    **_of("amount", "FreightAmt FreightAmtAddedToInv", 11),
}

TABLES: Mapping[str, Mapping[str, Column]] = {
    "SO_SalesOrderHeader": {
        **_texts("SalesOrderNo:7 OrderType:1 OrderStatus:1 ConfirmTo:50 EmailAddress:250 CancelReasonCode:5"),
        **_texts("CurrentInvoiceNo:7 LastInvoiceOrderNo:7"),
        **_of("date", "OrderDate ShipExpireDate LastInvoiceOrderDate DateCreated", 10),
        **_PARTIES,
        **_SHIPPING,
        **_TOTALS,
    },
    "SO_SalesOrderDetail": _LINE,
    "SO_InvoiceHeader": {
        **_texts("InvoiceNo:7 InvoiceType:2 SalesOrderNo:7 OrderType:1 BatchNo:5 ShipperID:3 ShipStatus:1"),
        **_of("switch", "StarshipFreightUsed StarshipRecordsCreated MultipleSalesOrdersApplied", 1),
        **_of("date", "InvoiceDate ShipDate", 10),
        **_PARTIES,
        **_SHIPPING,
        **_TOTALS,
    },
    "SO_InvoiceDetail": {**_LINE, **_texts("OrderLineKey:6 AppliedSalesOrderNo:7")},
    "SO_InvoiceTracking": _TRACKING,
    "AR_InvoiceHistoryTracking": {**_TRACKING, **_texts("HeaderSeqNo:6")},
    "AR_Customer": _texts(
        "ARDivisionNo:2 CustomerNo:20 CustomerName:50 AddressLine1:40 AddressLine2:40 AddressLine3:40 City:30 "
        "State:2 ZipCode:10 CountryCode:3 TelephoneNo:20 EmailAddress:250 TaxSchedule:9 TermsCode:2 ShipMethod:15"
    ),
    "IM_ItemWarehouse": {
        **_texts("ItemCode:30 WarehouseCode:3"),
        **_of(
            "quantity", "QuantityOnHand QuantityOnPurchaseOrder QuantityOnSalesOrder QuantityOnBackOrder", 15
        ),
        **_of("quantity", "QuantityInShipping", 15),
    },
}


def checked(table: str, column: str, value: str) -> str:
    """The value as the table would keep it. Raises Refusal where the business object would."""
    found = TABLES[table].get(column)
    if found is None:
        if not USER_FIELD.fullmatch(column):
            raise Refusal("invalid_field", f"{column} is not a column of {table}.", field=column)
        found = Column("text", USER_FIELD_LENGTH)
    return _CHECKS[found.kind](column, value, found.length)


def blank_row(table: str) -> dict[str, str]:
    """A row of the table with nothing in it: numbers are 0, switches N."""
    return {name: _BLANKS[column.kind] for name, column in TABLES[table].items()}


def _text(column: str, value: str, length: int) -> str:
    if len(value) > length:
        message = f"The {column} is greater than {length} character(s)."
        raise Refusal("too_long", message, field=column)
    if column in _CODES and value not in set(_CODES[column]):
        raise Refusal("invalid_field", f"The {column} {value!r} is not valid.", field=column)
    return value


def _date(column: str, value: str, length: int) -> str:
    if value:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Refusal("invalid_field", f"The {column} {value!r} is not a date.", field=column) from None
    return value


def _switch(column: str, value: str, length: int) -> str:
    if value not in {"Y", "N"}:
        raise Refusal("invalid_field", f"The {column} must be Y or N.", field=column)
    return value


def _number(column: str, value: str, length: int, places: int) -> Decimal:
    if not _NUMBER.fullmatch(value):
        raise Refusal("invalid_field", f"The {column} {value!r} is not a number.", field=column)
    number = Decimal(value)
    try:
        kept = number.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:
        raise Refusal("too_long", f"The {column} is greater than {length} digit(s).", field=column) from None
    if kept != number or len(kept.as_tuple().digits) > length:
        message = f"The {column} has more than {length} digits, or more than {places} after the point."
        raise Refusal("too_long", message, field=column)
    return kept


def amount_text(value: Decimal) -> str:
    """An amount as it is kept: two decimals."""
    return f"{value.quantize(Decimal('0.01')):f}"


def quantity_text(value: Decimal) -> str:
    """A quantity or price as it is kept: no more decimals than it has."""
    return f"{value.quantize(Decimal('0.000001')).normalize() + 0:f}"


_CHECKS: Mapping[Kind, Callable[[str, str, int], str]] = {
    "text": _text,
    "date": _date,
    "switch": _switch,
    "amount": lambda column, value, length: amount_text(_number(column, value, length, 2)),
    "quantity": lambda column, value, length: quantity_text(_number(column, value, length, 6)),
}
_BLANKS: Mapping[Kind, str] = {"text": "", "date": "", "switch": "N", "amount": "0.00", "quantity": "0"}
