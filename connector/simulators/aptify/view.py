"""How a record is shown: by GetRecord, as the reply to a save, as a row of a view; what is computed is added here."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.simulators.aptify import values
from connector.simulators.aptify.book import Record
from connector.simulators.aptify.entities import ENTITIES, PRODUCT_INVENTORY, PRODUCTS, Entity
from connector.simulators.aptify.site import Site, full_name

Row = dict[str, Any]
_QUANTITIES = ("QuantityOnHand", "QuantityReserved", "QuantityShipped")


def whole(site: Site, record: Record) -> Row:
    """Every field of a record by its name here, with what is computed."""
    shown = {name: record[name] for name in record.entity.fields}
    shown |= {name: value for name, value in record.values.items() if name.endswith("__c")}
    return {"ID": record.id, **shown, **_computed(site, record)}


def _computed(site: Site, record: Record) -> Row:
    if record.entity is PRODUCT_INVENTORY:
        return _stock([record])
    if record.entity is PRODUCTS:
        return _stock(site.book.where(PRODUCT_INVENTORY, ProductID=record.id))
    if record.entity.title == "FirstLast":
        return {"FirstLast": full_name(record)}
    return {}


def _stock(rows: list[Record]) -> Row:
    sums = {name: sum((row.amount(name) for row in rows), Decimal(0)) for name in _QUANTITIES}
    return {**sums, "QuantityAvailable": sums["QuantityOnHand"] - sums["QuantityReserved"]}


def children(site: Site, record: Record, sub_type: str) -> list[Record]:
    """The sub-type records of a record, in their order."""
    entity = ENTITIES[sub_type]
    if entity.parent == "OrderID":
        rows = site.book.of_order(entity, record)
    else:
        rows = site.book.where(entity, **{entity.parent: record.id})
    return sorted(rows, key=lambda row: row["Sequence"] or 0)


def got(site: Site, record: Record) -> Row:
    """As GetRecord answers: every value a text."""
    shown: Row = {
        "entity": record.entity.name,
        "AptifyRecordVersion": record.version,
        "ClientRecordVersion": 1,
        "recordId": str(record.id),
        "fields": _texts(site, record),
        "topicCodeLinks": [],
        "attachments": [],
        "alerts": [],
        "subTypes": [
            {"entity": name, "records": [_sub_record(site, one) for one in children(site, record, name)]}
            for name in record.entity.sub_types
        ],
    }
    case = site.options.key_case
    return shown if case == "documented" else _cased(shown, case)


def _texts(site: Site, record: Record) -> list[Row]:
    """One object per field, and another with the name of the record that a reference leads to."""
    found: list[Row] = []
    for name, value in whole(site, record).items():
        kind, shown = site.kind(record.entity, name), site.shown(record.entity, name)
        if name == "ID":
            continue
        text = {shown: values.as_text(kind, value, site.options)}
        if not kind.startswith("ref:"):
            found.append(text)
            continue
        title = site.reference_title(kind, value)
        found.append({**text, "linkedRecordName": title} if title else text)
        if shown.endswith("ID"):
            found.append({shown.removesuffix("ID"): title})
    return found


def _sub_record(site: Site, record: Record) -> Row:
    if site.options.sub_record_form == "flat":
        return {
            "ID": str(record.id),
            **{name: text for one in _texts(site, record) for name, text in one.items()},
        }
    return {
        "entity": record.entity.name,
        "AptifyRecordVersion": record.version,
        "recordId": str(record.id),
        "fields": _texts(site, record),
    }


def saved(site: Site, record: Record) -> Row:
    """As a save answers: the record as it is now. Where it has sub-type records, keys are documented in lower case."""
    shown = _saved(site, record)
    sub_types = [
        _saved(site, one) for name in record.entity.sub_types for one in children(site, record, name)
    ]
    shown["Subtypes"] = sub_types
    case = site.options.key_case
    return _cased(shown, "lower") if case == "lower" or (case == "documented" and sub_types) else shown


def _saved(site: Site, record: Record) -> Row:
    found: Row = {"ID": _number(site, record.id), "EntityName": record.entity.name}
    for name, value in whole(site, record).items():
        if name == "ID":
            continue
        kind, shown = site.kind(record.entity, name), site.shown(record.entity, name)
        found[shown] = _number(site, values.as_json(kind, value, site.options))
        if kind.startswith("ref:"):
            found[f"{shown}_Name"] = site.reference_title(kind, value)
    return {**found, "Aptify_Record_Version": "System.Byte[]"}


def _number(site: Site, value: Any) -> Any:
    as_text = site.options.number_form == "text"
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return f"{value}" if as_text and is_number else value


def row(site: Site, record: Record, columns: tuple[str, ...] = ()) -> Row:
    """A row of a view: typed values, and `…_Name` beside each reference."""
    found: Row = {}
    for name, value in whole(site, record).items():
        kind, shown = site.kind(record.entity, name), site.shown(record.entity, name)
        if columns and name not in columns:
            continue
        found[shown] = values.as_json(kind, value, site.options)
        if kind.startswith("ref:"):
            found[f"{shown}_Name"] = site.reference_title(kind, value)
    return _cased(found, "lower") if site.options.key_case == "lower" else found


def _cased(value: Any, case: str) -> Any:
    """The same with the keys in another case, at every depth."""
    if isinstance(value, Mapping):
        return {_key(str(name), case): _cased(one, case) for name, one in value.items()}
    return [_cased(one, case) for one in value] if isinstance(value, list) else value


def _key(name: str, case: str) -> str:
    return name.lower() if case == "lower" else name[:1].upper() + name[1:]


def described(site: Site, record: Record) -> Row:
    """As `/_sim/state` shows it: values as they are, names of references beside them."""
    found: Row = {}
    for name, value in whole(site, record).items():
        kind = site.kind(record.entity, name)
        found[name] = values.as_json(kind, value, site.options) if kind == "moment" else value
        if kind.startswith("ref:") and name.endswith("ID"):
            found[name.removesuffix("ID")] = site.reference_title(kind, value)
    return found


def listed(site: Site, entity: Entity) -> list[Row]:
    """All records of an entity, for `/_sim/state`."""
    return [described(site, one) for one in site.book.all(entity)]
