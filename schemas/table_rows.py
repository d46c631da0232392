"""Rows of a value table: which of them answers for a value, by wildcards and case, and which contradict each other.

Where tables stand in the file, and which of them is asked, is `schemas/value_tables.py`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from schemas.base import Model

Problem = tuple[tuple[str | int, ...], str]
"""Where in a table (keys), and what is wrong there."""


class CarrierService(Model):
    """What a ship via becomes at the target: `code` is the shipping method of an order there (`flatrate_flatrate`,
    `UPSGROUND`); `carrier_code` and the title people read go with tracking numbers.

    All may be Jinja2 templates over `value`, the value that was looked up.
    """

    code: str = ""
    carrier_code: str = ""
    title: str = ""


Row = CarrierService | str


@dataclass(frozen=True)
class Answer:
    """What a table says of a value: the row, and which one it was (`row UPS*`, `default of tables.carriers`)."""

    rule: str
    row: Row


@dataclass(frozen=True)
class Entry:
    """One row: the value it stands for, what it becomes, its name as it stands in the file, and its keys there."""

    value: str
    row: Row
    name: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """Rows of one table, ready to be asked: exact ones first, then wildcards (`*`), the longest text first.

    `where` is said behind the row's name. Blanks at either end never matter; case, unless `ignore_case`.
    """

    entries: tuple[Entry, ...] = ()
    ignore_case: bool = False
    where: str = ""

    def find(self, value: str) -> Answer | None:
        """The row that answers for a value; None where there is none."""
        wanted = self.folded(value)
        found = self._exact.get(wanted) or next((e for p, e in self._wildcards if p.fullmatch(wanted)), None)
        return None if found is None else Answer(f"row {found.name}{self.where}", found.row)

    def problems(self) -> Iterator[Problem]:
        """Rows of which nobody could say which one answers."""
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            first = seen.setdefault(self.folded(entry.value), entry)
            if first is not entry:
                yield entry.path, f"is the same value as row {first.name!r}: keep one of them"
        patterns = [entry for entry in seen.values() if "*" in entry.value]
        for one, other in combinations(patterns, 2):
            texts = self.folded(one.value), self.folded(other.value)
            if _literals(texts[0]) == _literals(texts[1]) and _overlap(*texts):
                what = (
                    f"a value may fit it and row {one.name!r} as well, and neither says more than the other"
                )
                yield other.path, f"{what}: make one of them longer, or write such values out"

    def folded(self, value: str) -> str:
        """A value as it is compared."""
        return value.strip().casefold() if self.ignore_case else value.strip()

    @cached_property
    def _exact(self) -> Mapping[str, Entry]:
        return {self.folded(entry.value): entry for entry in self.entries}

    @cached_property
    def _wildcards(self) -> tuple[tuple[re.Pattern[str], Entry], ...]:
        found = [(self.folded(entry.value), entry) for entry in self.entries if "*" in entry.value]
        ordered = sorted(found, key=lambda one: -_literals(one[0]))
        return tuple(
            (re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL), entry)
            for text, entry in ordered
        )


def right_of(row: Row) -> str:
    """The right side of a row as a text: of a carrier service its code."""
    return row.code if isinstance(row, CarrierService) else row


def carrier(row: Row) -> CarrierService:
    """A row as a carrier service: a text alone is a code."""
    return row if isinstance(row, CarrierService) else CarrierService(code=row)


def _literals(pattern: str) -> int:
    return len(pattern.replace("*", ""))


def _overlap(one: str, other: str) -> bool:
    """Is there a text that fits both patterns? `fits[j]`: do the rest of `one` and `other[j:]` fit a common text?"""
    below = [rest.strip("*") == "" for rest in (other[j:] for j in range(len(other) + 1))]
    for i in range(len(one) - 1, -1, -1):
        here = [False] * len(below)
        for j in range(len(other), -1, -1):
            more = j < len(other)
            if one[i] == "*":
                here[j] = below[j] or (more and here[j + 1])
            elif more and other[j] == "*":
                here[j] = here[j + 1] or below[j]
            else:
                here[j] = more and one[i] == other[j] and below[j + 1]
        below = here
    return below[0]
