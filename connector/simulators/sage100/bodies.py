"""Bodies of the agent's writes: which members each may have, and reading them. What values mean is not decided here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.simulators.base import Received
from connector.simulators.sage100.columns import SHIP_TO, TABLES, USER_FIELD
from connector.simulators.sage100.refusals import Refusal

_REFERENCE = re.compile(r"[!-~]{1,64}")
_QUANTITY = re.compile(r"\d{1,9}(\.\d{1,6})?")


@dataclass(frozen=True)
class Shape:
    """What a body may have: Sage's columns (texts, dates may be null), and members of the agent with their types."""

    columns: frozenset[str]
    extras: Mapping[str, type] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    user_fields: bool = True


@dataclass(frozen=True)
class Body:
    """A body that was read: columns with their values, and the agent's own members."""

    values: dict[str, str]
    extras: dict[str, Any]

    @property
    def reference(self) -> str:
        """ExternalReference. Raises Refusal."""
        text = str(self.extras.get("ExternalReference", ""))
        if "ExternalReference" in self.extras and not _REFERENCE.fullmatch(text):
            raise _malformed("ExternalReference has 1 to 64 visible ASCII characters")
        return text

    @property
    def expected(self) -> dict[str, str]:
        """`expect`, nothing where it is left out. Raises Refusal."""
        wanted = self.extras.get("expect", {})
        if "expect" in self.extras and not wanted:
            raise _malformed("expect names no column")
        return {name: _text(name, value) for name, value in wanted.items()}

    @property
    def shipped(self) -> dict[str, Decimal]:
        """The lines of a shipment: OrderLineKey -> quantity. Raises Refusal."""
        found: dict[str, Decimal] = {}
        for line in self.lines(SHIPPED_LINE):
            key, quantity = line["OrderLineKey"], line["QuantityShipped"]
            if not re.fullmatch(r"\d{6}", key) or not _QUANTITY.fullmatch(quantity):
                raise _malformed(f"lines: {key!r} with {quantity!r} is no line key with a quantity")
            if key in found:
                raise _malformed(f"lines: {key} is named twice")
            found[key] = Decimal(quantity)
        return found

    def lines(self, shape: Shape, name: str = "lines") -> Sequence[dict[str, str]]:
        """The rows of a list member. Raises Refusal."""
        rows = self.extras.get(name, [])
        if name == "lines" and not rows:
            raise _malformed("lines: at least one line is needed")
        return [_read(row, shape).values for row in rows]


def read(received: Received, shape: Shape) -> Body:
    """The body of a write. Raises Refusal."""
    try:
        body = received.json()
    except ValueError as error:
        raise _malformed(f"the body is not JSON: {error}") from None
    return _read(body, shape)


def _read(body: object, shape: Shape) -> Body:
    if not isinstance(body, dict) or not body:
        raise _malformed("a JSON object with members is needed")
    missing = sorted(shape.required - set(body))
    if missing:
        raise _malformed(f"{', '.join(missing)} is missing")
    values: dict[str, str] = {}
    extras: dict[str, Any] = {}
    for name, value in body.items():
        if name in shape.extras:
            extras[name] = _typed(name, value, shape.extras[name])
        elif name in shape.columns or (shape.user_fields and USER_FIELD.fullmatch(name)):
            values[name] = _text(name, value)
        else:
            raise _malformed(f"{name} is not known here")
    return Body(values, extras)


def _typed(name: str, value: object, kind: type) -> object:
    if not isinstance(value, kind):
        raise _malformed(f"{name} has the wrong type")
    return value


def _text(name: str, value: object) -> str:
    if value is None and name.endswith("Date"):
        return ""
    if not isinstance(value, str):
        raise _malformed(f"{name}: a text is needed")
    return value


def _malformed(text: str) -> Refusal:
    return Refusal("malformed", f"{text}.")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EXPECT = {"expect": dict}
_MARK = {"ExternalReference": str}
_BILL_TO = frozenset(name for name in TABLES["SO_SalesOrderHeader"] if name.startswith("BillTo"))

SHIPPED_LINE = Shape(
    _names("OrderLineKey QuantityShipped"), required=_names("OrderLineKey QuantityShipped"), user_fields=False
)
PACKED_ITEM = Shape(
    _names("ItemCode ItemType Quantity"), required=_names("ItemCode Quantity"), user_fields=False
)
NEW_ORDER = Shape(
    _names(
        "SalesOrderNo OrderDate ShipExpireDate OrderType ARDivisionNo CustomerNo CustomerPONo ShipVia WarehouseCode "
        "ConfirmTo EmailAddress Comment TermsCode TaxSchedule FreightAmt DiscountAmt SalesTaxAmt"
    )
    | frozenset(SHIP_TO)
    | _BILL_TO,
    {"lines": list, **_MARK},
    _names("ARDivisionNo CustomerNo lines"),
)
NEW_ORDER_LINE = Shape(
    _names(
        "ItemCode ItemCodeDesc CommentText QuantityOrdered QuantityShipped QuantityBackordered UnitPrice "
        "WarehouseCode UnitOfMeasure DropShip"
    ),
    required=_names("ItemCode"),
)
ORDER_CHANGE = Shape(_names("FreightAmt ShipVia Comment ShipExpireDate CancelReasonCode"), _EXPECT)
ORDER_LINE_CHANGE = Shape(_names("CommentText QuantityShipped QuantityBackordered"), _EXPECT)
NEW_COMMENT = Shape(_names("CommentText"), _MARK, _names("CommentText"))
NEW_INVOICE = Shape(
    _names("InvoiceDate ShipDate ShipVia Comment FreightAmt") | frozenset(SHIP_TO),
    {"SalesOrderNo": str, "lines": list, "carry_charges": bool, "back_order_drop_ships": bool, **_MARK},
    _names("SalesOrderNo ExternalReference lines"),
)
NEW_SHIPMENT = Shape(
    _names("ShipDate ShipVia"),
    {"lines": list, **_MARK},
    _names("ExternalReference lines"),
    user_fields=False,
)
INVOICE_CHANGE = Shape(
    _names("FreightAmt ShipDate ShipVia Comment Weight StarshipFreightUsed") | frozenset(SHIP_TO), _EXPECT
)
INVOICE_LINE_CHANGE = Shape(_names("CommentText"), _EXPECT)
NEW_TRACKING = Shape(
    frozenset(TABLES["SO_InvoiceTracking"]) - {"InvoiceNo", "PackageNo"},
    {"items": list, "if_absent": bool},
    _names("TrackingID"),
)
NEW_CUSTOMER = Shape(frozenset(TABLES["AR_Customer"]), {}, _names("ARDivisionNo CustomerName"))
