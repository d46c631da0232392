"""What the bridge sends, as models: one event or a list of them, tolerant of members that are absent, null or unknown.

The contract is ours, not the vendor's, and written out in `docs/starship-bridge.md`; what it means is `source.py`.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from connector.storable import unstorable
from connector.systems.base import NotReadable
from schemas.base import (
    CalendarDate,
    CustomValue,
    ExactDecimal,
    Identifier,
    Quantity,
    UtcDatetime,
    mistakes,
)

MOST_FAULTS = 10
"""So many mistakes are told; a list of hundreds may be wrong all through."""

_SAYS = {
    "missing": "is missing",
    "model_type": "must be a JSON object",
    "string_type": "must be a text in quotes",
}


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _without_nulls(value: Any) -> Any:
    return (
        {name: one for name, one in value.items() if one is not None} if isinstance(value, Mapping) else value
    )


_NUMBER = {"type": "number", "minimum": 0}
_NUMBER_TEXT = {"type": "string", "pattern": r"^\s*([0-9]+(\.[0-9]+)?)?\s*$"}

Amount = Annotated[
    Annotated[ExactDecimal, Field(ge=0)] | None,
    BeforeValidator(_blank_is_none),
    Field(default=None),
    WithJsonSchema({"anyOf": [_NUMBER, _NUMBER_TEXT]}),
]
"""A decimal number as text or JSON number, never negative; absent and blank mean: not said."""

Pieces = Annotated[
    Quantity,
    WithJsonSchema({"anyOf": [_NUMBER, _NUMBER_TEXT | {"minLength": 1}]}),
]
"""How many, in the line's unit."""

Day = Annotated[
    CalendarDate | None,
    BeforeValidator(_blank_is_none),
    Field(default=None),
    WithJsonSchema({"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}),
]
"""A day as 2026-01-31, or nothing."""

Custom = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=255)], CustomValue], BeforeValidator(_without_nulls)
]
"""Values of the customer's own, by name."""


class Wire(BaseModel):
    """A part of an event; null counts as absent."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        return _without_nulls(given)


class WireCharges(Wire):
    """What the shipment costs: by the carrier's list, by contract, and as applied (charged)."""

    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    list: Amount
    contract: Amount
    applied: Amount
    handling: Amount


class WireAddress(Wire):
    """Where it went."""

    name: str = ""
    company: str = ""
    lines: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


class WireOrder(Wire):
    """An order of the shipment, by the document type and key that the source interface knows it by."""

    document_type: str = ""
    key: Identifier
    freight_share: Amount


class WireGoods(Wire):
    """So much of one order line; `order` may be left out where the shipment has one order."""

    document_type: str = ""
    order: str = ""
    line_key: str = ""
    item: Annotated[str, Field(min_length=1)]
    quantity: Pieces
    lot_serial: str = ""


class WireItem(WireGoods):
    """So much of one order line, in the whole shipment."""

    description: str = ""
    unit: str = ""
    custom: Custom = {}


class WirePackage(Wire):
    """One package."""

    number: str = ""
    box: str = ""
    weight: Amount
    length: Amount
    width: Amount
    height: Amount
    tracking: str = ""
    contents: tuple[WireGoods, ...] = ()
    custom: Custom = {}


class WireNote(Wire):
    """One row of notes."""

    tag: Annotated[str, Field(min_length=1)]
    value: str = ""


class WireEvent(Wire):
    """One event: a shipment was processed, processed again, or voided."""

    event_id: Identifier
    type: Literal["processed", "reprocessed", "voided"]
    occurred_at: UtcDatetime
    shipment_id: Identifier
    processing: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    replaces: str = ""
    again: bool = False
    status: str = ""
    ship_date: Day
    carrier: str = ""
    scac: str = ""
    service: str = ""
    ship_via_code: str = ""
    payment: str = ""
    master_tracking: str = ""
    pro: str = ""
    bol: str = ""
    charges: WireCharges = WireCharges.model_validate({})
    total_weight: Amount
    weight_unit: str = ""
    ship_to: WireAddress | None = None
    orders: tuple[WireOrder, ...] = Field(min_length=1)
    items: tuple[WireItem, ...] = ()
    packages: tuple[WirePackage, ...] = ()
    notes: tuple[WireNote, ...] = ()
    custom: Custom = {}

    @model_validator(mode="after")
    def _counts_its_processings(self) -> Self:
        if self.type == "voided" and "processing" not in self.model_fields_set:
            raise ValueError("processing is missing: a void names the processing that it takes back")
        if self.type == "reprocessed" and self.processing == 1:
            raise ValueError("processing must be 2 or more, since the shipment was processed again")
        return self


def read(body: bytes) -> tuple[tuple[str, WireEvent], ...]:
    """The events of a body, each with its JSON path ("" for a single one, "[1]" in a list); raises NotReadable."""
    value = _parsed(body)
    given = (
        [(f"[{index}]", one) for index, one in enumerate(value)] if isinstance(value, list) else [("", value)]
    )
    events, faults = [], []
    for path, one in given:
        try:
            events.append((path, WireEvent.model_validate(one)))
        except ValidationError as error:
            faults += list(_faults(error, path))
    if faults:
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise NotReadable(f"This is no event of the bridge: {'; '.join(faults[:MOST_FAULTS])}{more}")
    return tuple(events)


def at(path: str, *parts: str | int) -> str:
    """A JSON path, further down: `[1]`, "items", 0, "order" -> `[1].items[0].order`."""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}" if path else part
    return path


def _parsed(body: bytes) -> Any:
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
        for path, why in unstorable(value):
            raise NotReadable(f"{at('', *path) or 'the body'} {why}")
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"An event of the bridge is JSON, but this is not: {error}") from error
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _faults(error: ValidationError, path: str) -> Iterator[str]:
    for one in mistakes(error):
        where = at(path, *one["loc"]) or "the event"
        said = _SAYS.get(one["type"]) or one["msg"].removeprefix("Value error, ")
        yield f"{where}: {said[:1].lower() + said[1:]}"
