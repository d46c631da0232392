"""NetSuite's own JSON as models, tolerant of what comes in; no meaning is given.

References come as `{id, refName}`, as a number or as text, enumerations as `{id, refName}` or as text (samples: a sales
order's `orderStatus` was the plain text "A"). Sublists come as `{items: […]}` where `expandSubResources` was asked.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

ZERO = Decimal(0)


def _text(value: Any) -> Any:
    """Ids and numbers come as JSON numbers or as text."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _flag(value: Any) -> Any:
    """True and false, or T and F as old fields have them."""
    return (
        {"T": True, "F": False, "": False, None: False}.get(value, value)
        if not isinstance(value, bool)
        else value
    )


def _zero(value: Any) -> Any:
    return ZERO if value is None or value == "" else value


def _utc(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _rows(value: Any) -> Any:
    """The rows of a sublist; a sublist that is a mere link was not expanded, or is empty."""
    if value is None:
        return ()
    if isinstance(value, dict):
        if value.get("hasMore"):
            raise ValueError("the sublist goes on behind this answer")
        return value.get("items") or ()
    return value


def _told_rows(value: Any) -> Any:
    """The same for a sublist that every document of its type has: a mere link tells nothing of it."""
    if isinstance(value, dict) and "items" not in value:
        raise ValueError("the sublist came as a link only, although expandSubResources was asked")
    return _rows(value)


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[Decimal, BeforeValidator(_zero)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Moment = Annotated[datetime | None, AfterValidator(_utc)]


class Wire(BaseModel):
    """Something NetSuite says: frozen, names as there (camelCase), unknown members ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Ref(Wire):
    """A reference to a record, or a value of an enumeration; empty where there is none."""

    id: Text = ""
    ref_name: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _from_plain(cls, value: Any) -> Any:
        if value is None:
            return {}
        if isinstance(value, str | int) and not isinstance(value, bool):
            return {"id": value}
        return value

    def __bool__(self) -> bool:
        return bool(self.id or self.ref_name)

    def __str__(self) -> str:
        return self.ref_name or self.id


NONE = Ref()


class Line(Wire):
    """A row of an item sublist; quantities of sales orders and fulfillments both stand here."""

    line: Text = ""
    order_line: Text = ""
    line_unique_key: Text = ""
    item: Ref = NONE
    item_name: Text = ""
    item_type: Ref = NONE
    description: Text = ""
    quantity: Number = ZERO
    quantity_fulfilled: Number = ZERO
    quantity_billed: Number = ZERO
    quantity_remaining: Decimal | None = None
    rate: Decimal | None = None
    amount: Decimal | None = None
    gross_amt: Decimal | None = None
    tax1_amt: Decimal | None = None
    location: Ref = NONE
    units: Ref = NONE
    is_closed: Flag = False
    item_receive: Flag = True
    kit_member_of: Text = ""

    @property
    def sku(self) -> str:
        """The article as people know it."""
        return self.item_name or self.item.ref_name or self.item.id

    @property
    def key(self) -> str:
        """The order line that it is of: `orderLine` on what was made of an order, `line` on the order itself."""
        return self.order_line or self.line


Lines = Annotated[tuple[Line, ...], BeforeValidator(_told_rows)]


class Package(Wire):
    """A package of a fulfillment; each carrier integration has a sublist of its own with other names."""

    package_tracking_number: Text = ""
    package_tracking_number_ups: Text = ""
    package_tracking_number_fed_ex: Text = ""
    package_tracking_number_usps: Text = ""
    package_weight: Decimal | None = None
    package_weight_ups: Decimal | None = None
    package_weight_fed_ex: Decimal | None = None
    package_weight_usps: Decimal | None = None
    package_descr: Text = ""
    package_carton_number: Text = ""

    @property
    def tracking_number(self) -> str:
        """The number, whichever sublist the package stands in."""
        return (
            self.package_tracking_number
            or self.package_tracking_number_ups
            or self.package_tracking_number_fed_ex
            or self.package_tracking_number_usps
        )

    @property
    def weight(self) -> Decimal | None:
        """Pounds."""
        weights = (
            self.package_weight,
            self.package_weight_ups,
            self.package_weight_fed_ex,
            self.package_weight_usps,
        )
        return next((weight for weight in weights if weight is not None), None)


Packages = Annotated[tuple[Package, ...], BeforeValidator(_rows)]


class Record(Wire):
    """What every record has; `tran_id` is the number that people see."""

    id: Text
    external_id: Text = ""
    tran_id: Text = ""
    tran_date: date | None = None
    created_date: Moment = None
    last_modified_date: Moment = None
    created_from: Ref = NONE
    entity: Ref = NONE
    subsidiary: Ref = NONE
    location: Ref = NONE
    currency: Ref = NONE
    currencysymbol: Text = ""
    memo: Text = ""
    status: Ref = NONE

    @property
    def number(self) -> str:
        """The number that people see, or the id where it has none."""
        return self.tran_id or self.id


class Transaction(Record):
    """A record with lines and amounts: sales order, invoice, cash sale, credit memo, cash refund, return."""

    order_status: Ref = NONE
    other_ref_num: Text = ""
    email: Text = ""
    exchange_rate: Decimal | None = None
    subtotal: Decimal | None = None
    discount_total: Decimal | None = None
    shipping_cost: Decimal | None = None
    handling_cost: Decimal | None = None
    tax_total: Decimal | None = None
    tax2_total: Decimal | None = None
    total: Decimal | None = None
    amount_paid: Decimal | None = None
    amount_remaining: Decimal | None = None
    ship_method: Ref = NONE
    ship_date: date | None = None
    item: Lines = ()

    @property
    def state(self) -> str:
        """The letter of its status; an order's is `orderStatus` where that is told, which its `status` only follows."""
        return self.order_status.id or self.status.id

    @property
    def tax(self) -> Decimal:
        """All taxes."""
        return (self.tax_total or ZERO) + (self.tax2_total or ZERO)


class SalesOrder(Transaction):
    """A sales order."""


class Bill(Transaction):
    """An invoice or a cash sale."""


class ItemFulfillment(Record):
    """An item fulfillment, with the packages of whichever sublist has them."""

    ship_status: Ref = NONE
    ship_method: Ref = NONE
    ship_carrier: Ref = NONE
    shipped_date: date | None = None
    item: Lines = ()
    package: Packages = ()
    package_ups: Packages = ()
    package_fedex: Packages = ()
    package_usps: Packages = ()

    @property
    def packages(self) -> Sequence[Package]:
        """All packages."""
        return (*self.package, *self.package_ups, *self.package_fedex, *self.package_usps)


class Customer(Wire):
    """A customer."""

    id: Text
    external_id: Text = ""
    entity_id: Text = ""
    email: Text = ""
    is_inactive: Flag = False
