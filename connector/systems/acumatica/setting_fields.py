"""Fields of a shipment that are set, one part of the write-back at a time: equal already, or written and read back.

What was there before is not kept, so a void leaves them. Packages have their fields with them (`packing.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connector.errors import MappingMissing, Partial, Rejected
from connector.planned import FieldsStep, Part, StepLine
from connector.systems.acumatica.correcting import changeable
from connector.systems.acumatica.field_values import compared, customs, day_start, fields_body, told
from connector.systems.acumatica.order_body import address_body
from connector.systems.acumatica.shipment_lines import rows_for
from connector.systems.acumatica.shipment_standing import (
    LineShipped,
    ShipmentStands,
    by_hand,
    days_of,
    put_shipment,
    read_made,
    read_shipment,
    reference_of,
    same,
    the_made,
)
from connector.systems.acumatica.writing import Site, wrapped
from connector.systems.base import Comparing, Effect, Field, Known
from connector.systems.freezing import changes
from schemas.documents import Address

_COUNTRY_LETTERS = 2


@dataclass
class FieldsRecipe(Comparing):
    """One part of one shipment's fields. An unknown field is ignored there in silence, so each one is read back."""

    site: Site
    step: FieldsStep
    known: Known
    native_key: bool = False

    async def find(self) -> tuple[Effect, ...]:
        """The shipment, where everything is as it must be already. Raises Rejected for what cannot be written."""
        part = self._part
        there = await self._there()
        if there is None or told(part.fields(self, there)):
            return ()
        return (self._effect(there),)

    async def create(self) -> Effect:
        """Write what differs. Raises Rejected where the shipment is confirmed."""
        there = await the_made(self.site, self.step, self.known, self._custom)
        area = "fields" if self.step.part in ("header", "line") else self.step.part
        await changeable(self.site, there, *changes(area, self._part.fields(self, there)))
        await put_shipment(self.site, self._part.body(self, there), there.ShipmentNbr)
        return self._effect(there)

    async def verify(self, effect: Effect) -> Effect:
        """Read them back; raises Partial with both sides."""
        there = await read_shipment(self.site, effect.document.number, self._custom)
        problems = told(self._part.fields(self, there))
        if problems:
            raise Partial(
                f"shipment {there.ShipmentNbr} was changed, but not as asked: {problems}",
                field=self._part.label,
            )
        return self._effect(there)

    async def compare(self) -> tuple[Field, ...]:
        """Each field; a ship date may stand in the note instead, where people put it."""
        there = await self._there()
        fields = self._part.fields(self, there)
        day = self.step.ship_date
        note = by_hand(there.note) if there else ""
        if day is None or not any(text in note for text in _spellings(day)):
            return fields
        return tuple(Field(one.label, one.expected, one.expected) for one in fields)

    async def standing(self) -> Effect:
        """The shipment with its fields as they stand."""
        return self._effect(await the_made(self.site, self.step, self.known, self._custom))

    @property
    def _part(self) -> "_Part":
        part = _PARTS.get(self.step.part)
        if part is None:
            raise Rejected(
                "Acumatica computes the weight of a shipment from its packages: take weight out of the flow's "
                "write_back",
                code="not supported",
            )
        return part

    @property
    def _custom(self) -> tuple[str, ...]:
        lines = [value for line in self.step.lines for value in line.fields]
        return (*customs(self.step.fields), *customs(lines, "Details"))

    async def _there(self) -> ShipmentStands | None:
        return await read_made(self.site, self.step, self.known, self._custom)

    def _effect(self, there: ShipmentStands) -> Effect:
        seen = {one.label: one.there for one in self._part.fields(self, there) if one.there}
        return Effect(reference_of(self.site, there), seen=seen)


def _spellings(day: date) -> tuple[str, ...]:
    """How people write a day."""
    return (day.isoformat(), f"{day:%m/%d/%Y}", f"{day.month}/{day.day}/{day.year}", f"{day:%d.%m.%Y}")


# -- the parts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """How one part is written and compared; the shipment is None in a rehearsal."""

    label: str
    body: Callable[[FieldsRecipe, ShipmentStands], dict[str, Any]]
    fields: Callable[[FieldsRecipe, ShipmentStands | None], tuple[Field, ...]]


def _code(recipe: FieldsRecipe) -> str:
    code = recipe.step.ship_via.code if recipe.step.ship_via else ""
    if not code:
        raise MappingMissing(
            "the row of mapping.ship_via says no code for Acumatica: give it one, such as UPSGROUND",
            field="ship_via",
        )
    return code


def _ship_via_fields(recipe: FieldsRecipe, there: ShipmentStands | None) -> tuple[Field, ...]:
    code, stands = _code(recipe), there.ShipVia if there else ""
    return (Field("Ship Via", code, code if same(code, stands) else stands),)


def _day(recipe: FieldsRecipe) -> date:
    if recipe.step.ship_date is None:
        raise Rejected("the step says no ship date", code="plan")
    return recipe.step.ship_date


def _ship_date_fields(recipe: FieldsRecipe, there: ShipmentStands | None) -> tuple[Field, ...]:
    day, moment = _day(recipe), there.ShipmentDate if there else None
    equal = day in days_of(moment, recipe.site.settings.zone)
    stands = day.isoformat() if equal else moment.date().isoformat() if moment else ""
    return (Field("Ship Date", day.isoformat(), stands),)


def _address(recipe: FieldsRecipe) -> Address:
    """The address, where country and state could be a pair; whether they are one, Acumatica knows."""
    address = recipe.step.ship_to
    if address is None or len(address.country) != _COUNTRY_LETTERS or not address.lines:
        given = "no address" if address is None else f"country {address.country!r}, state {address.region!r}"
        raise Rejected(
            f"the ship-to address ({given}) needs a country of two letters with its state, and a street: correct it in "
            "the shipping system, or set write_back.ship_to to false",
            code="address",
            field="ship_to",
        )
    return address


def _ship_to_body(recipe: FieldsRecipe, there: ShipmentStands) -> dict[str, Any]:
    address = _address(recipe)
    contact = wrapped(
        Attention=address.name,
        BusinessName=address.company or address.name,
        Email=address.email,
        Phone1=address.phone,
    )
    return {
        "ShippingSettings": {
            **wrapped(ShipToAddressOverride=True, ShipToContactOverride=True),
            "ShipToAddress": address_body(address),
            "ShipToContact": contact,
        }
    }


_ADDRESS_LABELS = {
    "AddressLine1": "Address Line 1",
    "AddressLine2": "Address Line 2",
    "City": "City",
    "State": "State",
    "PostalCode": "Postal Code",
    "Country": "Country",
}


def _ship_to_fields(recipe: FieldsRecipe, there: ShipmentStands | None) -> tuple[Field, ...]:
    asked = address_body(_address(recipe))
    stands = there.ShippingSettings.ShipToAddress if there else None
    found = []
    for name, label in _ADDRESS_LABELS.items():
        expected = asked.get(name, {}).get("value", "")
        given = getattr(stands, name) if stands else ""
        found.append(Field(f"Ship-To {label}", expected, expected if same(expected, given) else given))
    return tuple(found)


def _line_rows(recipe: FieldsRecipe, there: ShipmentStands) -> Iterator[tuple[StepLine, LineShipped]]:
    """Each line with the rows of the shipment that ship it."""
    for line in recipe.step.lines:
        where = f"shipment {there.ShipmentNbr}"
        for row in rows_for(line, there.Details, lambda one: one.OrderLineNbr, where):
            yield line, row


def _line_body(recipe: FieldsRecipe, there: ShipmentStands) -> dict[str, Any]:
    zone = recipe.site.settings.zone
    rows = [{"id": row.id, **fields_body(line.fields, zone)} for line, row in _line_rows(recipe, there)]
    return {"Details": rows}


def _line_fields(recipe: FieldsRecipe, there: ShipmentStands | None) -> tuple[Field, ...]:
    zone = recipe.site.settings.zone
    pairs: Sequence[tuple[StepLine, LineShipped | None]] = (
        list(_line_rows(recipe, there)) if there else [(line, None) for line in recipe.step.lines]
    )
    return tuple(
        found
        for line, row in pairs
        for found in compared(
            line.fields, row, zone, f" (line {row.OrderLineNbr if row else line.reference})"
        )
    )


_PARTS: Mapping[Part, _Part] = {
    "ship_via": _Part("Ship Via", lambda recipe, there: wrapped(ShipVia=_code(recipe)), _ship_via_fields),
    "ship_date": _Part(
        "Ship Date",
        lambda recipe, there: wrapped(ShipmentDate=day_start(_day(recipe), recipe.site.settings.zone)),
        _ship_date_fields,
    ),
    "ship_to": _Part("Ship-To address", _ship_to_body, _ship_to_fields),
    "header": _Part(
        "fields",
        lambda recipe, there: fields_body(recipe.step.fields, recipe.site.settings.zone),
        lambda recipe, there: compared(recipe.step.fields, there, recipe.site.settings.zone),
    ),
    "line": _Part("fields of lines", _line_body, _line_fields),
}
