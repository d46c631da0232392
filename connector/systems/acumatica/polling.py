"""Listing what changed at Acumatica, page by page, without relying on any order of its lists.

`$orderby` is in no contract, and `$skip` alone loses a document where an earlier one leaves the list meanwhile.
So a page is a stretch of time: it is halved until all that changed in it fits on one page, and the next one goes
on where it ends. A document that changes meanwhile moves to a later stretch. Only where more than a page changed
within one second are pages told apart by `$skip`, each overlapping the last by one row that must be the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pydantic import TypeAdapter

from connector.errors import Missing, NotUnderstood, Unavailable
from connector.systems.acumatica.invoices import is_invoice
from connector.systems.acumatica.numbers import KINDS, number_of
from connector.systems.acumatica.parts import understood, utc
from connector.systems.acumatica.settings import AcumaticaSettings
from connector.systems.acumatica.wire import Moment, Text
from connector.systems.base import Heard, Page, Window

_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_FIRST_DAY = datetime(1, 1, 1, tzinfo=UTC)
_PATIENCE = 3
"""How often a second that was read by `$skip` is read anew because its list moved."""

_TEXT: TypeAdapter[str] = TypeAdapter(Text)
_MOMENT: TypeAdapter[datetime | None] = TypeAdapter(Moment)


class Lists(Protocol):
    """What gives lists: the client, as far as it is needed here."""

    @property
    def connection(self) -> str:
        """Whose lists they are."""

    async def listed(
        self, entity: str, asked: Missing, *, select: Sequence[str], where: str, top: int, skip: int
    ) -> Sequence[Mapping[str, Any]]:
        """At most `top` entities for which `where` holds, without the first `skip`, in no promised order."""


@dataclass(frozen=True)
class Row:
    """One document of a list: its keys, and when it was changed last."""

    keys: tuple[str, ...]
    changed: datetime


@dataclass(frozen=True)
class Stretch:
    """From one moment up to another, which is not in it; `end` None: without an end."""

    start: datetime
    end: datetime | None

    def narrower(self, rows: Sequence[Row]) -> "Stretch":
        """The first half, by what its rows say where it has no end; never less than a second."""
        end = self.end or max(row.changed for row in rows) + _MILLISECOND
        half = _floor(self.start + (end - self.start) / 2)
        return Stretch(self.start, max(half, self.start + _SECOND))

    @property
    def shortest(self) -> bool:
        """Can it not be halved?"""
        return self.end is not None and self.end - self.start <= _SECOND


async def poll(client: Lists, settings: AcumaticaSettings, window: Window) -> Page:
    """One page of the documents of one kind that changed in a window; raises CallError."""
    return await _Listing(client, settings, window).page()


class _Listing:
    """The reading of one page."""

    def __init__(self, client: Lists, settings: AcumaticaSettings, window: Window) -> None:
        self._client = client
        self._settings = settings
        self._window = window
        self._kind = KINDS[window.kind]
        self._field: str = getattr(settings.modified, window.kind)
        self._asked = Missing(f"{window.kind} list", f"by {self._field}", client.connection)

    async def page(self) -> Page:
        position = self._window.position or {}
        if "skip" in position:
            return await self._crowded(_stretch(position), position)
        stretch = self._next_stretch(position)
        while True:
            rows = await self._rows(stretch, top=self._window.size + 1)
            if len(rows) <= self._window.size:
                return self._page(rows, self._after(stretch))
            if stretch.shortest:
                return await self._crowded(stretch, {})
            stretch = stretch.narrower(rows)

    def _next_stretch(self, position: Mapping[str, str]) -> Stretch:
        """All that is left at first; later twice what fitted last, without an end where that reaches the present."""
        last = _ceiling(self._window.until) if self._window.until else None
        if not position:
            return Stretch(_floor(self._window.since), last)
        start = datetime.fromisoformat(position["start"])
        end = start + 2 * timedelta(milliseconds=int(position["width"]))
        open_end = last is None and end >= datetime.now(UTC)
        return Stretch(start, last if open_end or (last is not None and end > last) else end)

    def _after(self, stretch: Stretch) -> Mapping[str, str] | None:
        """Where to go on behind a stretch, None at the end of the window."""
        until = self._window.until
        if stretch.end is None or (until is not None and stretch.end >= until):
            return None
        width = (stretch.end - stretch.start) // _MILLISECOND
        return {"start": stretch.end.isoformat(), "width": str(max(width, 1))}

    async def _crowded(self, stretch: Stretch, position: Mapping[str, str]) -> Page:
        """One page of a second in which more changed than fits on a page."""
        skip, last = int(position.get("skip", "0")), position.get("last", "")
        overlap = 1 if last else 0
        rows = await self._rows(stretch, top=self._window.size + overlap, skip=skip - overlap)
        if overlap and (not rows or self._number(rows[0]) != last):
            return self._page((), self._again(stretch, int(position.get("anew", "0"))))
        fresh = rows[overlap:]
        if len(fresh) < self._window.size:
            return self._page(fresh, self._after(stretch))
        going_on = {"skip": str(skip + len(fresh)), "last": self._number(fresh[-1])}
        return self._page(fresh, {**_position(stretch), **going_on, "anew": position.get("anew", "0")})

    def _again(self, stretch: Stretch, times: int) -> Mapping[str, str]:
        """From the start of the second: a document has left the list, and others may have moved past us."""
        if times >= _PATIENCE:
            raise Unavailable(
                f"{self._asked} changes faster than it can be read, or comes in no steady order",
                code="unsteady",
            )
        return {**_position(stretch), "skip": "0", "anew": str(times + 1)}

    async def _rows(self, stretch: Stretch, *, top: int, skip: int = 0) -> list[Row]:
        where = f"{self._field} ge {_literal(stretch.start)}"
        if stretch.end is not None:
            where += f" and {self._field} lt {_literal(stretch.end)}"
        select = (*self._kind.keys, self._field)
        found = await self._client.listed(
            self._kind.entity, self._asked, select=select, where=where, top=top, skip=skip
        )
        with understood(self._asked):
            return [self._row(row) for row in found]

    def _row(self, row: Mapping[str, Any]) -> Row:
        keys = tuple(_TEXT.validate_python(row.get(name)) for name in self._kind.keys)
        changed = utc(_MOMENT.validate_python(row.get(self._field)), self._settings.zone)
        if changed is None or not all(keys):
            missing = self._field if all(keys) else ", ".join(self._kind.keys)
            raise NotUnderstood(
                f"{self._asked} has a row without {missing}: set `modified` of the connection"
            )
        return Row(keys, changed)

    def _page(self, rows: Sequence[Row], position: Mapping[str, str] | None) -> Page:
        heard = tuple(self._heard(row) for row in rows if self._matters(row))
        return Page(heard, max((row.changed for row in rows), default=None), position)

    def _matters(self, row: Row) -> bool:
        """Credit memos and their like say nothing, so that they need not be fetched."""
        return self._window.kind != "invoice" or is_invoice(row.keys[0], self._settings)

    def _number(self, row: Row) -> str:
        return number_of(self._window.kind, row.keys)

    def _heard(self, row: Row) -> Heard:
        """`order` counts ticks of 100 nanoseconds since the year 1, as the TimeStamp of a push does."""
        number = self._number(row)
        ticks = (row.changed - _FIRST_DAY) // timedelta(microseconds=1) * 10
        transport_id = f"poll:{self._window.kind}:{number}:{row.changed.isoformat()}"
        return Heard(transport_id, self._window.kind, number, ticks)


def _stretch(position: Mapping[str, str]) -> Stretch:
    start, end = (datetime.fromisoformat(position[name]) for name in ("start", "end"))
    return Stretch(start, end)


def _position(stretch: Stretch) -> dict[str, str]:
    return {"start": stretch.start.isoformat(), "end": stretch.end.isoformat() if stretch.end else ""}


def _floor(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _ceiling(moment: datetime) -> datetime:
    whole = _floor(moment)
    return whole if whole == moment else whole + _MILLISECOND


def _literal(moment: datetime) -> str:
    """OData v3: `datetimeoffset'2024-07-15T10:31:28.402+00:00'` (integration guide)."""
    return f"datetimeoffset'{moment.astimezone(UTC).isoformat(timespec='milliseconds')}'"
