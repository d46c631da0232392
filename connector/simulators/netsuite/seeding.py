"""Starting states of the account: customers, items, locations, and orders that were worked on to some state.

Unknown members are refused; records are checked as the account would check them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationError

from connector.simulators.base import SeedError
from connector.simulators.netsuite import contract, work, writing
from connector.simulators.netsuite.account import Account, Record
from connector.simulators.netsuite.body import Sent
from connector.simulators.netsuite.errors import VendorError
from connector.simulators.netsuite.work import Strict, Work


class SeedCustomer(Strict):
    """A customer."""

    id: str | None = None
    externalId: str | None = None  # noqa: N815 - as the API spells it, here and below
    entityId: str | None = None  # noqa: N815
    companyName: str | None = None  # noqa: N815
    firstName: str | None = None  # noqa: N815
    lastName: str | None = None  # noqa: N815
    email: str | None = None
    phone: str | None = None
    isPerson: bool = False  # noqa: N815


class SeedItem(Strict):
    """An item; `type` is its record type."""

    id: str | None = None
    externalId: str | None = None  # noqa: N815
    itemId: str  # noqa: N815
    displayName: str | None = None  # noqa: N815
    type: str = "inventoryItem"
    basePrice: Decimal = Decimal(0)  # noqa: N815
    taxable: bool = True


class SeedLocation(Strict):
    """A location."""

    id: str | None = None
    name: str


class SeedLine(Strict):
    """A line; `item` is an itemId, an id or `eid:…`."""

    item: str
    quantity: Decimal = Decimal(1)
    rate: Decimal | None = None
    amount: Decimal | None = None
    line: int | None = None
    location: str | None = None


_State = Literal[
    "pending_approval",
    "unbilled",
    "fulfilled",
    "invoiced",
    "paid",
    "cash_sale",
    "deposit",
    "closed",
    "cancelled",
]


class SeedOrder(Strict):
    """An order, and how far it got. `fields` are further header fields by their names in the API."""

    id: str | None = None
    tranId: str | None = None  # noqa: N815
    externalId: str | None = None  # noqa: N815
    otherRefNum: str | None = None  # noqa: N815
    entity: str
    currency: str = "USD"
    lines: list[SeedLine]
    shippingCost: Decimal | None = None  # noqa: N815
    taxTotal: Decimal | None = None  # noqa: N815
    paymentOption: str | None = None  # noqa: N815
    fields: dict[str, Any] = Field(default_factory=dict)
    state: _State = "unbilled"


class Seed(Strict):
    """What `POST /_sim/seed` takes, in the order in which it is made."""

    customers: tuple[SeedCustomer, ...] = ()
    items: tuple[SeedItem, ...] = ()
    locations: tuple[SeedLocation, ...] = ()
    salesOrders: tuple[SeedOrder, ...] = ()  # noqa: N815


_STEPS: Mapping[str, tuple[str, ...]] = {
    "pending_approval": (),
    "unbilled": ("approve",),
    "fulfilled": ("approve", "fulfil"),
    "invoiced": ("approve", "fulfil", "invoice"),
    "paid": ("approve", "fulfil", "invoice", "pay"),
    "cash_sale": ("approve", "fulfil", "cash_sale"),
    "deposit": ("approve", "deposit"),
    "closed": ("approve", "close"),
    "cancelled": ("cancel",),
}


def plant(account: Account, wanted: object) -> dict[str, Any]:
    """Make what was posted, and answer with the ids. Raises SeedError."""
    try:
        seed = Seed.model_validate(wanted)
        return {
            "customers": [_customer(account, one).id for one in seed.customers],
            "items": {one.itemId: _item(account, one).id for one in seed.items},
            "locations": [_location(account, one).id for one in seed.locations],
            "salesOrders": [_order(account, one) for one in seed.salesOrders],
        }
    except ValidationError as error:
        raise SeedError(str(error)) from error
    except VendorError as error:
        raise SeedError(f"the account refuses it: {error}") from error


def _customer(account: Account, one: SeedCustomer) -> Record:
    values = one.model_dump(exclude_none=True, exclude={"id"})
    return writing.create(account, contract.CUSTOMER, Sent(values), one.id)


def _item(account: Account, one: SeedItem) -> Record:
    if one.type not in contract.ITEM_TYPES:
        raise SeedError(f"{one.type!r} is no type of item; known: {', '.join(contract.ITEM_TYPES)}")
    values = one.model_dump(exclude_none=True, exclude={"id", "type", "taxable"})
    record_type = contract.ITEM_TYPES[one.type]
    return writing.create(account, record_type, Sent({**values, "isTaxable": one.taxable}), one.id)


def _location(account: Account, one: SeedLocation) -> Record:
    return account.add(contract.LOCATION, {"name": one.name}, one.id)


def _order(account: Account, one: SeedOrder) -> dict[str, str]:
    entity = account.find(contract.CUSTOMER, one.entity)
    if entity is None:
        raise SeedError(f"there is no customer {one.entity!r}")
    values = one.model_dump(
        exclude_none=True, exclude={"id", "entity", "currency", "lines", "taxTotal", "state", "fields"}
    )
    values |= {
        **one.fields,
        "entity": entity.id,
        "currency": _currency(account, one.currency),
        "orderStatus": "A",
    }
    rows = [_line(account, line) for line in one.lines]
    order = writing.create(account, contract.SALES_ORDER, Sent(values, {"item": rows}), one.id)
    if one.taxTotal is not None:
        order.tax_rate = _rate(order, one.taxTotal)
    made = {"id": order.id, "tranId": str(order.values["tranId"])}
    for step in _STEPS[one.state]:
        record = work.do(account, order, step, Work())
        if record is not order:
            made[record.type.name] = record.id
    return made


def _currency(account: Account, symbol: str) -> str:
    for record in account.all(contract.CURRENCY):
        if record.values["symbol"] == symbol:
            return record.id
    raise SeedError(f"the account has no currency {symbol!r}")


def _line(account: Account, line: SeedLine) -> dict[str, Any]:
    item = account.item_named(line.item) or account.item(line.item)
    if item is None:
        raise SeedError(f"there is no item {line.item!r}")
    return {**line.model_dump(exclude_none=True), "item": item.id}


def _rate(order: Record, tax: Decimal) -> Decimal:
    """The rate that makes the wanted tax of the order's taxable lines. Raises SeedError where none are."""
    taxable = sum((Decimal(line["amount"]) for line in order.items if line["isTaxable"]), Decimal(0))
    if tax and not taxable:
        raise SeedError("an order without taxable lines cannot have a tax")
    return tax * 100 / taxable if taxable else Decimal(0)
