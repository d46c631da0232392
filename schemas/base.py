"""The values every schema is made of: money, quantities, moments in UTC, and names of documents.

Not a place for business documents (`documents.py`) or for anything a vendor says.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_core import ErrorDetails

_YEAR_FIRST = re.compile(r"\s*\d{4}-\d\d-\d\d")
LARGEST_EXPONENT = 18
SMALLEST_EXPONENT = -30


class Model(BaseModel):
    """A frozen value that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


@cache
def members(model: type[Model]) -> Mapping[str, Any]:
    """What a model can be asked for, name -> plain type: fields, and the properties named in `derived`."""
    fields = {name: plain_type(field.annotation) for name, field in model.model_fields.items()}
    for name in getattr(model, "derived", ()):
        fields[name] = plain_type(get_type_hints(getattr(model, name).fget)["return"])
    return MappingProxyType(fields)


def plain_type(annotation: Any) -> Any:
    """An annotation without its constraints and without `| None`."""
    if get_origin(annotation) is Annotated:
        return plain_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        others = [member for member in get_args(annotation) if member is not NoneType]
        return plain_type(others[0]) if len(others) == 1 else annotation
    return annotation


def mistakes(error: ValidationError) -> list[ErrorDetails]:
    """What a validation found wrong, without the inputs (they may be secret) and without what only follows:
    a list is called too short because its items are wrong, data is not judged because its type is wrong."""
    found = error.errors(include_url=False, include_input=False)
    return [each for each in found if each["type"] != "unjudged" and not _follows(each, found)]


def _follows(one: ErrorDetails, found: list[ErrorDetails]) -> bool:
    depth = len(one["loc"])
    inside = (other for other in found if len(other["loc"]) > depth and other["loc"][:depth] == one["loc"])
    return one["type"] == "too_short" and any(inside)


def _written_out(value: Any) -> Any:
    """A bare number would be taken for seconds since 1970, which no publisher of dates means."""
    if isinstance(value, int | float | Decimal) or (isinstance(value, str) and not _YEAR_FIRST.match(value)):
        raise ValueError("write it out, as in 2026-01-31T12:00:00Z (a day: 2026-01-31)")
    return value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC it lies outside of the years 1 to 9999") from error


def _no_float(value: Any) -> Any:
    """JSON numbers must be parsed as Decimal (`parse_float=Decimal`); a float has already lost its cents."""
    if isinstance(value, float):
        raise ValueError("a binary float holds no exact amount: give a Decimal, an integer or a decimal text")
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")
    return value


def _spelled_out(value: Any) -> Any:
    """Numbers and flags of custom fields are kept as the text that people would write."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(_bounded(Decimal(value)), "f")
    return _no_float(value)


def _bounded(value: Decimal) -> Decimal:
    """Beyond these bounds nothing is an amount any more, while writing it out could fill the memory."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < SMALLEST_EXPONENT or exponent > LARGEST_EXPONENT:
        raise ValueError(f"more than {-SMALLEST_EXPONENT} decimals, or too large to be an amount")
    if value.adjusted() > LARGEST_EXPONENT:
        raise ValueError(f"more than {LARGEST_EXPONENT + 1} digits before the decimal point")
    return value


UtcDatetime = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_to_utc)]
"""A moment with a time zone, kept in UTC."""

CalendarDate = Annotated[date, BeforeValidator(_written_out)]
"""A day of the calendar, without a time zone."""

ExactDecimal = Annotated[
    Decimal, BeforeValidator(_no_float), AfterValidator(_bounded), Field(allow_inf_nan=False)
]
"""A finite decimal number, at most 19 digits before the point and 30 behind it; binary floats are refused."""

Quantity = Annotated[ExactDecimal, Field(ge=0)]
"""How many, in the line's unit; never negative."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]

CustomValue = Annotated[str, BeforeValidator(_spelled_out), Field(max_length=4000)]
"""The value of a custom field as text: a number in digits, a day as 2026-01-31, true or false."""

_OTHER_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: digits for digits, codes in _OTHER_MINOR_UNITS.items() for code in codes.split()}


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency by ISO 4217: 0.01 of most, 1 of JPY, 0.001 of KWD."""
    return Decimal(1).scaleb(-_EXPONENTS.get(currency, 2))


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
"""A name given in the configuration: of a connection, a flow, a token."""

Identifier = Annotated[str, Field(min_length=1, max_length=255)]
"""A number or key of somebody else's; always text, even where it looks like a number."""


class Money(Model):
    """An exact amount in one currency."""

    amount: ExactDecimal
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        """Add two amounts of the same currency; raises ValueError where the currencies differ."""
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class DocumentRef(Model):
    """One document at one connection: `kind` is order, shipment, invoice or refund, `number` what people say.

    `key` is the vendor's own identifier where it differs from the number (a GUID, an entity id).
    """

    connection: Name
    kind: str
    number: Identifier
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.number} @ {self.connection}"
