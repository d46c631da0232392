"""`GET /api/alerts` and `POST /api/alerts/{id}/acknowledge`: what stands, and who takes care of it."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from connector import story
from connector.store import alerts
from connector.web import problems
from connector.web.asked import row_number
from connector.web.auth import Operator, Reader
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_CALLER = for_callers()


class Acknowledged(BaseModel):
    """What was done, in a sentence."""

    done: str


@router.get("/alerts", responses=for_callers(problems.NOT_VALID))
def list_alerts(
    room: Here,
    _caller: Reader,
    state: Annotated[Literal["open", "all"], Query(description="all: also those that are over")] = "open",
    limit: Annotated[int, Query(ge=1, le=alerts.MOST_ROWS)] = 50,
) -> dict[str, Any]:
    """Alerts, newest first."""
    with room.database.read() as tx:
        rows = alerts.listed(tx, closed=state == "all", limit=limit)
    return {"alerts": story.plain(rows)}


@router.post(
    "/alerts/{alert_id}/acknowledge",
    responses=for_callers(problems.NOT_FOUND, problems.ILLEGAL_MOVE),
)
def acknowledge_alert(alert_id: str, room: Here, caller: Operator) -> Acknowledged:
    """Somebody takes care of it: it is not told again, unless there is more of it."""
    number = row_number(alert_id, "alert")
    return Acknowledged(done=room.operator.acknowledge_alert(number, caller.name).sentence)
