"""Rows of Sage's tables as they stand there, whichever way in they were read by; and its numbers, zero-filled. Pure.

Columns bear Sage's own names, user-defined ones included. Texts come out without the padding of fixed-width columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.errors import NotUnderstood

DOCUMENT_DIGITS = 7
LINE_DIGITS = 6
PACKAGE_DIGITS = 4

REGULAR, SPECIAL, CHARGE, COMMENT, MISCELLANEOUS = "1", "2", "3", "4", "5"
"""`ItemType` of lines."""


@dataclass(frozen=True)
class Row:
    """One row; a column that is not there is as good as a blank one."""

    columns: Mapping[str, str]

    def text(self, column: str) -> str:
        """A column, without padding."""
        return self.columns.get(column, "")

    def amount(self, column: str) -> Decimal:
        """A number, 0 where it is blank; raises NotUnderstood."""
        text = self.text(column)
        try:
            return Decimal(text or "0")
        except InvalidOperation:
            raise NotUnderstood(f"{column} is {text!r}, which is no number", field=column) from None


@dataclass(frozen=True)
class Document(Row):
    """A header with its lines. `number` is SalesOrderNo or InvoiceNo; `facts` is the agent's whole answer, `raw` zeep's
    object."""

    number: str = ""
    lines: tuple[Row, ...] = ()
    facts: Mapping[str, Any] | None = None
    raw: Any = None


def row(values: Mapping[str, Any]) -> Row:
    """A row of what was answered: single values as texts, everything else left out."""
    return Row({name: cleaned(value) for name, value in values.items() if not isinstance(value, list | dict)})


def cleaned(value: Any) -> str:
    """A value as text: fixed-width columns come padded with NUL or blanks, dates from elsewhere as moments."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).replace("\0", "").strip()


def filled(number: str, digits: int = DOCUMENT_DIGITS) -> str:
    """A number as Sage keeps it: zero-filled where it consists of digits."""
    number = number.strip()
    return number.zfill(digits) if number.isdecimal() else number


def money(amount: Decimal) -> str:
    """An amount with its two decimals, as amounts are written there."""
    return format(amount.quantize(Decimal("0.01")), "f")


def plain(quantity: Decimal) -> str:
    """A quantity or a unit price, with at most six decimals."""
    return format(quantity.quantize(Decimal("0.000001")).normalize(), "f")


def same(asked: str, stands: str) -> bool:
    """Do two values say the same: as numbers where both are, else as texts without regard to blanks around them?"""
    asked, stands = asked.strip(), stands.strip()
    if asked == stands:
        return True
    try:
        return Decimal(asked or "0") == Decimal(stands or "0") and bool(asked or stands)
    except InvalidOperation:
        return False


def keyed(lines: Iterable[Row], column: str = "LineKey") -> dict[str, Row]:
    """Lines by key."""
    return {line.text(column): line for line in lines}
