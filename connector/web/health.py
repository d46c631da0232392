"""`/health/live` and `/health/ready`, for whoever keeps the process running; told to anybody, hence without details."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from connector.web import problems
from connector.web.problems import documented
from connector.web.readiness import Purpose, Ready
from connector.web.room import Here

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/live")
async def live() -> Live:
    """Does the process answer? Asks nothing of anybody."""
    return Live()


_READY: dict[int | str, dict[str, Any]] = {
    200: {"model": Ready},
    503: {"model": Ready, "description": "Not ready"},
}


@router.get("/ready", responses={**_READY, **documented(problems.NOT_VALID)})
async def ready(
    room: Here,
    purpose: Annotated[
        Purpose,
        Query(alias="for", description="intake: only what taking something in needs, for a load balancer"),
    ] = "work",
) -> JSONResponse:
    """Are database, tables and broker as they must be, and is work being done by the fleet? 503 where not, and what.

    A backlog alone, a paused connection or an open circuit is no reason; work that nobody takes is one.
    """
    found = (await room.readiness.ask()).for_(purpose)
    return JSONResponse(found.model_dump(), 200 if found.status == "ok" else 503)
