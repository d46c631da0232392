"""What Acumatica cannot do for a flow that writes a shipment back: said when the file is read, not when goods leave."""

from collections.abc import Iterator, Mapping
from typing import Literal

from schemas.config import FieldRule, Fields, Flow, Problem, WriteBack
from schemas.events import ShipmentConfirmed

PARTS = frozenset(
    """tracking ship_via ship_date ship_to confirm freight notes fields.header fields.line
    fields.package""".split()
)
"""The parts of a write-back that are steps of their own here; a shipment's weight is computed from its packages."""

Level = Literal["header", "line", "package"]

_HEADER = """Description:text FOBPoint:text FreightCost:number GroundCollect:flag Insurance:flag Owner:text
    ResidentialDelivery:flag SaturdayDelivery:flag ShippingTerms:text ShippingZoneID:text UseCustomersAccount:flag
    WorkgroupID:text"""
_LINE = "Description:text ExpirationDate:date LocationID:text ReasonCode:text"
_PACKAGE = """CODAmount:number CustomRefNbr1:text CustomRefNbr2:text DeclaredValue:number Description:text
    Height:number Length:number Width:number"""


def _typed(names: str) -> Mapping[str, str]:
    return dict(pair.split(":") for pair in names.split())


PLAIN: Mapping[Level, Mapping[str, str]] = {
    "header": _typed(_HEADER),
    "line": _typed(_LINE),
    "package": _typed(_PACKAGE),
}
"""Fields of Shipment, ShipmentDetail and ShipmentPackage in the contract that may be written by name, with their types;
what has a part of the write-back of its own is not among them."""

_NEVER = {
    "create_invoice": "a shipment becomes an invoice by Acumatica's own Prepare Invoice, not by a write-back: take "
    "create_invoice out, or set confirm to true and have shipments invoiced there",
    "charges": "charges and comments of an order reach its invoice in Acumatica by themselves: take charges out",
    "back_order": "Acumatica back-orders what a shipment leaves open by the shipping rule of each line: take "
    "back_order out",
    "weight": "Acumatica computes the weight of a shipment from its packages, which are written with their weights "
    "(tracking): take weight out, and name it in notes where people are to read it",
}


def refused(flow: Flow) -> Iterator[Problem]:
    """Each thing that a flow of shipment.confirmed asks for and that cannot be done here, with its key in the flow."""
    if flow.event != ShipmentConfirmed.type:
        return
    rules = flow.write_back
    for name, text in _NEVER.items():
        if getattr(rules, name):
            yield ("write_back", name), text
    yield from _of_freight(rules)
    yield from _of_fields(rules.fields)


def _of_freight(rules: WriteBack) -> Iterator[Problem]:
    freight = rules.freight
    if freight is None or freight.amount == "none":
        return
    if freight.onto == "invoice":
        text = (
            "an invoice takes its freight from shipment and order in Acumatica: say shipment (its Freight Price), or "
            "order (the freight of its totals)"
        )
        yield ("write_back", "freight", "onto"), text
    if freight.onto == "order" and freight.existing == "replace_untracked":
        text = (
            "an order has no tracking numbers that would tell whether its freight may be replaced: say add, or write "
            "freight onto the shipment"
        )
        yield ("write_back", "freight", "existing"), text


def _of_fields(fields: Fields) -> Iterator[Problem]:
    if fields.onto in ("order", "invoice"):
        text = (
            f"fields of the {fields.onto} cannot be written with a shipment: say shipment, or leave onto out"
        )
        yield ("write_back", "fields", "onto"), text
    levels: tuple[Level, ...] = ("header", "line", "package")
    for level in levels:
        for name, rule in getattr(fields, level).items():
            for text in _of_field(level, name, rule):
                yield ("write_back", "fields", level, name), text


def _of_field(level: Level, name: str, rule: FieldRule) -> Iterator[str]:
    plain = PLAIN[level]
    view, dot, field = name.partition(".")
    if dot:
        if not view.isidentifier() or not field.isidentifier():
            yield f"{name!r} is no custom field: write it as View.Field, such as Document.UsrCarton"
    elif name not in plain:
        yield (
            f"{name!r} is no field of a {level} that can be written: custom fields are named View.Field, such as "
            f"{_EXAMPLES[level]}; others are {', '.join(plain)}"
        )
    elif rule.type != plain[name]:
        yield f"{name} is of type {plain[name]} in Acumatica, not {rule.type}: say type: {plain[name]}"


_EXAMPLES = {
    "header": "Document.UsrCarton",
    "line": "Transactions.UsrCarton",
    "package": "Packages.UsrSeal",
}
