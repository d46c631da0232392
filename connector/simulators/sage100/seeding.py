"""Starting states of a company, and what people do in Sage meanwhile: the bodies of the `/_sim` paths.

Unknown members are refused; columns are checked as Sage would check them.
"""

from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.simulators.base import SeedError
from connector.simulators.sage100 import customers, invoices, orders
from connector.simulators.sage100.book import Company, Item, Origin, Row
from connector.simulators.sage100.columns import TABLES
from connector.simulators.sage100.invoices import NewInvoice
from connector.simulators.sage100.orders import NewOrder
from connector.simulators.sage100.refusals import Refusal

_MARKS: Mapping[Origin, dict[str, str]] = {
    "starship": {"StarshipRecordsCreated": "Y", "ShipperID": ""},
    "shipping_data_entry": {"StarshipRecordsCreated": "N", "ShipperID": "SDE"},
    "invoice_data_entry": {"StarshipRecordsCreated": "N", "ShipperID": ""},
}


class Strict(BaseModel):
    """What is posted to a control path."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedItem(Strict):
    """An item; `kind` is its ItemType."""

    code: str
    kind: str = "1"
    description: str = ""
    price: Decimal = Decimal(0)
    unit: str = "EACH"
    weight: Decimal = Decimal(0)


class SeedOrder(Strict):
    """An order by the columns of its header and its lines, kits and quantities shipped earlier included."""

    columns: dict[str, str]
    lines: list[dict[str, str]]
    reference: str = ""


class SeedInvoice(Strict):
    """An open invoice of an order: `shipped` is OrderLineKey -> quantity, `origin` says which program made it."""

    order: str
    origin: Origin = "starship"
    shipped: dict[str, Decimal] = {}
    reference: str = ""
    columns: dict[str, str] = {}
    charges: bool = True


class Seed(Strict):
    """What `POST /_sim/seed` takes, in the order in which it is made; without a company, the first."""

    company: str = ""
    ship_vias: frozenset[str] | None = None
    items: list[SeedItem] = []
    customers: list[dict[str, str]] = []
    inventory: list[dict[str, str]] = []
    orders: list[SeedOrder] = []
    invoices: list[SeedInvoice] = []


def read_seed(wanted: object) -> Seed:
    """What was posted, checked. Raises SeedError."""
    try:
        return Seed.model_validate(wanted)
    except ValidationError as error:
        raise SeedError(str(error)) from error


def plant(book: Company, seed: Seed) -> dict[str, object]:
    """Put it all into the company; answers the numbers of orders and invoices. Raises SeedError."""
    try:
        return _plant(book, seed)
    except Refusal as refusal:
        raise SeedError(refusal.message) from refusal


def _plant(book: Company, seed: Seed) -> dict[str, object]:
    if seed.ship_vias is not None:
        book.ship_vias = seed.ship_vias
    for item in seed.items:
        book.items[item.code] = Item(**item.model_dump())
    for row in seed.customers:
        customers.create(book, row)
    for row in seed.inventory:
        book.keep_warehouse(book.row("IM_ItemWarehouse", row))
    return {
        "orders": [_plant_order(book, one) for one in seed.orders],
        "invoices": [_plant_invoice(book, one) for one in seed.invoices],
    }


def _plant_order(book: Company, seed: SeedOrder) -> str:
    return orders.create(book, NewOrder(seed.columns, seed.lines, seed.reference)).number


def _plant_invoice(book: Company, seed: SeedInvoice) -> str:
    reference = seed.reference or f"seeded-{seed.order}"
    shipped = seed.shipped or _everything(book, seed.order)
    wanted = NewInvoice(seed.order, shipped, reference, seed.columns, charges=seed.charges)
    invoice = invoices.create(book, wanted)
    book.set(invoices.HEADER, invoice.header, _MARKS[seed.origin])
    if not seed.reference:
        invoice.shipments.clear()
        invoice.header[book.options.reference_field] = ""
    book.keep_invoice(invoice)
    return invoice.number


def _everything(book: Company, number: str) -> dict[str, Decimal]:
    """What of an order can be shipped."""
    return {line["LineKey"]: _open(line) for line in book.order(number).lines if _is_shipped(line)}


def _is_shipped(line: Row) -> bool:
    return line["ItemType"] in {"1", "2"} and line["DropShip"] == "N" and _open(line) > 0


def _open(line: Row) -> Decimal:
    return Decimal(line["QuantityOrdered"]) - Decimal(line["QuantityShipped"])


def known_table(name: str) -> str:
    """A table that the simulator keeps. Raises SeedError."""
    if name not in TABLES:
        raise SeedError(f"there is no table {name!r}; known: {', '.join(TABLES)}")
    return name
