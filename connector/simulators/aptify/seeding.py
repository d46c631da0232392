"""Starting states of a site: addresses, companies, persons, products with their stock, orders, and provided views.

Unknown members are refused; records are checked as the site would check them.
"""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connector.simulators.aptify import inventory, saving, work
from connector.simulators.aptify.bodies import Reader
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import (
    INVENTORY_LOCATIONS,
    PRODUCTS,
    Entity,
    entity_of,
    key_of,
)
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site
from connector.simulators.aptify.views import DataObject, Provided, ViewDefinition
from connector.simulators.base import SeedError


class Strict(BaseModel):
    """What is posted to a control path."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedRecord(Strict):
    """A record by its fields. `stock` is for products: location (id or name) -> units on hand."""

    id: int | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    stock: dict[str, Decimal] = Field(default_factory=dict)


class SeedLine(Strict):
    """A line; `product` is a code, a name or an id, `location` a name or an id."""

    product: str
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    location: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class SeedOrder(Strict):
    """An order, and how far it got. `fields` are its fields by their names on the site."""

    id: int | None = None
    person: int
    lines: tuple[SeedLine, ...]
    fields: dict[str, Any] = Field(default_factory=dict)
    state: Literal["taken", "shipped", "cancelled", "locked"] = "taken"


class SeedView(Strict):
    """A view that an administrator provides."""

    name: str
    entity: str
    columns: tuple[str, ...] = ()
    filter: str = ""
    sort: tuple[str, ...] = ("ID",)
    prompts: tuple[str, ...] = ()


class SeedDataObject(Strict):
    """A data object that an administrator provides."""

    name: str
    entity: str
    filter: str = ""
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ("ID",)
    cached: bool = False


class Seed(Strict):
    """What `POST /_sim/seed` takes, in the order in which it is made; `records` are of any entity, by its name."""

    addresses: tuple[SeedRecord, ...] = ()
    companies: tuple[SeedRecord, ...] = ()
    persons: tuple[SeedRecord, ...] = ()
    locations: tuple[SeedRecord, ...] = ()
    products: tuple[SeedRecord, ...] = ()
    records: dict[str, tuple[SeedRecord, ...]] = Field(default_factory=dict)
    orders: tuple[SeedOrder, ...] = ()
    views: tuple[SeedView, ...] = ()
    dataObjects: tuple[SeedDataObject, ...] = ()  # noqa: N815 - as the service is called


_ENTITIES = {
    "addresses": "Addresses",
    "companies": "Companies",
    "persons": "Persons",
    "locations": "Inventory Locations",
}


def plant(site: Site, provided: Provided, wanted: object) -> dict[str, Any]:
    """Make what was posted, all or nothing, and answer with the ids. Raises SeedError."""
    try:
        seed = Seed.model_validate(wanted)
        provided_for = [one.entity for one in seed.views] + [one.entity for one in seed.dataObjects]
        for name in (*seed.records, *provided_for):
            _named(name)
        with site.book.transaction():
            made: dict[str, Any] = {
                name: [_record(site, _named(entity), one).id for one in getattr(seed, name)]
                for name, entity in _ENTITIES.items()
            }
            made["records"] = {
                name: [_record(site, _named(name), one).id for one in rows]
                for name, rows in seed.records.items()
            }
            made["products"] = [product(site, one).id for one in seed.products]
            made["orders"] = [order(site, one).id for one in seed.orders]
    except ValidationError as error:
        raise SeedError(str(error)) from error
    except Refused as refused:
        raise SeedError(f"the site refuses it: {refused}") from refused
    for definition in seed.views:
        provided.provide(ViewDefinition(**dict(definition)))
    for known in seed.dataObjects:
        provided.data_objects[key_of(known.name)] = DataObject(**dict(known))
    return made


def _named(name: str) -> Entity:
    entity = entity_of(name)
    if entity is None:
        raise SeedError(f"there is no entity {name!r}")
    return entity


def _record(site: Site, entity: Entity, one: SeedRecord) -> Record:
    """A record past the rules of saving, so that it may have an id of its own."""
    if one.stock and entity is not PRODUCTS:
        raise SeedError("only products have stock")
    sent = Reader(site).read({"EntityName": entity.name, **one.fields})
    return site.book.add(entity, one.id, **sent.values)


def product(site: Site, one: SeedRecord) -> Record:
    """A product with its stock. One whose inventory is tracked requires inventory, unless it says otherwise."""
    fields = {"IsSold": True, "Taxable": True, "TrackInventory": bool(one.stock), **one.fields}
    fields.setdefault("RequireInventory", fields["TrackInventory"])
    made = _record(site, PRODUCTS, one.model_copy(update={"fields": fields, "stock": {}}))
    for name, quantity in one.stock.items():
        place = location(site, name)
        if made["DefaultInventoryLocationID"] is None:
            site.book.set(made, DefaultInventoryLocationID=place)
        site.book.set(inventory.stock(site, made.id, place), QuantityOnHand=quantity)
    return made


def location(site: Site, name: str) -> int:
    """The id of a location. Raises SeedError."""
    for one in site.book.all(INVENTORY_LOCATIONS):
        if name in (str(one.id), one["Name"]):
            return one.id
    raise SeedError(f"there is no inventory location {name!r}")


def order(site: Site, one: SeedOrder) -> Record:
    """An order, taken as by a person, and worked on to its state."""
    rows = [_line(site, line) for line in one.lines]
    body = {"ID": -1, "EntityName": "Orders", "ShipToID": one.person, **one.fields, "SubTypes": rows}
    sent = Reader(site).read(body)
    sent.number = one.id
    made = saving.save(site, sent)
    if one.state != "taken":
        work.do(
            site, made, {"shipped": "ship", "cancelled": "cancel", "locked": "lock"}[one.state], work.Work()
        )
    return made


def _line(site: Site, line: SeedLine) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ID": -1,
        "EntityName": "OrderLines",
        "ProductID": product_named(site, line.product).id,
        "Quantity": line.quantity,
        **line.fields,
    }
    if line.price is not None:
        found["Price"] = line.price
    if line.location is not None:
        found["InventoryLocationID"] = location(site, line.location)
    return found


def product_named(site: Site, name: str) -> Record:
    """A product by code, name or id. Raises SeedError."""
    for one in site.book.all(PRODUCTS):
        if name in (one["Code"], one["Name"], str(one.id)):
            return one
    raise SeedError(f"there is no product {name!r}")
