"""`GET /api/errors`: what is errored, grouped by its cause, with what it means and what fits the whole group.

`connector log errors --json` prints the same.
"""

from typing import Any

from fastapi import APIRouter

from connector import story
from connector.store import causes
from connector.web.auth import Reader
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers()


@router.get("/errors", responses=_REFUSED)
def show_errors(room: Here, _caller: Reader) -> dict[str, Any]:
    """Errored entries and notices by their cause, the largest group first; `id` finds its entries in `/api/entries`."""
    with room.database.read() as tx:
        return story.errors_json(causes.groups(tx))
