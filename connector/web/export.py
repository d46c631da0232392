"""`GET /api/entries/export`: exactly what a list with these filters shows, all pages of it, as one file."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import Field

from connector.exporting import Format, export
from connector.web import problems
from connector.web.asked import FiltersAsked
from connector.web.auth import Reader
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_VALID)
_MEDIA = {"csv": "text/csv; charset=utf-8; header=present", "json": "application/json"}


class ExportAsked(FiltersAsked):
    """Which entries, and as what."""

    format: Format = Field(default="csv", description="csv or json")


@router.get("/entries/export", responses=_REFUSED, response_class=StreamingResponse)
def export_entries(room: Here, _caller: Reader, asked: Annotated[ExportAsked, Query()]) -> StreamingResponse:
    """All entries that are like this, newest first, as CSV with a header (RFC 4180; what a spreadsheet would take for a
    formula has an apostrophe before it) or as a JSON array. A file that breaks off was cut off by a failure."""
    pieces = export(room.database, asked.filters(), asked.format)
    name = f'attachment; filename="entries.{asked.format}"'
    return StreamingResponse(
        pieces,
        media_type=_MEDIA[asked.format],
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )
