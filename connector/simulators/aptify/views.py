"""`AptifyViews`: views that administrators provide, executed by name; and `DataObjects`, their SQL by name.

A view is an entity, some columns, a condition and an order. Those below are there from the start; seeds add others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connector.simulators.aptify import view
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import Entity, entity_of, key_of
from connector.simulators.aptify.errors import failure, not_found
from connector.simulators.aptify.filters import Columns, Filter, FilterError, Test, known_columns
from connector.simulators.aptify.site import Site
from connector.simulators.base import Received, Reply

MOST_ROWS = 500
_PARAMETER = re.compile(r"@(\w+)")


@dataclass(frozen=True)
class ViewDefinition:
    """One view. `prompts` are the fields that `PromptData` may give values for; no columns are all."""

    name: str
    entity: str
    columns: tuple[str, ...] = ()
    filter: str = ""
    sort: tuple[str, ...] = ("ID",)
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataObject:
    """SQL of administrators: a condition with `@parameters` on an entity. A cached one answers the same for ever."""

    name: str
    entity: str
    filter: str = ""
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ("ID",)
    cached: bool = False


_CHANGED = ("DateUpdated", "ID")
BUILT_IN = (
    ViewDefinition("Connector Orders Changed", "Orders", sort=_CHANGED),
    ViewDefinition("Connector Orders by PO Number", "Orders", prompts=("PONumber",)),
    ViewDefinition("Connector Orders by Reference", "Orders", prompts=("ExternalReference__c",)),
    ViewDefinition("Connector Back Orders", "Orders", prompts=("OriginalOrderID",)),
    ViewDefinition("Connector Order Lines", "OrderLines", prompts=("OrderID",)),
    ViewDefinition("Connector Order Shipments", "OrderShipments", prompts=("OrderID",)),
    ViewDefinition("Connector GL Entries", "GL Entries", prompts=("OrderID",)),
    ViewDefinition("Connector Subscriptions", "Subscriptions", prompts=("OrderID",)),
    ViewDefinition("Connector Scheduled Groups", "Scheduled Transaction Groups", prompts=("OrderID",)),
    ViewDefinition("Connector Payments", "Payments", prompts=("OrderID",)),
    ViewDefinition("Connector Products Changed", "Products", sort=_CHANGED),
    ViewDefinition("Connector Products by Code", "Products", prompts=("Code",)),
    ViewDefinition("Connector Inventory Changed", "Product Inventory", sort=_CHANGED),
    ViewDefinition("Connector Persons by Email", "Persons", prompts=("Email",)),
    ViewDefinition("Connector Companies by Email", "Companies", prompts=("Email",)),
    ViewDefinition("Connector Order Statuses", "Order Statuses"),
    ViewDefinition("Connector Order Types", "Order Types"),
    ViewDefinition("Connector Inventory Locations", "Inventory Locations"),
)


@dataclass
class Provided:
    """The views and data objects that a site offers."""

    site: Site
    views: dict[tuple[str, str], ViewDefinition] = field(init=False)
    data_objects: dict[str, DataObject] = field(default_factory=dict)
    cache: dict[tuple[str, str], list[view.Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.views = {}
        for one in BUILT_IN:
            self.provide(one)

    def provide(self, definition: ViewDefinition) -> None:
        """Add or replace a view."""
        self.views[key_of(definition.name), key_of(definition.entity)] = definition

    def execute(self, received: Received) -> Reply:
        """A view by name. Raises VendorError."""
        query = {name.lower(): value for name, value in received.query_pairs}
        if query.get("type", "").lower() != "viewbyname":
            raise failure(f"The view type '{query.get('type', '')}' is not supported.", 400)
        asked = (key_of(query.get("viewname", "")), key_of(query.get("viewentityname", "")))
        definition = self.views.get(asked)
        if definition is None:
            raise not_found(received.path)
        entity = _entity(definition.entity)
        conditions = [definition.filter, query.get("filter", "")]
        tests = [self._test(entity, one) for one in conditions if one.strip()]
        tests += self._prompted(entity, definition, query.get("promptdata", ""))
        records = self._select(entity, tests, definition.sort)
        top, skip = _whole(query, "$top", MOST_ROWS), _whole(query, "$skip", 0)
        page = records[skip : skip + min(top, MOST_ROWS)]
        rows = [
            {**view.row(self.site, one, definition.columns), "row_number": place}
            for place, one in enumerate(page, skip + 1)
        ]
        counted = len(records) if self.site.options.view_count == "total" else len(rows)
        return Reply.of({"count": str(counted), "columnwidthresize": "FALSE", "result": rows})

    def data(self, received: Received, name: str) -> Reply:
        """A data object with the query as its parameters. Raises VendorError."""
        known = self.data_objects.get(key_of(name))
        if known is None:
            raise not_found(received.path)
        given = {key.lower(): value for key, value in received.query_pairs}
        missing = [one for one in _PARAMETER.findall(known.filter) if one.lower() not in given]
        if missing:
            raise failure(f"The parameter '@{missing[0]}' was not supplied.")
        asked = (key_of(name), str(sorted(given.items())))
        if not known.cached or asked not in self.cache:
            text = _PARAMETER.sub(lambda match: _quoted(given[match[1].lower()]), known.filter)
            entity = _entity(known.entity)
            records = self._select(entity, [self._test(entity, text)], known.sort)
            self.cache[asked] = [view.row(self.site, one, known.columns) for one in records]
        return Reply.of(self.cache[asked])

    def _columns(self, entity: Entity) -> Columns:
        names = ["ID", *entity.fields]
        pairs = [(self.site.shown(entity, one), one, self.site.kind(entity, one)) for one in names]
        own = {name for one in self.site.book.all(entity) for name in one.values if name.endswith("__c")}
        known = self.site.options.custom_fields or frozenset()
        return known_columns(
            [
                *pairs,
                *((self.site.shown(entity, one), one, "text") for one in own | known),
                *_linked(self.site, entity, pairs),
            ]
        )

    def _test(self, entity: Entity, text: str) -> Test:
        try:
            return Filter(text, self._columns(entity), self.site.options).read()
        except FilterError as error:
            raise failure(str(error)) from error

    def _prompted(self, entity: Entity, definition: ViewDefinition, data: str) -> Iterable[Test]:
        """`Field=value|Field=value`, or bare values in the order of the prompts."""
        found = []
        for place, part in enumerate(one for one in data.split("|") if one.strip()):
            name, sign, value = part.partition("=")
            if not sign:
                name, value = (*definition.prompts, "")[min(place, len(definition.prompts))], part
            bare = value.strip().strip("'’‘")
            found.append(self._test(entity, f"[{name.strip()}] = {_quoted(bare)}"))
        return found

    def _select(self, entity: Entity, tests: list[Test], sort: tuple[str, ...]) -> list[Record]:
        chosen = []
        for record in self.site.book.all(entity):
            values = _with_names(self.site, record)
            if all(test(values) for test in tests):
                chosen.append((tuple(_sortable(values.get(name)) for name in sort), record))
        return [record for _, record in sorted(chosen, key=lambda one: one[0])]


def _linked(site: Site, entity: Entity, pairs: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The columns that bear the names of what references lead to."""
    return [
        (alias, f"{name}_Name", "text")
        for shown, name, kind in pairs
        if kind.startswith("ref:")
        for alias in (f"{shown}_Name", shown.removesuffix("ID"))
        if alias != shown or not shown.endswith("ID")
    ]


def _with_names(site: Site, record: Record) -> dict[str, Any]:
    values = _Row(view.whole(site, record))
    for name in record.entity.fields:
        kind = record.entity.fields[name]
        if kind.startswith("ref:"):
            values[f"{name}_Name"] = site.reference_title(kind, values[name])
    return values


class _Row(dict[str, Any]):
    """Columns that a record has no value of are null."""

    def __missing__(self, name: str) -> None:
        return None


def _sortable(value: Any) -> tuple[int, Any]:
    """Nulls come first, as in the database."""
    return (0, 0) if value is None else (1, value)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _entity(name: str) -> Entity:
    entity = entity_of(name)
    if entity is None:
        raise failure(f"There is no entity '{name}'.")
    return entity


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, "") or str(default)
    if not text.isdecimal():
        raise failure(f"The value '{text}' of {name} is not a number.", 400)
    return int(Decimal(text))
