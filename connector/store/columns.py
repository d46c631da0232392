"""What the columns of the tables can hold: moments, texts and numbers of documents, cleaned of what no database keeps.

It knows types only; which table has which column stands in `connector/store/tables.py`.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect

HALF_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NULs, which PostgreSQL cannot hold, and with U+FFFD for each half of a surrogate pair.

    Half a pair is no character: it cannot be written as UTF-8, yet a vendor's JSON may spell one (`"\\ud83d"`).
    """
    plain = str(text).replace("\x00", "")
    return plain if plain.isascii() else HALF_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", plain)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: `timestamptz` in PostgreSQL, sortable text of fixed width in SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """DateTime with a zone where there are zones, else text."""
        return dialect.type_descriptor(String(32) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive moments; in SQLite write microseconds always, so that text sorts as time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return (
            moment.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect.name == "sqlite" else moment
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return (
            datetime.fromisoformat(value).replace(tzinfo=UTC)
            if isinstance(value, str)
            else value.astimezone(UTC)
        )


class Words(TypeDecorator[str]):
    """Text of any length, made storable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What can be stored of it."""
        return storable(value) if value else value


class Short(TypeDecorator[str]):
    """Text of so many characters at most, made storable; too long a one is refused by PostgreSQL, never cut."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What can be stored of it."""
        return storable(value) if value else value


class Code(Short):
    """A short reason for programs to compare, partly in a vendor's words: what is too long of it is cut."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What can be stored of it, and no more than has room."""
        return storable(value)[: self.length] if value else value


Key = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")
