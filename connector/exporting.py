"""Entries as a file, page by page: CSV for spreadsheets (RFC 4180, with a header), or one JSON array.

Newest first, so that what is made meanwhile is not in it. Nothing but one page is held in memory.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, Literal

from connector import story
from connector.store import Database, browse
from connector.store.browse import Filters
from connector.store.entries import EntryRow

Format = Literal["csv", "json"]
FORMATS: tuple[Format, ...] = ("csv", "json")

COLUMNS = tuple(field.name for field in fields(EntryRow) if field.name != "plan")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet reads a cell that begins so as a formula, and may carry it out."""


def export(database: Database, filters: Filters, form: Format) -> Iterator[str]:
    """The file, piece by piece. The first page is read at once, so that what is wrong is raised before anything is
    sent; each page is a transaction of its own."""
    pages = _pages(database, filters)
    first = next(pages)
    return (_csv if form == "csv" else _json)(_all(first, pages))


def _pages(database: Database, filters: Filters) -> Iterator[tuple[EntryRow, ...]]:
    cursor: str | None = None
    while True:
        with database.read() as tx:
            page = browse.list_entries(tx, filters, limit=browse.MOST_ROWS, cursor=cursor)
        yield page.rows
        if page.cursor is None:
            return
        cursor = page.cursor


def _all(
    first: tuple[EntryRow, ...], others: Iterable[tuple[EntryRow, ...]]
) -> Iterator[tuple[EntryRow, ...]]:
    yield first
    yield from others


def _csv(pages: Iterable[tuple[EntryRow, ...]]) -> Iterator[str]:
    yield _lines([COLUMNS])
    for page in pages:
        yield _lines([_cell(value) for value in _values(row)] for row in page)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _json(pages: Iterable[tuple[EntryRow, ...]]) -> Iterator[str]:
    before = "["
    for page in pages:
        rows = (dict(zip(COLUMNS, _values(row), strict=True)) for row in page)
        if page:
            yield before + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
            before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _values(row: EntryRow) -> list[Any]:
    return [story.plain(getattr(row, name)) for name in COLUMNS]
