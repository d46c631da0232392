"""An entry read for its pages: all that is stored about it, and what people did to it."""

from fastapi import Request

from connector.operate import Unknown
from connector.store import browse, lanes, versions
from connector.store.browse import Record
from connector.store.lanes import LaneRow
from connector.store.versions import AuditRow
from connector.web.asked import entry_number
from connector.web.console import error_groups
from connector.web.console.entry_view import EntryView, view
from connector.web.console.error_groups import GroupShown
from connector.web.room import Room


def whole(room: Room, entry_id: int) -> tuple[Record, tuple[AuditRow, ...]]:
    """All that is stored about an entry, and what people did to it, newest first; raises Unknown."""
    number = entry_number(str(entry_id))
    with room.database.read() as tx:
        record = browse.entry_record(tx, number)
        if record is None:
            raise Unknown(f"there is no entry {number}")
        return record, versions.audit(tx, subject=f"entry {number}", limit=versions.MOST_LINES).rows


def viewed(request: Request, room: Room, entry_id: int) -> tuple[Record, EntryView]:
    """The same, made ready for a page."""
    record, audit = whole(room, entry_id)
    config = request.app.state.runtime.loaded.config
    takes_back = room.operator.takes_back(record.entry)
    paused = paused_lane(room, record.entry.target)
    return record, view(record, config, takes_back=takes_back, audit=audit, paused=paused)


def paused_lane(room: Room, connection: str) -> LaneRow | None:
    """The lane by which a connection is paused, with why."""
    with room.database.read() as tx:
        return next((row for row in lanes.overview(tx) if row.connection == connection and row.paused), None)


def cause_of(room: Room, entry_id: int) -> GroupShown | None:
    """The group of errors in which an entry stands."""
    with room.database.read() as tx:
        return error_groups.of_entries(tx, room.releasing, [entry_id]).get(str(entry_id))
