"""What people do over HTTP with an entry of which only a part reached the target, and with values that had no row.

`POST /api/entries/{id}/compare|resolve|start-over|reprocess`, `POST /api/entries/release`.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connector import story
from connector.operate import Done
from connector.releasing import Wanted
from connector.store import inspections
from connector.web import problems
from connector.web.asked import entry_number, printable
from connector.web.auth import Operator, Reader
from connector.web.problems import for_callers
from connector.web.room import Here, Room

router = APIRouter()

_CALLER = for_callers()
_MOVE = for_callers(problems.NOT_FOUND, problems.ILLEGAL_MOVE, problems.NOT_VALID)
_RELEASE = for_callers(problems.ILLEGAL_MOVE, problems.NOT_VALID)
_LOOK = for_callers(problems.NOT_FOUND)

Reason = Annotated[str, AfterValidator(printable), Field(min_length=1, max_length=1000, pattern=r"\S")]
Value = Annotated[str, AfterValidator(printable), Field(max_length=255)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReasonAsked(_Asked):
    """Why, for those who look at it later."""

    reason: Reason


class ResolveAsked(_Asked):
    """Why it is done by hand; `unchecked`: take the caller's word for it, where the target cannot be compared."""

    reason: Reason
    unchecked: bool = False


class ReleaseAsked(_Asked):
    """Which entries, an empty member asks for nothing; without `confirm` they are only counted."""

    flow: Value = ""
    table: Value = Field(default="", description="the table that lacked a row, as ship_via")
    value: Value = Field(default="", description="the value that had none")
    confirm: bool = False


class Told(BaseModel):
    """What was done, in a sentence; `inspection` is where the answer of the target will stand, if it has to be read."""

    done: str
    inspection: int | None = None


@router.post("/entries/release", responses=_RELEASE)
def release_entries(asked: ReleaseAsked, room: Here, caller: Operator) -> dict[str, Any]:
    """Count the entries that errored for a row which is there by now, by flow, table and value; release them if
    confirmed."""
    wanted = Wanted(asked.flow, asked.table, asked.value)
    found = room.releasing.release(wanted, caller.name, confirmed=asked.confirm)
    room.bells.pull(found.bells)
    return {
        "groups": story.plain(found.groups),
        "entries": found.entries,
        "stale": list(found.stale),
        "released": found.released,
    }


@router.post("/entries/{entry_id}/compare", status_code=202, responses=_MOVE)
def compare_entry(entry_id: str, room: Here, caller: Operator) -> Told:
    """Have what differs read back at the target; changes nothing."""
    return _told(room, room.operator.compare(entry_number(entry_id), caller.name))


@router.post("/entries/{entry_id}/resolve", status_code=202, responses=_MOVE)
def resolve_entry(entry_id: str, asked: ResolveAsked, room: Here, caller: Operator) -> Told:
    """Say that an errored entry was done by hand; it is resolved once it was read back and nothing differs."""
    number = entry_number(entry_id)
    return _told(room, room.operator.resolve(number, caller.name, asked.reason, unchecked=asked.unchecked))


@router.post("/entries/{entry_id}/start-over", responses=_MOVE)
def start_entry_over(entry_id: str, asked: ReasonAsked, room: Here, caller: Operator) -> Told:
    """Have an entry looked for at the target, whole: what stands is kept, what was deleted is made anew."""
    return _told(room, room.operator.start_over(entry_number(entry_id), caller.name, asked.reason))


@router.post("/entries/{entry_id}/reprocess", responses=_MOVE)
def reprocess_entry(entry_id: str, asked: ReasonAsked, room: Here, caller: Operator) -> Told:
    """Take back a shipment that was deleted at its source without a word and is processed again there."""
    return _told(room, room.operator.reprocess(entry_number(entry_id), caller.name, asked.reason))


@router.get("/entries/{entry_id}/inspections", responses=_LOOK)
def list_inspections(entry_id: str, room: Here, _caller: Reader) -> dict[str, Any]:
    """What was asked to be read back of an entry, and what came of it, oldest first."""
    with room.database.read() as tx:
        rows = inspections.of_entry(tx, entry_number(entry_id))
    return {"inspections": story.plain(rows)}


def _told(room: Room, done: Done) -> Told:
    room.bells.pull(done.bells)
    return Told(done=done.sentence, inspection=done.inspection)
