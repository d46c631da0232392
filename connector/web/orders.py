"""`GET /api/orders/{connection}/{number}`: the whole story of one order, by the number that it bears at a connection.

The model is `connector/timeline_models.py`; `connector log order --json` prints the same.
"""

from fastapi import APIRouter

from connector import timeline
from connector.operate import Unknown
from connector.store import numbers
from connector.store import orders as stored
from connector.timeline_models import OrderStory
from connector.web import problems
from connector.web.auth import Reader
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_FOUND)


@router.get("/orders/{connection}/{number:path}", responses=_REFUSED)
def show_order(connection: str, number: str, room: Here, _caller: Reader) -> OrderStory:
    """One order over all systems: its state on each side, documents, events, notices, entries, what is open, and all in
    time. Any of its numbers finds it; where it is not known, the refusal names what is near, and what to do."""
    with room.database.read() as tx:
        try:
            record = stored.record(tx, numbers.find(tx, number, connection))
        except numbers.NumberUnknown as error:
            raise Unknown(str(error)) from error
    return timeline.tell(record)
