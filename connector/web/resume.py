"""`POST /api/lanes/{connection}/resume`: a paused connection goes on, or one with an open circuit, without a log-in.

`connector check` does the same once the log-in succeeds. Where it is still refused, the connection pauses again.
"""

from fastapi import APIRouter
from pydantic import BaseModel

from connector.web import problems
from connector.web.auth import Operator
from connector.web.problems import for_callers
from connector.web.room import Here

router = APIRouter()

_REFUSED = for_callers(problems.NOT_FOUND)


class Resumed(BaseModel):
    """What was done, in a sentence, and whether the connection was paused."""

    done: str
    was_paused: bool


@router.post("/lanes/{connection}/resume", responses=_REFUSED)
def resume_connection(connection: str, room: Here, caller: Operator) -> Resumed:
    """Let all lanes of a connection go on at once; what is due is taken up within seconds."""
    was_paused = room.operator.resume(connection, caller.name)
    before = "was paused" if was_paused else "was not paused"
    return Resumed(done=f"{connection} {before} and goes on now", was_paused=was_paused)
