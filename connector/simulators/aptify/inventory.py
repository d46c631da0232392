"""Stock per product and location: on hand, reserved, shipped; what is available is on hand less reserved.

After "About Regular Orders and Product Inventory" and "About Cancellations and Inventory": taking an order reserves,
shipping moves from reserved to shipped and lowers on hand, a return raises on hand and lowers shipped, and a return
that is not put back to stock lowers shipped only. Movements by people leave ledger entries, which cannot be changed.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import (
    INVENTORY_LOCATIONS,
    LEDGER_ENTRIES,
    ORDERS,
    PRODUCT_INVENTORY,
    PRODUCTS,
)
from connector.simulators.aptify.errors import Refused
from connector.simulators.aptify.site import Site

Held = tuple[int, int, Decimal]
"""Product, location and quantity that a line keeps reserved."""
Fits = Callable[[Record], bool]
Movement = Literal["Purchase", "Adjustment", "Transfer", "Batch"]


def stock(site: Site, product: int, location: int) -> Record:
    """The stock of a product at a location, made when it is first asked for."""
    found = site.book.where(PRODUCT_INVENTORY, ProductID=product, InventoryLocationID=location)
    return (
        found[0]
        if found
        else site.book.add(PRODUCT_INVENTORY, ProductID=product, InventoryLocationID=location)
    )


def stocks(site: Site, product: int) -> list[Record]:
    """The stock of a product at every location that has any record of it."""
    return site.book.where(PRODUCT_INVENTORY, ProductID=product)


def available(row: Record) -> Decimal:
    """On hand less reserved; negative when more was promised than there is."""
    return row.amount("QuantityOnHand") - row.amount("QuantityReserved")


def _change(site: Site, product: int, location: int, **by: Decimal) -> None:
    row = stock(site, product, location)
    site.book.set(row, **{name: row.amount(name) + quantity for name, quantity in by.items()})
    site.book.touch(site.book.get(PRODUCTS, product))


def tracked(site: Site, line: Record) -> bool:
    """Whether the line's product has tracked inventory; drop shipments do not touch it."""
    order = site.book.get(ORDERS, line["OrderID"])
    return bool(site.book.get(PRODUCTS, line["ProductID"])["TrackInventory"]) and not order["DropShip"]


def hold(site: Site, line: Record, wanted: Decimal) -> None:
    """Reserve a quantity for a line in the place of what it held; 0 gives all back."""
    quantity = wanted if tracked(site, line) else Decimal(0)
    held: Held | None = line["_held"]
    place = line["InventoryLocationID"] if line["_chosen"] else held and held[1]
    if held == (line["ProductID"], place, quantity):
        return
    release(site, line)
    if quantity > 0:
        location = _location(site, line, quantity, held)
        _change(site, line["ProductID"], location, QuantityReserved=quantity)
        site.book.set(line, InventoryLocationID=location, _held=(line["ProductID"], location, quantity))


def release(site: Site, line: Record) -> None:
    """Give back what a line held."""
    held: Held | None = line["_held"]
    if held is not None:
        product, location, quantity = held
        _change(site, product, location, QuantityReserved=-quantity)
        site.book.set(line, _held=None)


def _location(site: Site, line: Record, quantity: Decimal, held: Held | None) -> int:
    """The chosen location, or where it was; else the product's own, or another that may fulfil directly."""
    product = site.book.get(PRODUCTS, line["ProductID"])
    same = held is None or held[0] == product.id
    if line["InventoryLocationID"] is not None and (same or line["_chosen"]):
        return int(line["InventoryLocationID"])
    default = product["DefaultInventoryLocationID"] or _first_location(site, product)
    if available(stock(site, product.id, default)) >= quantity:
        return default
    other = _direct(site, product, lambda row: available(row) >= quantity)
    return default if other is None else other


def _first_location(site: Site, product: Record) -> int:
    rows = stocks(site, product.id)
    return int(rows[0]["InventoryLocationID"]) if rows else next(site.book.all(INVENTORY_LOCATIONS)).id


def _direct(site: Site, product: Record, fits: Fits) -> int | None:
    """A location that allows direct fulfilment and fits."""
    for row in stocks(site, product.id):
        location = site.book.get(INVENTORY_LOCATIONS, row["InventoryLocationID"])
        if location["AllowDirectFulfillment"] and fits(row):
            return location.id
    return None


def relocate(site: Site, line: Record) -> None:
    """Before it ships, a line whose location has too little moves to another that may fulfil directly.

    Not where a person has chosen the location.
    """
    held: Held | None = line["_held"]
    if held is None or line["_chosen"]:
        return
    product, location, quantity = held
    if stock(site, product, location).amount("QuantityOnHand") >= quantity:
        return
    record = site.book.get(PRODUCTS, product)
    other = _direct(site, record, lambda row: available(row) >= quantity)
    if other is not None:
        _change(site, product, location, QuantityReserved=-quantity)
        _change(site, product, other, QuantityReserved=quantity)
        site.book.set(line, InventoryLocationID=other, _held=(product, other, quantity))


def ship(site: Site, line: Record) -> None:
    """What a line held leaves: from reserved to shipped, and on hand falls."""
    held: Held | None = line["_held"]
    if held is not None:
        product, location, quantity = held
        _change(
            site,
            product,
            location,
            QuantityReserved=-quantity,
            QuantityShipped=quantity,
            QuantityOnHand=-quantity,
        )
        site.book.set(line, _held=None)


def take_back(site: Site, line: Record) -> None:
    """Units of a cancellation order come back, to stock or not."""
    if not tracked(site, line):
        return
    product = site.book.get(PRODUCTS, line["ProductID"])
    default = product["DefaultInventoryLocationID"] or _first_location(site, product)
    location = line["InventoryLocationID"] or default
    units = -line.amount("Quantity")
    returned = Decimal(0) if line["NotReturnedToStock"] else units
    _change(site, product.id, location, QuantityShipped=-units, QuantityOnHand=returned)
    site.book.set(line, InventoryLocationID=location)


def move(
    site: Site,
    product: Record,
    kind: Movement,
    quantity: Decimal,
    location: int,
    to: int | None = None,
    comments: str = "",
) -> Record:
    """A purchase, an adjustment or a transfer by people, with its ledger entry. Raises Refused."""
    if not product["TrackInventory"]:
        raise Refused(f"The inventory of {product.label} is not tracked.", "ProductID")
    if (kind == "Transfer") != (to is not None):
        raise Refused("A transfer, and nothing else, has a second location.", "ToInventoryLocationID")
    if quantity <= 0 and kind in ("Purchase", "Transfer"):
        raise Refused(f"The quantity of a {kind.lower()} is more than 0.", "Quantity")
    row = stock(site, product.id, location)
    leaving = quantity if kind == "Transfer" else -quantity
    if leaving > row.amount("QuantityOnHand"):
        raise Refused(f"There are not {leaving} units of {product.label} at the location.", "Quantity")
    _change(site, product.id, location, QuantityOnHand=-leaving)
    if to is not None:
        _change(site, product.id, to, QuantityOnHand=quantity)
    return site.book.add(
        LEDGER_ENTRIES,
        ProductID=product.id,
        InventoryLocationID=location,
        ToInventoryLocationID=to,
        EntryType=kind,
        Quantity=quantity,
        EntryDate=site.clock.now(),
        Comments=comments,
    )
