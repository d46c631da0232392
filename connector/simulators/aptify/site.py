"""One site: its store, its switches, what it calls things, the messages shown to people, and what is to ship later."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.simulators.aptify.book import Book, Record
from connector.simulators.aptify.entities import (
    INVENTORY_LOCATIONS,
    LOOKUPS,
    SHIPMENT_TYPES,
    Entity,
    entity_of,
    key_of,
)
from connector.simulators.aptify.options import Clock, Options

_LOOKUPS = {
    "Order Levels": ("Regular", "Web"),
    "Order Sources": ("Phone", "Web"),
    "Payment Types": ("Purchase Order", "Credit Card", "Credit Memo"),
    "Organizations": ("Example Association", "Example Foundation"),
    "Employees": ("Integration User", "Warehouse Clerk"),
    "Campaign Codes": ("Spring Appeal", "Autumn Appeal"),
    "Currency Types": ("US Dollar",),
}


def full_name(person: Record) -> str:
    """First and last name of a person."""
    return f"{person['FirstName']} {person['LastName']}".strip()


@dataclass
class Site:
    """What all rules act upon."""

    options: Options
    clock: Clock = field(init=False)
    book: Book = field(init=False)
    messages: list[str] = field(default_factory=list)
    """What people were shown, oldest first."""
    pending: set[int] = field(default_factory=set)
    """Orders that may be to ship later; when, stands in their `_ship_at`."""

    def __post_init__(self) -> None:
        self.clock = Clock(self.options)
        self.book = Book(self.clock)
        for name, titles in _LOOKUPS.items():
            for number, title in enumerate(titles, 1):
                self.book.add(LOOKUPS[name], number, Name=title)
        for title, number in self.options.status_ids.items():
            self.book.add(LOOKUPS["Order Statuses"], number, Name=title)
        for title, number in self.options.type_ids.items():
            if title != "Back-Order" or self.options.back_order_ar == 0:
                self.book.add(LOOKUPS["Order Types"], number, Name=title)
        self.book.add(SHIPMENT_TYPES, 1, Name="Standard")
        self.book.add(INVENTORY_LOCATIONS, 1, Name="Main Warehouse", AllowDirectFulfillment=True)

    def status(self, order: Record) -> str:
        """The name of an order's status."""
        return self._title("Order Statuses", order["OrderStatusID"])

    def type(self, order: Record) -> str:
        """The name of an order's type."""
        return self._title("Order Types", order["OrderTypeID"])

    def _title(self, lookup: str, number: int | None) -> str:
        return str(self.book.get(LOOKUPS[lookup], number)["Name"])

    def title(self, record: Record) -> str:
        """How people call a record."""
        name = record.entity.title
        if name == "FirstLast":
            return full_name(record)
        return str(record.id if name == "ID" else record[name] or "")

    def reference_title(self, kind: str, number: int | None) -> str:
        """The name of the record that a reference leads to; blank where it leads nowhere."""
        entity = entity_of(kind.removeprefix("ref:"))
        record = self.book.find(entity, number) if entity else None
        return self.title(record) if record else ""

    def shown(self, entity: Entity, name: str) -> str:
        """What the site calls a field."""
        return self.options.names.get(f"{entity.name}.{name}", name)

    def field_named(self, entity: Entity, name: str) -> str | None:
        """The field that the site calls so; None where there is none."""
        wanted = key_of(name)
        for one in self._names(entity):
            if key_of(self.shown(entity, one)) == wanted:
                return one
        return name if wanted.endswith("__c") and self._has_custom(name) else None

    def kind(self, entity: Entity, name: str) -> str:
        """The kind of a field; the site's own fields are texts."""
        return "integer" if name == "ID" else entity.fields.get(name, "text")

    @staticmethod
    def _names(entity: Entity) -> Iterator[str]:
        yield "ID"
        yield from entity.fields

    def _has_custom(self, name: str) -> bool:
        known = self.options.custom_fields
        return known is None or name.lower() in {one.lower() for one in known}
