"""What several endpoints ask and check in the same way: filters, texts that a database can hold, ids of rows."""

from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from connector.operate import Unknown
from connector.status import Status
from connector.storable import printable as printable
from connector.store.browse import Filters
from schemas.base import UtcDatetime

LARGEST_ID = 2**63 - 1


def row_number(text: str, what: str) -> int:
    """The row of an id; `notice:12` says the same as `12`. Raises Unknown."""
    digits = text.removeprefix(f"{what}:")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 19 and int(digits) <= LARGEST_ID:
        return int(digits)
    raise Unknown(f"there is no {what} {text}")


RowId = Annotated[int, AfterValidator(lambda number: min(max(number, 0), LARGEST_ID)), Path()]
"""The id of a row as a part of an address; one that no database can hold is one that no row has."""


def entry_number(text: str) -> int:
    """The row of an entry's id. Raises Unknown."""
    return row_number(text, "entry")


def nothing(value: object) -> object:
    """`?flow=&order=` is what a form sends whose fields are left empty."""
    return None if value == "" else value


RowCursor = Annotated[Annotated[int, Field(ge=1, le=LARGEST_ID)] | None, BeforeValidator(nothing)]
"""Where the page before ended, by the id of its last row."""


def listed(value: object) -> object:
    """`status=errored,retrying` and `status=errored&status=retrying` say the same."""
    given = value if isinstance(value, list | tuple) else [value]
    return [
        word.strip() for text in given if isinstance(text, str) for word in text.split(",") if word.strip()
    ]


Words = Annotated[str, AfterValidator(printable), Field(max_length=255)]
Moment = Annotated[UtcDatetime | None, BeforeValidator(nothing)]


class StrictlyAsked(BaseModel):
    """What is asked; a member that is misspelt is refused, rather than everything meant."""

    model_config = ConfigDict(extra="forbid")


class FiltersAsked(StrictlyAsked):
    """Which entries: an empty parameter asks for nothing."""

    status: Annotated[list[Status], BeforeValidator(listed)] = Field(
        default=[], description="one or several, also as one text with commas"
    )
    flow: Words = ""
    connection: Words = Field(default="", description="source or target")
    type: Words = Field(default="", description="the event's type")
    order: Words = Field(default="", description="an order's number, at any connection")
    q: Words = Field(default="", description="words: numbers, customer, tracking numbers, flow and reason")
    cause: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="of `GET /api/errors`")
    since: Moment = Field(default=None, description="made at or after")
    until: Moment = Field(default=None, description="made before")

    def filters(self) -> Filters:
        """The same for the store."""
        return Filters(
            status=tuple(self.status),
            flow=self.flow,
            connection=self.connection,
            type=self.type,
            order=self.order,
            q=self.q,
            cause=self.cause,
            since=self.since,
            until=self.until,
        )
